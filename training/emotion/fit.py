"""Training: one function that begins, goes on after a kill, and reports every epoch through a callback."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from training.emotion import checkpoint
from training.emotion.augment import Augmentation
from training.emotion.batches import pixels_of, targets_of, training_batches
from training.emotion.calibration import softmax
from training.emotion.data import Fer2013, Split
from training.emotion.face_weights import start_from_face_encoder
from training.emotion.layers import measure_statistics
from training.emotion.networks import build
from training.emotion.recipe import Recipe
from training.emotion.schedule import schedule_of

CHECKPOINT = "checkpoint.npz"
BEST = "best.npz"
FACES_FOR_STATISTICS = 512
BATCHES_FOR_STATISTICS = 20
EVALUATION_BATCH = 256
CLASSES = len(EMOTIONS)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to. Figures of the validation are of the averaged weights and the mirrored pair."""

    number: int
    """Counts from 1."""
    of: int
    seconds: float
    loss: float
    accuracy: float
    validation_loss: float | None
    """None in an epoch without validation."""
    validation_accuracy: float | None


@dataclass(slots=True)
class Progress:
    """What the caller wants to hear of."""

    on_epoch: Callable[[Epoch], None] = lambda _: None
    on_batch: Callable[[int, int, float, float], None] = lambda *_: None
    """Batch, batches an epoch, loss and accuracy so far."""
    on_note: Callable[[str], None] = lambda _: None
    extra: list[keras.callbacks.Callback] = field(default_factory=list)
    """Keras callbacks of the caller's own, such as TensorBoard."""


def train(
    folder: Path, data: Fer2013, recipe: Recipe, votes: NDArray[np.float32] | None, progress: Progress
) -> list[Epoch]:
    """Train on the Training split, validate on PublicTest; go on where the checkpoint in `folder` stands.

    Returns:
        All epochs, those before a resumption too.

    Raises:
        DataError: no such split, a checkpoint of another architecture, or one that cannot be read or written.
    """
    faces, judged = data.split("Training"), data.split("PublicTest")
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.precision)
    model = build(recipe.architecture)
    steps = len(faces) // recipe.batch
    if not steps:
        raise DataError(f"The Training split has {len(faces)} faces, less than one batch of {recipe.batch}.")
    compile_model(model, recipe, steps)
    targets = targets_of(faces, smoothing=recipe.smoothing, votes=votes if recipe.votes_weight else None)

    def batches(numbers: range) -> tf.data.Dataset:
        return training_batches(
            faces.faces, targets, batch=recipe.batch, steps=numbers, seed=recipe.seed,
            augmentation=Augmentation() if recipe.augment else None,
        )  # fmt: skip

    measured = batches(range(min(steps, BATCHES_FOR_STATISTICS))).map(lambda pixels, _: pixels)
    run = _Run(folder, recipe, judged, measured, progress)
    if (folder / CHECKPOINT).exists():
        run.resume(model)
        progress.on_note(f"Going on after epoch {len(run.epochs)}.")
    elif recipe.face_weights:
        start_from_face_encoder(model, pixels_of(faces.faces[:FACES_FOR_STATISTICS]))
    done = len(run.epochs)
    if done < recipe.epochs:
        model.fit(
            batches(range(done * steps, recipe.epochs * steps)), initial_epoch=done, epochs=recipe.epochs,
            steps_per_epoch=steps, verbose=0,
            callbacks=[run, *progress.extra],
        )  # fmt: skip
    return run.epochs


def compile_model(model: keras.Model, recipe: Recipe, steps_an_epoch: int) -> None:
    """Give the model its optimiser, loss and accuracy."""
    rate = schedule_of(recipe, steps_an_epoch)
    average = {"use_ema": True, "ema_momentum": recipe.average} if recipe.average else {}
    if recipe.weight_decay:
        optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **average)
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    else:
        optimizer = keras.optimizers.Adam(rate, **average)
    logits = model.output_shape[-1] > CLASSES
    # XLA doubles the time on a CPU.
    model.compile(optimizer, _two_tasks(recipe.votes_weight) if logits else "categorical_crossentropy",
                  metrics=[accuracy], jit_compile=False)  # fmt: skip
    optimizer.build(model.trainable_variables)


def accuracy(wanted: Any, given: Any) -> Any:
    """Share of faces whose likeliest emotion is the right one."""
    return tf.cast(tf.equal(tf.argmax(wanted[:, :CLASSES], -1), tf.argmax(given[:, :CLASSES], -1)), tf.float32)


def _two_tasks(votes_weight: float) -> Callable[[Any, Any], Any]:
    def loss(wanted: Any, given: Any) -> Any:
        total = tf.nn.softmax_cross_entropy_with_logits(wanted[:, :CLASSES], given[:, :CLASSES])
        if votes_weight:
            total += votes_weight * tf.nn.softmax_cross_entropy_with_logits(wanted[:, CLASSES:], given[:, CLASSES:])
        return total

    return loss


def logits_of(model: keras.Model, faces: NDArray[np.uint8], *, mirrored: bool = False) -> NDArray[np.float32]:
    """float32 (n, 7): logits of the emotions for uint8 (n, 48, 48); on request the mean with the mirror's."""
    pixels = pixels_of(faces)
    given = np.asarray(model.predict(pixels, batch_size=EVALUATION_BATCH, verbose=0), np.float32)[:, :CLASSES]
    if model.output_shape[-1] == CLASSES:
        given = np.log(np.maximum(given, 1e-12))
    if not mirrored:
        return given
    return np.asarray((given + logits_of(model, faces[:, :, ::-1])) / 2, np.float32)


class _Run(keras.callbacks.Callback):
    """Keras' view of a run: validates, writes checkpoints, tells the caller."""

    def __init__(
        self, folder: Path, recipe: Recipe, judged: Split, measured_on: tf.data.Dataset, progress: Progress
    ) -> None:
        super().__init__()
        self.folder, self.recipe, self.progress = folder, recipe, progress
        self.judged, self.measured_on = judged, measured_on
        self.epochs: list[Epoch] = []

    def resume(self, model: keras.Model) -> None:
        groups, facts = checkpoint.load(self.folder / CHECKPOINT)
        if facts["recipe"]["architecture"] != self.recipe.architecture:
            raise DataError(
                f"{self.folder} holds a run of the architecture {facts['recipe']['architecture']}; give another folder."
            )
        try:
            model.set_weights(groups["weights"])
            for variable, value in zip(model.optimizer.variables, groups["optimizer"], strict=True):
                variable.assign(value)
        except (ValueError, KeyError):
            raise DataError(
                f"The checkpoint in {self.folder} does not fit this network; give another folder."
            ) from None
        self.epochs = [Epoch(**epoch) for epoch in facts["epochs"]]

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.progress.on_batch(batch + 1, self.params["steps"], float(logs["loss"]), float(logs["accuracy"]))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        weights = self.model.get_weights()
        loss = right = None
        last = epoch + 1 == self.recipe.epochs
        if last or (epoch + 1) % self.recipe.validate_every == 0:
            loss, right = self._validate()
        best = max((each.validation_accuracy or 0 for each in self.epochs), default=0.0)
        done = Epoch(
            epoch + 1, self.recipe.epochs, time.monotonic() - self.began, float(logs["loss"]), float(logs["accuracy"]),
            loss, right,
        )  # fmt: skip
        self.epochs.append(done)
        facts = {"recipe": self.recipe.as_json(), "epochs": [asdict(each) for each in self.epochs]}
        if right is not None and right >= best:
            checkpoint.save(self.folder / BEST, {"weights": self.model.get_weights()}, facts)
        self.model.set_weights(weights)
        state = [np.asarray(variable) for variable in self.model.optimizer.variables]
        checkpoint.save(self.folder / CHECKPOINT, {"weights": weights, "optimizer": state}, facts)
        self.progress.on_epoch(done)

    def _validate(self) -> tuple[float, float]:
        """Loss and accuracy; leaves the averaged weights in the model."""
        if self.recipe.average:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
            measure_statistics(self.model, self.measured_on)
        logits = logits_of(self.model, self.judged.faces, mirrored=True)
        likelihood = softmax(logits)[np.arange(len(self.judged)), self.judged.labels]
        right = logits.argmax(axis=1) == self.judged.labels
        return float(-np.log(np.maximum(likelihood, 1e-12)).mean()), float(right.mean())
