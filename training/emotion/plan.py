"""The whole training in one go, where an accelerator is lent for minutes: `python -m training.emotion.plan IN OUT`.

It needs Keras with JAX, NumPy, SciPy, scikit-learn and OpenCV, no network and nothing of the kiosk. `muster train pack`
prepares IN; `muster train collect` makes runs of OUT. Every result is written as soon as it is there.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # before Keras is imported; whoever imports this module has chosen already
    os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from numpy.typing import NDArray

from training.emotion.data.fer2013 import Fer2013, load_fer2013
from training.emotion.data.mosaic import FACES
from training.emotion.data.votes import Votes, load_votes, votes_by_row
from training.emotion.fitting import answers, checkpoint, fit
from training.emotion.fitting.recipe import CHAMPION, CLASSIC, SFACE_TEACHER, TAUGHT, TEACHER, Recipe
from training.emotion.fitting.state import Epoch
from training.emotion.model.inference import outputs_of
from training.emotion.model.networks import build
from training.emotion.model.widening import widened

FOLDS = 5
LARGEST_PART = 15 * 2**20
"""Bytes of a file of weights."""

NAME, VOTES = "fer2013", "votes.csv"
"""Names of the inputs: of the picture of the faces, and of FER+'s table."""

STARTS = ("champion", "sface")
"""Architectures whose first weights are inputs, too, as `NAME.start.npz`."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What all trainings of the plan share."""

    data: Fer2013
    votes: Votes
    inputs: Path
    outputs: Path
    runs: Path
    """Folder for the checkpoints, which stay where the accelerator is."""
    precision: str
    share: float
    """Share of the epochs: below 1 for a rehearsal."""
    batch: int
    """Faces per step of teachers and champion."""
    until: float
    """`time.monotonic()` at which everything must be written."""

    def recipe(self, recipe: Recipe, epochs: int, **changed: object) -> Recipe:
        epochs = max(1, round(self.share * epochs))
        return recipe.changed(**changed, epochs=epochs, precision=self.precision, validate_every=epochs)


def main(arguments: list[str]) -> None:
    """Train the classic network, the teachers and the champion; see the module."""
    given = _parsed(arguments)
    given.outputs.mkdir(parents=True, exist_ok=True)
    data = load_fer2013(given.inputs / f"{NAME}{FACES}")
    votes = votes_by_row(load_votes(given.inputs / VOTES), data)
    if given.limit:
        data = data.head(given.limit)
    until = time.monotonic() + 60 * given.minutes
    plan = Plan(data, votes, given.inputs, given.outputs, given.runs, given.precision, given.share, given.batch, until)
    _say(f"{keras.backend.backend()}, {len(data.split('Training')):,} training faces, {given.minutes} minutes")
    found = tuple(answers.Answers.none(data.split(name), 17) for name in ("Training", "PublicTest"))
    parts: dict[str, Callable[[], None]] = {
        "sface": lambda: _teachers(plan, SFACE_TEACHER, given.sface_epochs, found),
        "teachers": lambda: _teachers(plan, TEACHER, given.teacher_epochs, found),
        "champion": lambda: _champion(plan, "champion", given.champion_epochs),
        "short": lambda: _champion(plan, "short", given.short_epochs),
        "classic": lambda: _trained(plan, "classic", plan.recipe(CLASSIC, CLASSIC.epochs)),
    }
    for name in given.parts.split(","):
        if time.monotonic() < plan.until:
            parts[name]()


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.plan", description=__doc__)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--runs", type=Path, default=Path(".runs/plan"), help="folder for checkpoints")
    parser.add_argument("--minutes", type=float, default=9.0, help="time for everything")
    parser.add_argument("--share", type=float, default=1.0, help="share of the epochs; below 1 for a rehearsal")
    parser.add_argument("--limit", type=int, help="use only the first faces of each split")
    parser.add_argument("--parts", default="sface,teachers,champion,classic,short", help="what to train, in this order")
    parser.add_argument("--sface-epochs", type=int, default=SFACE_TEACHER.epochs)
    parser.add_argument("--teacher-epochs", type=int, default=TEACHER.epochs)
    parser.add_argument("--champion-epochs", type=int, default=250)
    parser.add_argument("--short-epochs", type=int, default=100, help="of the same network in fewer epochs")
    parser.add_argument("--batch", type=int, default=256, help="faces per step of teachers and champion")
    parser.add_argument("--precision", default="mixed_bfloat16")
    return parser.parse_args(arguments)


def _teachers(plan: Plan, teacher: Recipe, epochs: int, so_far: tuple[answers.Answers, ...]) -> None:
    """A teacher for each fold; its answers to the faces that it was not trained on are added to those of others."""
    training, validation = plan.data.split("Training"), plan.data.split("PublicTest")
    found, judged = so_far
    for fold in range(FOLDS):
        recipe = plan.recipe(teacher, epochs, folds=FOLDS, fold=fold, batch=plan.batch, rate=1e-3, average=0.998)
        model = _trained(plan, f"{teacher.architecture}{fold}", recipe, keep=False)
        found.add(model, recipe, training)
        judged.add(model, recipe, validation)
        _say(f"teachers, of PublicTest's labels: {_accuracy(judged.mean(), validation.labels):.2%}")
        answers.save(plan.outputs / "teachers_public.npz", judged)
        if time.monotonic() > plan.until:
            return
    answers.save(plan.outputs / "answers.npz", found)
    _say(f"teachers, of Training's labels: {_accuracy(found.mean(), training.labels):.2%}")


def _champion(plan: Plan, name: str, epochs: int) -> None:
    """The network that ships, taught where there are answers."""
    recipe = plan.recipe(CHAMPION, epochs, batch=plan.batch, rate=1.5e-3, average=0.998, votes_weight=1.5)
    taught = None
    if (plan.outputs / "answers.npz").exists():
        recipe = recipe.changed(**TAUGHT)
        taught = answers.load(plan.outputs / "answers.npz", plan.data.split("Training"))
    _trained(plan, name, recipe, taught=taught)


def _trained(
    plan: Plan, name: str, recipe: Recipe, *, taught: NDArray[np.float32] | None = None, keep: bool = True
) -> keras.Model:
    """Train one network, or go on with it; write its weights, its epochs and its answers to PublicTest."""
    start = None
    if recipe.face_weights:
        first = recipe.architecture if recipe.architecture in STARTS else STARTS[0]
        stored = checkpoint.load(plan.inputs / f"{first}.start.npz")[0]["weights"]
        start = widened(
            [weight.astype(np.float32) for weight in stored], recipe.architecture, recipe.seed + recipe.fold
        )
    began = time.monotonic()

    def say(epoch: Epoch) -> None:
        judged = "" if epoch.validation_accuracy is None else f", PublicTest {epoch.validation_accuracy:.2%}"
        _say(f"{name} {epoch.number}/{epoch.of}: {epoch.loss:.3f} {epoch.accuracy:.2%}{judged} {epoch.seconds:.1f} s")
        if time.monotonic() > plan.until:
            raise TimeoutError

    votes = plan.votes if recipe.votes_weight else None
    progress = fit.Progress(on_epoch=say, on_note=_say)
    try:
        fit.train(plan.runs / name, plan.data, recipe, votes, progress, taught=taught, start=start)
    except TimeoutError:
        _say(f"{name}: the time is over")
    groups, facts = checkpoint.load_best(plan.runs / name)
    model = build(recipe.architecture)
    model.set_weights(groups["weights"])
    if keep:
        _write(plan.outputs, name, groups["weights"], facts)
    public = plan.data.split("PublicTest")
    accuracy = _accuracy(outputs_of(model, public.faces, mirrored=True), public.labels)
    facts["seconds"] = time.monotonic() - began
    (plan.outputs / f"{name}.json").write_text(json.dumps(facts))
    _say(f"{name}: {facts['seconds']:.0f} s, {accuracy:.2%}")
    return model


def _write(folder: Path, name: str, weights: list[NDArray[np.float32]], facts: dict[str, object]) -> None:
    """Write weights in float16, in files that are not too large."""
    parts: list[list[NDArray[np.float16]]] = [[]]
    for weight in weights:
        small = weight.astype(np.float16)
        if parts[-1] and sum(each.nbytes for each in parts[-1]) + small.nbytes > LARGEST_PART:
            parts.append([])
        parts[-1].append(small)
    for number, part in enumerate(parts):
        checkpoint.save(folder / f"{name}.{number}.npz", {"weights": part}, facts)


def _accuracy(given: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float((given[:, :7].argmax(axis=1) == labels).mean())


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
