"""`muster train`: the eigenface study and the emotion models."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from monitor.cli.groups import command_group
from monitor.cli.options import JsonOption, emit, err, out
from monitor.cli.training import options
from monitor.cli.training.eigenfaces import eigenfaces
from monitor.errors import UsageError
from monitor.text import plural, printable

if TYPE_CHECKING:
    import tensorflow as tf

    from training.emotion.data.fer2013 import Fer2013
    from training.emotion.data.votes import Votes
    from training.emotion.evaluation.evaluate import Predict
    from training.emotion.fitting.recipe import Recipe

app = command_group("The eigenface study and the emotion models.")

app.command()(eigenfaces)

RUNS = Path(".runs")


@app.command()
def emotion(
    data: options.Data,
    run: options.RunName = None,
    runs: options.Runs = RUNS,
    architecture: options.Architecture = "champion",
    votes: options.Votes = None,
    teacher: options.Teacher = None,
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
    from monitor.cli.training.progress import show_training

    started = _start_tensorflow(threads, strategy)
    from training.emotion.fitting import fit
    from training.emotion.fitting.recipe import RECIPES

    recipe = RECIPES[architecture].changed(epochs=epochs, batch=batch, rate=rate, seed=seed)
    recipe, predict = _taught(recipe, teacher)
    faces = _load(data, strict)
    recipe, shares = _with_votes(recipe, votes, faces)
    recipe = recipe.changed(precision=_chosen_precision(recipe, precision))
    faces = faces.head(limit) if limit else faces
    folder = runs / (run or architecture)
    start = partial(fit.train, folder, faces, recipe, shares, teacher=predict, strategy=started)
    show_training(start, folder, recipe, tensorboard, json)
    if report:
        _evaluate(folder, faces, "PublicTest", json, votes=votes)


def _taught(recipe: "Recipe", teacher: Path | None) -> "tuple[Recipe, Predict | None]":
    """The recipe with a teacher, and the teacher's probabilities."""
    if teacher is None:
        return recipe, None
    from monitor.vision.emotion import EmotionModel
    from training.emotion.fitting.recipe import TAUGHT

    model = EmotionModel(teacher, threads=0)
    model.load()
    return recipe.changed(**TAUGHT), model.predict_fer2013


def _with_votes(recipe: "Recipe", votes: Path | None, faces: "Fer2013") -> "tuple[Recipe, Votes | None]":
    """The recipe with or without FER+, and the shares of the votes by data row."""
    if not recipe.votes_weight:
        return recipe, None
    if votes is None:
        err.print("Without --votes the champion learns from the labels of FER2013 only.")
        return recipe.changed(votes_weight=0.0), None
    from training.emotion.data.votes import load_votes, votes_by_row

    return recipe, votes_by_row(load_votes(votes), faces)


@app.command()
def evaluate(
    model: Annotated[
        Path | None, typer.Argument(help="A run's folder or an ONNX file; the shipped model by default.")
    ] = None,
    *,
    data: options.Data,
    votes: options.Votes = None,
    split: options.Split = "PublicTest",
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write the report of an ONNX file here; a run's lies beside it."),
    ] = None,
    strict: options.Strict = False,
    json: JsonOption = False,
) -> None:
    """Evaluate a model on a split, by FER2013's labels and, with --votes, by what ten people said."""
    _start_tensorflow()
    _evaluate(model, _load(data, strict), split, json, votes=votes, to=to)


@app.command()
def explain(
    image: Annotated[Path, typer.Argument(help="A picture with a face.")],
    model: Annotated[
        Path | None, typer.Option("--run", help="A run's folder or an ONNX file; the shipped model by default.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer to map; by default the last of 6x6 or more.")] = None,
    emotion: Annotated[
        str | None, typer.Option(help="Emotion to map; by default the one with the highest probability.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Also write the picture to this PNG file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show which parts of a face speak for its mood (guided Grad-CAM)."""
    from monitor.cli.training.progress import show_explanation
    from monitor.domain import EMOTIONS

    if emotion is not None and emotion not in EMOTIONS:
        raise UsageError(f"There is no emotion named {emotion!r}; the emotions are {', '.join(EMOTIONS)}.")
    _start_tensorflow()
    from training.emotion.study import explain as explained
    from training.emotion.study import opened

    chosen = None if emotion is None else EMOTIONS.index(emotion)
    show_explanation(image, explained(image, *opened(model), layer=layer, emotion=chosen), to=to, json=json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="The run's folder; or an exported file, to calibrate it anew.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The ONNX file to write.")],
    *,
    data: options.Data,
    votes: options.Votes = None,
    least_recall: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Smallest recall of every class on PublicTest, 0 to 0.9.")
    ] = 0.0,
    eight_bit: Annotated[
        bool, typer.Option(help="Store 8-bit integers: a third of the time, half of the file size.")
    ] = True,
    strict: options.Strict = False,
    json: JsonOption = False,
) -> None:
    """Export a run's best network to the ONNX file that the kiosk runs, calibrated on PublicTest.

    With --votes the file also says what most people would call the face, which the kiosk then shows.
    """
    _start_tensorflow()
    from training.emotion.shipping.export import write
    from training.emotion.study import exported

    faces = _load(data, strict)
    network, temperature = exported(run, faces, votes, eight_bit=eight_bit, least_recall=least_recall)
    digest = write(network, to)
    if json:
        emit({"file": str(to), "bytes": to.stat().st_size, "sha256": digest, "temperature": temperature})
        return
    out.print(f"{escape(str(to))}: {to.stat().st_size / 1e6:.1f} MB, temperature {temperature:.3f}", soft_wrap=True)
    out.print(f"SHA-256 {digest}", soft_wrap=True)


@app.command()
def report(
    runs: options.Runs = RUNS,
    page: Annotated[bool, typer.Option(help="Write comparison.html beside the runs.")] = True,
    json: JsonOption = False,
) -> None:
    """List runs and compare them side by side."""
    from monitor.cli.training.progress import comparison_table

    _start_tensorflow()
    from training.emotion.fitting.runs import find_runs
    from training.emotion.report.page import comparison_row, write_comparison

    found = find_runs(runs)
    if not found:
        raise UsageError(f"There are no runs in {runs}; start one with `muster train emotion`, or give --runs.")
    rows = [comparison_row(run) for run in found]
    if json:
        for row in rows:
            emit(row)
        return
    out.print(comparison_table(rows))
    if page:
        out.print(f"Report: {escape(str(write_comparison(runs, found)))}", soft_wrap=True)


def _evaluate(
    model: Path | None, faces: "Fer2013", split: str, json: bool, *, votes: Path | None, to: Path | None = None
) -> None:
    from monitor.cli.training.evaluation import show_judgement
    from monitor.vision.emotion import WEIGHTS
    from training.emotion.study import evaluate_file, evaluate_run

    if model is not None and not model.exists():
        raise UsageError(f"{model} is neither a run nor a model; give a run's folder or an ONNX file.")
    if model is not None and model.is_file() and not model.with_suffix(".sha256").exists():
        raise UsageError(
            f"{model} is not a model that 'muster train export' wrote, which puts a .sha256 file beside it; models of "
            "other makers cannot be evaluated."
        )
    if model is not None and model.is_dir():
        show_judgement(evaluate_run(model, faces, split, votes=votes), json=json, more={"run": str(model)})
    else:
        judgement = evaluate_file(model or WEIGHTS, faces, split, votes=votes, report=to)
        show_judgement(judgement, json=json, more={"model": str(model or WEIGHTS)})


def _load(path: Path, strict: bool) -> "Fer2013":
    from training.emotion.data.fer2013 import load_fer2013

    data = load_fer2013(path, strict=strict)
    if data.skipped:
        broken = plural(len(data.skipped), "broken row or file", "broken rows or files")
        err.print(f"Skipped {broken}. The first: {escape(printable(data.skipped[0]))}")
    if data.scaled:
        err.print(f"{plural(data.scaled, 'picture')} of another size scaled to 48x48 grey pixels.")
    return data


def _chosen_precision(recipe: "Recipe", wanted: str) -> str:
    if wanted != "auto":
        return wanted
    from training.emotion.model.precision import measured_precisions

    times = measured_precisions(recipe.architecture, recipe.batch)
    shown = ", ".join(f"{policy} {time:.1f} ms per face" for policy, time in times.items())
    chosen = min(times, key=lambda policy: times[policy])
    err.print(f"Measured: {shown}. The training uses {chosen}.")
    return chosen


def _start_tensorflow(threads: int = 0, strategy: str = "alone") -> "tf.distribute.Strategy | None":
    """Import TensorFlow without its messages; the strategy must exist before TensorFlow computes anything."""
    import os

    from monitor.vision.runtime import quiet_native_output

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with quiet_native_output():
        import tensorflow as tf

        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        if strategy == "multiworker":
            from training.emotion.fitting.strategy import multiworker

            return multiworker()
        tf.zeros(())
    return None
