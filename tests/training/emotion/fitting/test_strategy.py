"""Training on several machines: two workers, and what they need."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import UsageError
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.strategy import multiworker


@pytest.mark.parametrize(
    "config", [None, "{}", "[1]", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 3}}']
)
def test_workers_need_a_description_of_the_cluster(monkeypatch: pytest.MonkeyPatch, config: str | None) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(UsageError, match="TF_CONFIG"):
        multiworker()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_two_workers_train_one_network(tmp_path: Path) -> None:
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]

    def start(index: int) -> subprocess.Popen[str]:
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [
            sys.executable,
            "-m",
            "tests.training.emotion.fitting.emotion_worker",
            str(tmp_path / f"worker{index}"),
        ]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    workers = [start(index) for index in range(2)]
    try:
        outcomes = [(*worker.communicate(timeout=550), worker.returncode) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [outcome[2] for outcome in outcomes] == [0, 0], outcomes
    first, second = (json.loads(outcome[0].splitlines()[-1]) for outcome in outcomes)
    assert first["replicas"] == 2
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)
    assert first["weights"] == pytest.approx(second["weights"], rel=1e-5)
    assert (tmp_path / "worker0" / CHECKPOINT).exists()
    assert not (tmp_path / "worker1").exists()
