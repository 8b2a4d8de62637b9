"""Training: repeatable, resumable, and safe against a full disk."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitor.errors import DataError, UsageError
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.fitting import checkpoint, fit
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.recipe import CHAMPION, Recipe
from training.emotion.fitting.state import Epoch
from training.emotion.model import networks
from training.emotion.model.backend import backend


def tiny_data(faces: int = 48) -> Fer2013:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (faces, 48, 48)).astype(np.uint8)
    labels = rng.integers(0, 7, faces)
    return Fer2013({name: Split(name, pictures, labels, np.arange(faces)) for name in ("Training", "PublicTest")})


TINY = CHAMPION.changed(architecture="tiny", epochs=2, batch=16, face_weights=False, validate_every=1, average=0.9)


@pytest.fixture(scope="module", autouse=True)
def _tiny_network(untraced: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(networks.ARCHITECTURES, "tiny", lambda: networks.champion(((8, 1), (16, 1))))
        yield


@pytest.fixture
def traced() -> Iterator[None]:
    import tensorflow as tf

    tf.config.run_functions_eagerly(False)
    yield
    tf.config.run_functions_eagerly(True)


def train(folder: Path, recipe: Recipe = TINY, heard: fit.Progress | None = None) -> list[Epoch]:
    return fit.train(folder, tiny_data(), recipe, None, heard or fit.Progress())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Epoch]]:
    """The folder of a training that nobody stopped, and its epochs."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, train(folder)


def weights_in(folder: Path) -> list[np.ndarray]:
    return checkpoint.load(folder / CHECKPOINT)[0]["weights"]


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped_and_a_finished_one_is_left_alone(
    whole: tuple[Path, list[Epoch]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "SAVED_EVERY", 0.0)
    straight, straight_epochs = whole

    class KilledError(Exception):
        pass

    def kill(epoch: Epoch) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        train(tmp_path / "cut", heard=fit.Progress(on_epoch=kill))
    notes: list[str] = []
    epochs = train(tmp_path / "cut", heard=fit.Progress(on_note=notes.append))
    assert notes == ["Resuming after epoch 1 of 2."]
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert epochs[1].loss == pytest.approx(straight_epochs[1].loss, rel=1e-3)
    for one, other in zip(weights_in(tmp_path / "cut"), weights_in(straight), strict=True):
        assert np.allclose(one, other, atol=1e-4)
    finished = (straight / CHECKPOINT).read_bytes()
    assert train(straight) == straight_epochs, "a finished training is left as it is"
    assert (straight / CHECKPOINT).read_bytes() == finished


def test_ctrl_c_ends_after_the_step_and_the_run_goes_on_from_there(
    whole: tuple[Path, list[Epoch]], tmp_path: Path
) -> None:
    def interrupt(number: int, of: int, loss: float, accuracy: float) -> None:
        if number == 2:
            signal.raise_signal(signal.SIGINT)

    notes: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", heard=fit.Progress(on_batch=interrupt, on_note=notes.append))
    assert notes == ["Stopped after step 3 of 3 in epoch 1 of 2; repeat the command to go on."]
    epochs = train(tmp_path / "cut", heard=fit.Progress(on_note=notes.append))
    assert notes[1:] == ["Resuming after epoch 0 and step 3 of 3 of 2."]
    assert [epoch.loss for epoch in epochs] == pytest.approx([epoch.loss for epoch in whole[1]], rel=1e-3)


def test_a_run_does_not_go_on_with_another_recipe_but_can_be_lengthened(
    whole: tuple[Path, list[Epoch]], tmp_path: Path
) -> None:
    shutil.copytree(whole[0], tmp_path, dirs_exist_ok=True)
    changes: dict[str, dict[str, Any]] = {
        "batch 16, not 8": {"batch": 8},
        "rate 0.001, not 0.1": {"rate": 0.1},
        "precision float32, not mixed_bfloat16": {"precision": "mixed_bfloat16"},
    }
    for said, change in changes.items():
        with pytest.raises(DataError, match=said):
            train(tmp_path, TINY.changed(epochs=3, **change))
    assert [epoch.number for epoch in train(tmp_path, TINY.changed(epochs=3))] == [1, 2, 3]


@pytest.mark.usefixtures("traced")
def test_a_left_out_part_is_not_trained_on(tmp_path: Path) -> None:
    recipe = TINY.changed(folds=3, fold=1, batch=32, epochs=1)
    assert recipe.taken_from(tiny_data().split("Training")).rows.tolist() == [n for n in range(48) if n % 3 != 1]
    assert len(train(tmp_path, recipe)) == 1


@pytest.mark.parametrize(("fold", "folds"), [(5, 5), (-1, 5), (0, 1)])
def test_a_part_that_does_not_exist_cannot_be_left_out(fold: int, folds: int) -> None:
    """A seventh part of five left nobody out, and its answers would have come from what it had learnt by heart."""
    with pytest.raises(UsageError, match=f"no part {fold} of {folds}"):
        TINY.changed(fold=fold, folds=folds)


def test_a_run_of_another_architecture_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / CHECKPOINT, {"weights": []}, {"recipe": {"architecture": "classic"}, "epochs": []})
    with pytest.raises(DataError, match="holds a run of classic, not tiny"):
        train(tmp_path)


def test_a_checkpoint_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    facts = {"recipe": TINY.as_json(), "epochs": []}
    checkpoint.save(tmp_path / CHECKPOINT, {"weights": [np.zeros(3)], "optimizer": []}, facts)
    with pytest.raises(DataError, match="does not fit this network"):
        train(tmp_path)


def test_too_few_faces_for_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="48 faces, fewer than one batch of 64"):
        train(tmp_path, TINY.changed(batch=64))


def test_too_little_memory_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(*_: Any) -> Any:
        def fail(_: Any) -> Any:
            raise backend().FAILURE(None, None, "RESOURCE_EXHAUSTED: out of memory", 8)

        return fail

    monkeypatch.setattr(backend(), "steps", steps)
    with pytest.raises(DataError, match="too small for steps of 16 faces"):
        train(tmp_path)
