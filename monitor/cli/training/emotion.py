"""`muster train emotion`: trains a network on FER2013."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.options import JsonOption, err
from monitor.cli.training import options
from monitor.cli.training.models import evaluated
from monitor.cli.training.start import load_faces, start_backend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.emotion.data.fer2013 import Fer2013
    from training.emotion.data.votes import Votes
    from training.emotion.fitting.recipe import Recipe
    from training.emotion.fitting.strategy import Workers


def emotion(
    data: options.Data,
    run: options.RunName = None,
    runs: options.Runs = options.RUNS,
    architecture: options.Architecture = "champion",
    votes: options.Votes = None,
    teacher: options.Teacher = None,
    leave_out: options.LeaveOut = None,
    epochs: options.Epochs = None,
    batch: options.Batch = None,
    rate: options.Rate = None,
    seed: options.Seed = None,
    limit: options.Limit = None,
    precision: options.Precision = "auto",
    strategy: options.Strategy = "alone",
    threads: options.Threads = 0,
    tensorboard: options.Tensorboard = None,
    report: options.Report = True,
    strict: options.Strict = False,
    json: JsonOption = False,
) -> None:
    """Train a network on FER2013; repeat the command to resume a stopped run."""
    from monitor.cli.training.progress import show_faces, show_training

    workers = start_backend(threads, strategy)
    from training.emotion.fitting import fit
    from training.emotion.fitting.recipe import RECIPES

    folder = runs / (run or architecture)
    fold, folds = leave_out or (None, None)
    recipe = RECIPES[architecture].changed(epochs=epochs, batch=batch, rate=rate, seed=seed, fold=fold, folds=folds)
    faces = load_faces(data, strict)
    recipe, shares = _with_votes(recipe, votes, faces)
    faces = faces.head(limit) if limit else faces
    recipe, taught = _taught(recipe, teacher, faces)
    recipe = recipe.changed(precision=_chosen_precision(folder, recipe, precision, workers))
    start = partial(
        fit.train, folder, faces, recipe, shares, taught=taught, start=_first_weights(recipe, faces), workers=workers
    )
    show_faces(faces, folder, json=json)
    show_training(start, folder, recipe, tensorboard, json)
    if report and not (workers and workers.index):
        evaluated(folder, faces, "PublicTest", json, votes=votes)


def _taught(recipe: "Recipe", teacher: Path | None, faces: "Fer2013") -> "tuple[Recipe, NDArray[np.float32] | None]":
    """The recipe with a teacher, and the teacher's probabilities for the training faces."""
    if teacher is None:
        return recipe, None
    from monitor.vision.emotion import EmotionModel
    from training.emotion.fitting import answers
    from training.emotion.fitting.recipe import TAUGHT

    training = faces.split("Training")
    if teacher.suffix == ".npz":
        return recipe.changed(**TAUGHT), answers.load(teacher, training)
    return recipe.changed(**TAUGHT), EmotionModel(teacher, threads=0).predict_fer2013(training.faces)


def _first_weights(recipe: "Recipe", faces: "Fer2013") -> "list[NDArray[np.float32]] | None":
    """Those of the face encoder, for a recipe that begins with them."""
    if not recipe.face_weights:
        return None
    from training.emotion.data.batches import pixels_of
    from training.emotion.model.face_weights import FACES_FOR_STATISTICS, start_of

    pixels = pixels_of(faces.split("Training").faces[:FACES_FOR_STATISTICS])
    return start_of(recipe.architecture, pixels, recipe.seed + recipe.fold)


def _with_votes(recipe: "Recipe", votes: Path | None, faces: "Fer2013") -> "tuple[Recipe, Votes | None]":
    """The recipe with or without FER+, and the shares of the votes by data row."""
    if not recipe.votes_weight:
        return recipe, None
    if votes is None:
        err.print("Without --votes the champion learns from the labels of FER2013 only.")
        return recipe.changed(votes_weight=0.0), None
    from training.emotion.data.votes import load_votes, votes_by_row

    return recipe, votes_by_row(load_votes(votes), faces)


def _chosen_precision(folder: Path, recipe: "Recipe", wanted: str, workers: "Workers | None") -> str:
    """The precision of a run: the wanted one, that of the run that is resumed, or the faster one.

    Several workers take float32: each would measure for itself, and they need the same one.
    """
    if wanted != "auto":
        return wanted
    from training.emotion.fitting.checkpoint import CHECKPOINT
    from training.emotion.fitting.precision import measured_precisions
    from training.emotion.fitting.runs import open_run

    if (folder / CHECKPOINT).exists():
        return open_run(folder).recipe.precision
    if workers:
        return "float32"
    err.print("Measuring which precision is faster...")
    times = measured_precisions(recipe.architecture, recipe.batch)
    shown = ", ".join(f"{policy} {time:.1f} ms per face" for policy, time in times.items())
    chosen = min(times, key=lambda policy: times[policy])
    err.print(f"Measured: {shown}. The training uses {chosen}.")
    return chosen
