"""Training: one function that starts or resumes a run and reports through callbacks."""

import random
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError, UsageError
from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import Order, Planned, pixels_of, planned, targets_of
from training.emotion.data.fer2013 import Fer2013
from training.emotion.data.votes import Votes
from training.emotion.evaluation.calibration import softmax
from training.emotion.fitting import checkpoint
from training.emotion.fitting.checkpoint import BEST, CHECKPOINT
from training.emotion.fitting.optimizer import falls_from, optimizer_of
from training.emotion.fitting.recipe import Recipe
from training.emotion.fitting.state import Epoch, Training, facts_of, resume, save
from training.emotion.fitting.strategy import Workers
from training.emotion.model.backend import backend
from training.emotion.model.inference import logits_of
from training.emotion.model.layers import measure_statistics
from training.emotion.model.losses import CLASSES, losses_of
from training.emotion.model.networks import build

SAVED_EVERY = 60.0
"""Seconds of training that a crash may cost: at the end of an epoch a checkpoint that is younger is left alone."""

BATCHES_FOR_STATISTICS = 40
"""Batches whose statistics the normalisation gets before a validation."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Callbacks of a training."""

    on_epoch: Callable[[Epoch], None] = lambda _: None
    on_batch: Callable[[int, int, float, float], None] = lambda *_: None
    """Receives the batch's number, the batches per epoch, and the epoch's mean loss and accuracy so far."""
    on_note: Callable[[str], None] = lambda _: None


def train(
    folder: Path,
    data: Fer2013,
    recipe: Recipe,
    votes: Votes | None,
    progress: Progress,
    *,
    taught: NDArray[np.float32] | None = None,
    start: Sequence[NDArray[np.float32]] | None = None,
    workers: Workers | None = None,
) -> list[Epoch]:
    """Train on the Training split, validate on PublicTest; a run whose checkpoint is in `folder` is resumed.

    Ctrl+C ends the training after its step, and a repeated call goes on there.

    Args:
        recipe: the settings; its batch size is the sum over all workers.
        votes: float32 (rows, 10) of FER+; None if the recipe has no weight for them.
        taught: a teacher's probabilities for the training faces, float32 (n, 7) or (n, 17); None without a teacher.
        start: the weights to begin with; None for those of the seed.
        workers: the processes that share the work; None for this one alone.

    Returns all epochs, including those before a resumption.

    Raises:
        DataError: a split is missing, or the checkpoint is of another recipe, unreadable or not writable.
        UsageError: the workers cannot share the work, or were told different things.
        KeyboardInterrupt: it was stopped, and its state is saved.
    """
    workers = workers or Workers()
    training = _set_up(folder, data, recipe, votes, taught, workers)
    if (folder / CHECKPOINT).exists():
        progress.on_note(resume(training))
    elif start is not None:
        training.model.set_weights(start)
    with workers.session(), _stop_asked(workers) as asked:
        if not workers.agree(f"{facts_of(training)} {zlib.crc32(training.faces.faces.tobytes())}"):
            raise UsageError(
                "The workers differ in their options, faces or run folder; give all the same (a copied folder will do)."
            )
        training.model.set_weights(workers.from_first(training.model.get_weights()))
        for number in range(len(training.epochs) + 1, recipe.epochs + 1):
            _seed_dropout(training, number)
            progress.on_epoch(_one_epoch(training, number, progress, asked))
    return training.epochs


def _set_up(
    folder: Path,
    data: Fer2013,
    recipe: Recipe,
    votes: Votes | None,
    taught: NDArray[np.float32] | None,
    workers: Workers,
) -> Training:
    faces, validation = recipe.taken_from(data.split("Training")), data.split("PublicTest")
    steps, compute = len(faces) // recipe.batch, backend()
    if not steps:
        raise DataError(f"The Training split has {len(faces)} faces, fewer than one batch of {recipe.batch}.")
    random.seed(recipe.seed)  # Keras draws its seeds from it; its own function imports TensorFlow, too
    keras.config.set_dtype_policy(recipe.precision)
    with workers.scope():
        model = build(recipe.architecture)
        model.optimizer = optimizer_of(recipe, steps)
        model.optimizer.build(model.trainable_variables)
    two_tasks = model.output_shape[-1] > CLASSES
    if two_tasks and votes is None:
        votes = np.zeros((int(faces.rows.max()) + 1, model.output_shape[-1] - CLASSES), np.float32)
    targets = targets_of(
        faces,
        smoothing=recipe.smoothing,
        taught=None if taught is None else recipe.taken(taught),
        teacher_weight=recipe.teacher_weight,
        votes=votes if two_tasks else None,
    )
    how = Augmentation() if recipe.augment else None
    order = Order(len(faces), recipe.batch, recipe.seed, falls_from(recipe, steps) if recipe.cool_down else None)
    return Training(
        model, recipe, compute, faces, order, validation, folder,
        is_chief=not workers.index,
        step=compute.steps(
            model, losses_of(recipe.votes_weight), faces.faces, targets, how, recipe.batch, workers.strategy
        ),
        observe=compute.observed(model),
    )  # fmt: skip


@contextmanager
def _stop_asked(workers: Workers) -> Iterator[Callable[[], bool]]:
    """Whether Ctrl+C was pressed: it must not interrupt a step, which would leave a network of two states."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield lambda: workers.stop(asked.is_set())
        return
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield lambda: workers.stop(asked.is_set())
    finally:
        signal.signal(signal.SIGINT, before)


def _seed_dropout(training: Training, epoch: int) -> None:
    """Seed every dropout by the epoch: a resumed run drops the units that an uninterrupted run would drop."""
    for number, layer in enumerate(training.model.layers):
        if isinstance(layer, keras.layers.Dropout) and layer.rate:
            layer.seed_generator.state.assign([training.recipe.seed + number, epoch])


def _one_epoch(training: Training, number: int, progress: Progress, stop: Callable[[], bool]) -> Epoch:
    """Train to the end of an epoch; the sums of a group of steps are read while the device works on the next."""
    began, order = time.monotonic(), training.order
    before, pending = (number - 1) * order.steps, None
    while training.done < order.steps:
        count = min(training.compute.STEPS_AT_ONCE, order.steps - training.done)
        at = before + training.done
        given = _stepped(training, planned(order, range(at, at + count)))
        _count(training, pending, progress)
        training.done, pending = training.done + count, (count, given)
        if stop():
            _count(training, pending, progress)
            save(training)
            progress.on_note(
                f"Stopped after step {training.done} of {order.steps} in epoch {number} of {training.recipe.epochs}; "
                "repeat the command to go on."
            )
            raise KeyboardInterrupt
    _count(training, pending, progress)
    loss, accuracy = (training.sums / (order.steps * order.batch)).tolist()
    return _finish_epoch(training, number, loss, accuracy, began)


def _stepped(training: Training, batches: Planned) -> Any:
    """The sums of some steps. Raises DataError when the device has too little memory for them."""
    try:
        return training.step(batches)
    except training.compute.FAILURE as error:
        if "RESOURCE_EXHAUSTED" not in str(error) and "OOM" not in str(error):
            raise
        raise DataError(
            f"The memory is too small for steps of {training.order.batch} faces; give a smaller --batch and new --run."
        ) from None


def _count(training: Training, pending: tuple[int, Any] | None, progress: Progress) -> None:
    """Add the sums of a group of steps."""
    if pending is None:
        return
    training.sums += np.asarray(pending[1], np.float64)
    seen = training.done * training.order.batch
    loss, accuracy = (training.sums / seen).tolist()
    if not np.isfinite(loss):
        raise DataError("The loss is not a number (NaN or infinite); train again with a lower learning rate (--rate).")
    progress.on_batch(training.done, training.order.steps, loss, accuracy)


_NOT_VALIDATED: tuple[float | None, float | None] = (None, None)


def _finish_epoch(training: Training, number: int, loss: float, accuracy: float, began: float) -> Epoch:
    """Validate if it is due, and write the checkpoints."""
    model, recipe = training.model, training.recipe
    weights, validated = None, _NOT_VALIDATED
    if number == recipe.epochs or number % recipe.validate_every == 0:
        weights, validated = model.get_weights(), _validate(training)
    best = max((each.validation_accuracy or 0.0 for each in training.epochs), default=0.0)
    epoch = Epoch(number, recipe.epochs, time.monotonic() - began, loss, accuracy, *validated)
    training.epochs.append(epoch)
    training.done, training.sums = 0, np.zeros(2)
    if training.is_chief and validated[1] is not None and validated[1] >= best:
        checkpoint.save(training.folder / BEST, {"weights": model.get_weights()}, facts_of(training))
    if weights is not None:
        model.set_weights(weights)
    if number == recipe.epochs or time.monotonic() - training.saved >= SAVED_EVERY:
        save(training)
    return epoch


def _validate(training: Training) -> tuple[float, float]:
    """Validation loss and accuracy; leaves the averaged weights in the model."""
    model, split, order = training.model, training.validation, training.order
    if training.recipe.average:
        model.optimizer.finalize_variable_values(model.trainable_variables)
        # On faces without augmentation: statistics of augmented faces cost half a point of accuracy.
        chosen = planned(order, range(min(order.steps, BATCHES_FOR_STATISTICS))).chosen
        measure_statistics(model, training.observe, (pixels_of(training.faces.faces[each]) for each in chosen))
    logits = logits_of(model, split.faces, mirrored=True)
    likelihood = softmax(logits)[np.arange(len(split)), split.labels]
    return float(-np.log(np.maximum(likelihood, 1e-12)).mean()), float((logits.argmax(1) == split.labels).mean())
