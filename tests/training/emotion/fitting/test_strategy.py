"""Training on several machines: two workers, and what they need."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from monitor.errors import UsageError
from training.emotion.fitting import checkpoint
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.strategy import cluster

WORKER = ("-m", "tests.training.emotion.fitting.emotion_worker")
JAX = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",  # to optimise takes longer than the steps
}
STEPS = """
import sys
from monitor.errors import DataError
from training.emotion.fitting import processes
from training.emotion.fitting.strategy import multiworker

processes.MEETING = int(sys.argv[2])
try:
    workers = multiworker()
    with workers.session():
        assert not workers.agree(f"worker {workers.index}")
        for step in range(10_000):
            assert workers.agree(f"step {step}")
            if sys.argv[1] == f"{workers.index} fails" and step == 3:
                raise DataError("The disk is full.")
            if workers.stop(sys.argv[1] == f"{workers.index} stops" and step == 3):
                print(step)
                raise KeyboardInterrupt
except DataError as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    "config",
    [
        None,
        "{}",
        "[1]",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 3}}',
        '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_workers_need_a_description_of_the_cluster(monkeypatch: pytest.MonkeyPatch, config: str | None) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(UsageError, match="TF_CONFIG"):
        cluster()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def outcomes(
    commands: list[tuple[str, ...]], variables: dict[str, str], workers: int = 2
) -> list[tuple[str, str, int]]:
    """Output, errors and exit code of Python with each of these arguments, each the worker of its place."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]

    def start(index: int) -> subprocess.Popen[str]:
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": json.dumps(config), **variables}
        if workers == 1:
            del environment["TF_CONFIG"]
        return subprocess.Popen(
            [sys.executable, *commands[index]],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    started = [start(index) for index in range(len(commands))]
    try:
        return [(*worker.communicate(timeout=550), worker.returncode) for worker in started]
    finally:
        for worker in started:
            worker.kill()


def test_two_workers_of_tensorflow_train_one_network(tmp_path: Path) -> None:
    found = outcomes([(*WORKER, str(tmp_path / f"worker{index}"), "1") for index in range(2)], {})
    assert [code for *_, code in found] == [0, 0], found
    first, second = (json.loads(printed.splitlines()[-1]) for printed, *_ in found)
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)
    assert first["validation"] == pytest.approx(second["validation"], rel=1e-5)
    assert (tmp_path / "worker0" / CHECKPOINT).exists()
    assert not (tmp_path / "worker1").exists()


def test_two_processes_of_jax_go_on_with_a_training_as_one_with_the_whole_batch_does(tmp_path: Path) -> None:
    alone, both = tmp_path / "alone", tmp_path / "both"
    (done,) = outcomes([(*WORKER, str(alone), "2", str(both))], JAX, workers=1)
    assert done[2] == 0, done
    expected = json.loads(done[0])
    assert not expected.pop("tensorflow")
    groups, facts = checkpoint.load(both / CHECKPOINT)
    # Another machine computes the start a little differently: all begin with what worker 0 has.
    groups["weights"] = [weight + 0.1 for weight in groups["weights"]]
    checkpoint.save(tmp_path / "other" / CHECKPOINT, groups, facts)
    found = outcomes([(*WORKER, str(both), "2"), (*WORKER, str(tmp_path / "other"), "2")], JAX)
    for printed, errors, code in found:
        assert code == 0, errors
        assert json.loads(printed) == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()} | {
            "tensorflow": False
        }
    ours, theirs, untouched = (checkpoint.load(tmp_path / name / CHECKPOINT) for name in ("both", "alone", "other"))
    assert [len(facts["epochs"]) for _, facts in (ours, theirs, untouched)] == [2, 2, 1]
    for group in ("weights", "optimizer"):
        for one, other in zip(ours[0][group], theirs[0][group], strict=True):
            # Adam makes whole steps of gradients that are but rounding.
            assert np.abs(one.astype(np.float64) - other).mean() < 1e-5


def test_processes_of_jax_stop_together_after_one_of_them_was_asked() -> None:
    first, second = outcomes([("-c", STEPS, "1 stops", "300")] * 2, JAX)
    assert first == second
    assert int(first[0]) > 3
    assert first[1:] == ("", 130)


def test_a_process_of_jax_does_not_wait_for_one_that_failed() -> None:
    failed, other = outcomes([("-c", STEPS, "0 fails", "300")] * 2, JAX)
    assert failed == ("", "The disk is full.\n", 1)
    assert other[1].startswith("A worker stopped or cannot be reached (127.0.0.1:")
    assert other[1].count("\n") == 1
    assert other[2] == 1


def test_a_process_of_jax_says_when_it_cannot_reach_the_others() -> None:
    _, (_, errors, code) = outcomes([("-c", ""), ("-c", STEPS, "nobody stops", "1")], JAX)
    assert errors.startswith("A worker stopped or cannot be reached (127.0.0.1:")
    assert code == 1
