"""Commands for trainings in parts, and on another machine: answers, pack, collect."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import tell
from monitor.cli.training import options
from monitor.cli.training.start import load_faces, start_backend
from monitor.errors import UsageError


def answers(
    runs: Annotated[list[Path], typer.Argument(help="Runs that each left out another part (--leave-out).")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The .npz file to write, for --teacher.")],
    *,
    data: options.Data,
    strict: options.Strict = False,
) -> None:
    """Ask networks for the training faces that they were not trained on: the teacher of another network."""
    start_backend()
    from training.emotion.fitting.answers import answers_of, save
    from training.emotion.fitting.runs import load_model

    training = load_faces(data, strict).split("Training")
    found = answers_of([(model, run.recipe) for model, run in map(load_model, runs)], training)
    save(to, found)
    tell(f"{to}: answers to {len(training):,} faces")


def pack(
    to: Annotated[Path, typer.Argument(help="The folder to write.")] = Path(".plan"),
    *,
    data: options.Data,
    votes: Annotated[Path, typer.Option(envvar="MUSTER_FERPLUS", metavar="FILE", help="CSV of the FER+ votes.")],
    strict: options.Strict = False,
) -> None:
    """Prepare the whole training for a machine with an accelerator: 'python -m training.emotion.plan FOLDER RESULTS'.

    That machine needs Keras with JAX, NumPy, SciPy, scikit-learn, OpenCV and this repository, but no network.
    """
    start_backend()
    from training.emotion import remote

    remote.pack(load_faces(data, strict), votes, to)
    size = sum(file.stat().st_size for file in to.iterdir() if file.is_file())
    tell(f"{to}: {size / 1e6:.0f} MB")


def collect(
    results: Annotated[Path, typer.Argument(help="The folder that 'python -m training.emotion.plan' wrote.")],
    runs: options.Runs = options.RUNS,
) -> None:
    """Make runs of what a training on another machine brought back."""
    start_backend()
    from training.emotion import remote

    names = remote.collect(results, runs)
    if not names:
        raise UsageError(f"{results} holds no networks of 'python -m training.emotion.plan'; give its results.")
    tell(f"{runs}: {', '.join(names)}")
