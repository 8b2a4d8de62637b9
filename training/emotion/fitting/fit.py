"""Training: one function that starts or resumes a run and reports through callbacks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from monitor.errors import DataError
from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import pixels_of, targets_of, training_batches
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.data.votes import Votes
from training.emotion.evaluation.calibration import softmax
from training.emotion.evaluation.evaluate import Predict
from training.emotion.fitting import checkpoint
from training.emotion.fitting.optimizer import falls_from, optimizer_of
from training.emotion.fitting.recipe import Recipe
from training.emotion.model.face_weights import start_from_face_encoder
from training.emotion.model.inference import CLASSES, logits_of
from training.emotion.model.layers import measure_statistics
from training.emotion.model.networks import ARCHITECTURES, build

Strategy: TypeAlias = tf.distribute.Strategy

CHECKPOINT = "checkpoint.npz"
BEST = "best.npz"
FACES_FOR_STATISTICS = 512
"""Training faces whose statistics turn the face encoder's weights into the champion's."""

BATCHES_FOR_STATISTICS = 40
"""Batches whose statistics the normalisation gets before a validation."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The results of one epoch. Validation uses the averaged weights and the mean of a face and its mirror image."""

    number: int
    """Counts from 1."""
    of: int
    """Number of epochs of the run."""
    seconds: float
    loss: float
    """Mean over the training faces, in nats."""
    accuracy: float
    """On the training faces, 0 to 1."""
    validation_loss: float | None
    """None in an epoch without validation."""
    validation_accuracy: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """Callbacks of a training."""

    on_epoch: Callable[[Epoch], None] = lambda _: None
    on_batch: Callable[[int, int, float, float], None] = lambda *_: None
    """Receives the batch's number, the batches per epoch, and the epoch's mean loss and accuracy so far."""
    on_note: Callable[[str], None] = lambda _: None


@dataclass(slots=True, eq=False)
class _Training:
    """A network in training, with its data and settings."""

    model: keras.Model
    recipe: Recipe
    strategy: Strategy
    batches: Callable[[range], tf.data.Dataset]
    """Augmented batches by their numbers, counted over all epochs."""
    plain: Callable[[range], tf.data.Dataset]
    """Batches without augmentation."""
    steps: int
    """Per epoch."""
    validation: Split
    folder: Path
    epochs: list[Epoch]

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the checkpoints; the weights of all workers are equal."""
        resolver = self.strategy.cluster_resolver
        return resolver is None or not resolver.task_id


def train(
    folder: Path,
    data: Fer2013,
    recipe: Recipe,
    votes: Votes | None,
    progress: Progress,
    *,
    teacher: Predict | None = None,
    strategy: Strategy | None = None,
) -> list[Epoch]:
    """Train on the Training split, validate on PublicTest; a run whose checkpoint is in `folder` is resumed.

    Args:
        recipe: the settings; its batch size is the sum over all workers.
        votes: float32 (rows, 10) of FER+; None if the recipe has no weight for them.
        teacher: a model to learn from; None if the recipe has no weight for it.
        strategy: distribution of the work; None for this process alone.

    Returns all epochs, including those before a resumption.

    Raises:
        DataError: a split is missing, or the checkpoint is of another architecture, unreadable or not writable.
    """
    training = _set_up(folder, data, recipe, votes, teacher, strategy or tf.distribute.get_strategy())
    if (folder / CHECKPOINT).exists():
        _resume(training, progress)
    elif recipe.face_weights:
        start_from_face_encoder(training.model, pixels_of(data.split("Training").faces[:FACES_FOR_STATISTICS]))
    done = len(training.epochs)
    batches = _distributed(training, range(done * training.steps, recipe.epochs * training.steps))
    step = _step_of(training)
    for number in range(done + 1, recipe.epochs + 1):
        began = time.monotonic()
        _seed_dropout(training, number)
        progress.on_epoch(_finish_epoch(training, number, *_one_epoch(training, step, batches, progress), began))
    return training.epochs


def _set_up(
    folder: Path, data: Fer2013, recipe: Recipe, votes: Votes | None, teacher: Predict | None, strategy: Strategy
) -> _Training:
    faces, validation = data.split("Training"), data.split("PublicTest")
    steps = len(faces) // recipe.batch
    if not steps:
        raise DataError(f"The Training split has {len(faces)} faces, fewer than one batch of {recipe.batch}.")
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(recipe.precision)
    with strategy.scope():
        model = build(recipe.architecture)
        model.optimizer = optimizer_of(recipe, steps)
        model.optimizer.build(model.trainable_variables)
    two_tasks = model.output_shape[-1] > CLASSES
    if two_tasks and votes is None:
        votes = np.zeros((int(faces.rows.max()) + 1, model.output_shape[-1] - CLASSES), np.float32)
    targets = targets_of(
        faces,
        smoothing=recipe.smoothing,
        taught=teacher(faces.faces) if teacher else None,
        teacher_weight=recipe.teacher_weight,
        votes=votes if two_tasks else None,
    )

    def batches(augmentation: Augmentation | None, numbers: range) -> tf.data.Dataset:
        return training_batches(
            faces.faces, targets, batch=recipe.batch, steps=numbers, seed=recipe.seed, augmentation=augmentation,
            calm_from=falls_from(recipe, steps) if recipe.cool_down else None,
        )  # fmt: skip

    changed = partial(batches, Augmentation() if recipe.augment else None)
    return _Training(model, recipe, strategy, changed, partial(batches, None), steps, validation, folder, [])


def _distributed(training: _Training, numbers: range) -> Iterator[Any]:
    """Each worker's part of every batch."""
    options = tf.data.Options()
    # Every worker makes all batches and takes its own part of each.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    batches = training.batches(numbers).with_options(options)
    return iter(training.strategy.experimental_distribute_dataset(batches))


def _step_of(training: _Training) -> Callable[[Any, Any], Any]:
    """The traced step: a batch's pixels and targets to the sum of its losses and the number of right answers."""
    model, recipe, strategy = training.model, training.recipe, training.strategy

    def on_replica(pixels: Any, wanted: Any) -> Any:
        with tf.GradientTape() as tape:
            given = model(pixels, training=True)
            losses = _losses(wanted, given, recipe.votes_weight)
            # Gradients are summed over the workers.
            loss = tf.reduce_sum(losses) / recipe.batch
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        right = tf.equal(tf.argmax(wanted[:, :CLASSES], -1), tf.argmax(given[:, :CLASSES], -1))
        return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.float32))])

    # XLA doubles the time on a CPU.
    @tf.function(jit_compile=False)
    def step(pixels: Any, wanted: Any) -> Any:
        return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(on_replica, (pixels, wanted)), axis=None)

    return step  # type: ignore[no-any-return]


def _losses(wanted: Any, given: Any, votes_weight: float) -> Any:
    """The loss of every face: float32 (n,)."""
    if given.shape[-1] == CLASSES:
        return keras.losses.categorical_crossentropy(wanted, given)
    losses = tf.nn.softmax_cross_entropy_with_logits(wanted[:, :CLASSES], given[:, :CLASSES])
    if not votes_weight:
        return losses
    return losses + votes_weight * tf.nn.softmax_cross_entropy_with_logits(wanted[:, CLASSES:], given[:, CLASSES:])


def _seed_dropout(training: _Training, epoch: int) -> None:
    """Seed every dropout by the epoch: a resumed run drops the units that an uninterrupted run would drop."""
    for number, layer in enumerate(training.model.layers):
        if isinstance(layer, keras.layers.Dropout):
            layer.seed_generator.state.assign([training.recipe.seed + number, epoch])


def _one_epoch(
    training: _Training, step: Callable[[Any, Any], Any], batches: Iterator[Any], progress: Progress
) -> tuple[float, float]:
    """Mean loss and accuracy over the epoch."""
    sums = np.zeros(2)
    for number in range(1, training.steps + 1):
        sums += np.asarray(step(*next(batches)))
        loss, accuracy = (sums / (number * training.recipe.batch)).tolist()
        if not np.isfinite(loss):
            raise DataError(
                "The loss is not a number (NaN or infinite); train again with a lower learning rate (--rate)."
            )
        progress.on_batch(number, training.steps, loss, accuracy)
    return loss, accuracy


def _finish_epoch(training: _Training, number: int, loss: float, accuracy: float, began: float) -> Epoch:
    """Validate if it is due, and write the checkpoints."""
    model, recipe = training.model, training.recipe
    weights = model.get_weights()
    validated: tuple[float, float] | tuple[None, None] = (None, None)
    if number == recipe.epochs or number % recipe.validate_every == 0:
        validated = _validate(training)
    best = max((each.validation_accuracy or 0.0 for each in training.epochs), default=0.0)
    epoch = Epoch(number, recipe.epochs, time.monotonic() - began, loss, accuracy, *validated)
    training.epochs.append(epoch)
    facts = {"recipe": recipe.as_json(), "epochs": [asdict(each) for each in training.epochs]}
    if training.is_chief and validated[1] is not None and validated[1] >= best:
        checkpoint.save(training.folder / BEST, {"weights": model.get_weights()}, facts)
    model.set_weights(weights)
    if training.is_chief:
        state = [np.asarray(variable) for variable in model.optimizer.variables]
        checkpoint.save(training.folder / CHECKPOINT, {"weights": weights, "optimizer": state}, facts)
    return epoch


def _validate(training: _Training) -> tuple[float, float]:
    """Validation loss and accuracy; leaves the averaged weights in the model."""
    model, split = training.model, training.validation
    if training.recipe.average:
        model.optimizer.finalize_variable_values(model.trainable_variables)
        # On faces without augmentation: statistics of augmented faces cost half a point of accuracy.
        measured_on = training.plain(range(min(training.steps, BATCHES_FOR_STATISTICS)))
        measure_statistics(model, measured_on.map(lambda pixels, _: pixels))
    logits = logits_of(model, split.faces, mirrored=True)
    likelihood = softmax(logits)[np.arange(len(split)), split.labels]
    return float(-np.log(np.maximum(likelihood, 1e-12)).mean()), float((logits.argmax(1) == split.labels).mean())


def _resume(training: _Training, progress: Progress) -> None:
    folder, model = training.folder, training.model
    groups, facts = checkpoint.load(folder / CHECKPOINT)
    architecture = facts.get("recipe", {}).get("architecture")
    if architecture != training.recipe.architecture:
        known = architecture if architecture in ARCHITECTURES else "another architecture"
        raise DataError(f"{folder} holds a run of {known}, not {training.recipe.architecture}; give another folder.")
    try:
        model.set_weights(groups["weights"])
        for variable, value in zip(model.optimizer.variables, groups["optimizer"], strict=True):
            variable.assign(value)
        training.epochs.extend(Epoch(**epoch) for epoch in facts["epochs"])
    except (ValueError, KeyError, TypeError):
        raise DataError(f"The checkpoint in {folder} does not fit this network; give another folder.") from None
    progress.on_note(f"Resuming after epoch {len(training.epochs)} of {training.recipe.epochs}.")
