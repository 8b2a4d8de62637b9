"""Training: repeatable, resumable, and safe against a full disk."""

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from monitor.errors import DataError, UsageError
from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import targets_of, training_batches
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.fitting import checkpoint, fit
from training.emotion.fitting.recipe import CHAMPION, Recipe
from training.emotion.fitting.schedule import schedule_of
from training.emotion.fitting.strategy import multiworker
from training.emotion.model import networks


def tiny_data(faces: int = 48) -> Fer2013:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (faces, 48, 48)).astype(np.uint8)
    labels = rng.integers(0, 7, faces)
    return Fer2013({name: Split(name, pictures, labels, np.arange(faces)) for name in ("Training", "PublicTest")})


TINY = CHAMPION.changed(architecture="tiny", epochs=2, batch=16, face_weights=False, validate_every=1, average=0.9)


@pytest.fixture(autouse=True)
def _tiny_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(networks.ARCHITECTURES, "tiny", lambda: networks.champion(((8, 1), (16, 1))))


def train(folder: Path, recipe: Recipe = TINY, heard: fit.Progress | None = None) -> list[fit.Epoch]:
    return fit.train(folder, tiny_data(), recipe, None, heard or fit.Progress())


def weights_in(folder: Path) -> list[np.ndarray]:
    return checkpoint.load(folder / fit.CHECKPOINT)[0]["weights"]


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped_and_a_finished_one_is_left_alone(tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(epoch: fit.Epoch) -> None:
        raise KilledError

    whole = train(tmp_path / "whole")
    with pytest.raises(KilledError):
        train(tmp_path / "cut", heard=fit.Progress(on_epoch=kill))
    notes: list[str] = []
    epochs = train(tmp_path / "cut", heard=fit.Progress(on_note=notes.append))
    assert notes == ["Going on after epoch 1 of 2."]
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert epochs[1].loss == pytest.approx(whole[1].loss, rel=1e-3)
    for cut, straight in zip(weights_in(tmp_path / "cut"), weights_in(tmp_path / "whole"), strict=True):
        assert np.allclose(cut, straight, atol=1e-4)
    finished = (tmp_path / "whole" / fit.CHECKPOINT).read_bytes()
    assert train(tmp_path / "whole") == whole, "a finished training is left as it is"
    assert (tmp_path / "whole" / fit.CHECKPOINT).read_bytes() == finished


def test_a_run_of_another_architecture_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / fit.CHECKPOINT, {"weights": []}, {"recipe": {"architecture": "classic"}, "epochs": []})
    with pytest.raises(DataError, match="holds a run of classic, not tiny"):
        train(tmp_path)


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    facts = {"recipe": TINY.as_json(), "epochs": []}
    checkpoint.save(tmp_path / fit.CHECKPOINT, {"weights": [np.zeros(3)], "optimizer": []}, facts)
    with pytest.raises(DataError, match="does not fit this network"):
        train(tmp_path)


def test_too_few_faces_for_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="48 faces, less than one batch of 64"):
        train(tmp_path, TINY.changed(batch=64))


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "checkpoint.npz"
    checkpoint.save(file, {"weights": [np.arange(3)]}, {"epochs": 1})

    def half_then_full(target: object, **arrays: object) -> None:
        target.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", half_then_full)
    with pytest.raises(DataError, match="No space left on device; the one before it is kept"):
        checkpoint.save(file, {"weights": [np.arange(4)]}, {"epochs": 2})
    groups, facts = checkpoint.load(file)
    assert groups["weights"][0].tolist() == [0, 1, 2]
    assert facts == {"epochs": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"something else"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "checkpoint.npz"
    file.write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        checkpoint.load(file)


def test_a_batch_depends_on_nothing_but_its_number() -> None:
    data = tiny_data().split("Training")
    targets = targets_of(data, smoothing=0.1)

    def batches(numbers: range, seed: int = 1) -> list[np.ndarray]:
        made = training_batches(data.faces, targets, batch=16, steps=numbers, seed=seed, augmentation=Augmentation())
        return [np.asarray(pixels) for pixels, _ in made]

    straight = batches(range(6))
    assert np.array_equal(straight[4], batches(range(4, 6))[0])
    assert not np.array_equal(straight[0], straight[3])
    assert not np.array_equal(straight[0], batches(range(1), seed=2)[0])
    assert all(batch.min() >= 0 and batch.max() <= 1 and batch.shape == (16, 48, 48, 1) for batch in straight)


def test_an_epoch_without_changes_shows_every_face_once() -> None:
    data = tiny_data().split("Training")
    made = training_batches(
        data.faces, np.eye(48, dtype=np.float32), batch=16, steps=range(3), seed=1, augmentation=None
    )
    shown = [(pixels, chosen) for pixels, chosen in made]
    order = np.concatenate([np.asarray(chosen).argmax(1) for _, chosen in shown])
    assert sorted(order.tolist()) == list(range(48))
    pixels = np.concatenate([np.asarray(pixels) for pixels, _ in shown])[..., 0]
    assert np.allclose(pixels, data.faces[order] / 255, atol=1e-6)


def test_targets_are_smoothed_and_carry_the_votes_of_their_rows() -> None:
    split = Split("Training", np.zeros((2, 48, 48), np.uint8), np.array([3, 0]), np.array([0, 2]))
    votes = np.eye(10, dtype=np.float32)[:3]
    targets = targets_of(split, smoothing=0.07, votes=votes)
    assert targets[0, :7].tolist() == pytest.approx([0.01] * 3 + [0.94] + [0.01] * 3)
    assert targets[1, 7:].tolist() == votes[2].tolist()


def test_a_teacher_has_its_share_of_the_targets() -> None:
    split = Split("Training", np.zeros((1, 48, 48), np.uint8), np.array([3]), np.array([0]))
    taught = np.array([[0.2, 0, 0, 0.6, 0, 0, 0.2]], np.float32)
    targets = targets_of(split, taught=taught, teacher_weight=0.5)
    assert targets[0].tolist() == pytest.approx([0.1, 0, 0, 0.8, 0, 0, 0.1])


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = CHAMPION.changed(epochs=10, rate=1.0, warm_up=1, cool_down=0.5)
    rate = schedule_of(recipe, steps_an_epoch=10)
    assert [round(float(rate(step)), 2) for step in (0, 9, 49, 75, 100)] == [0.1, 1.0, 1.0, 0.5, 0.0]


def test_the_classic_recipe_has_two_phases() -> None:
    rate = schedule_of(Recipe("classic", epochs=60, batch=256, rate=1e-3), steps_an_epoch=2)
    assert [float(rate(step)) for step in (0, 59, 60, 119)] == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4])


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
        outcomes = [(*worker.communicate(timeout=400), worker.returncode) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [outcome[2] for outcome in outcomes] == [0, 0], outcomes
    first, second = (json.loads(outcome[0].splitlines()[-1]) for outcome in outcomes)
    assert first["replicas"] == 2
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)
    assert first["weights"] == pytest.approx(second["weights"], rel=1e-5)
    assert (tmp_path / "worker0" / fit.CHECKPOINT).exists()
    assert not (tmp_path / "worker1").exists()
