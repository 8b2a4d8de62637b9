"""`muster train`: the eigenface study and the emotion models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from monitor.cli.groups import command_group
from monitor.cli.options import JsonOption, emit, err, out
from monitor.cli.training.eigenfaces import eigenfaces
from monitor.domain import EMOTIONS
from monitor.errors import UsageError

if TYPE_CHECKING:
    import tensorflow as tf

    from training.emotion.data.fer2013 import Fer2013
    from training.emotion.evaluation.evaluate import Evaluation
    from training.emotion.fitting.recipe import Recipe

app = command_group("The eigenface study and the emotion models.")

app.command()(eigenfaces)

DataOption = Annotated[
    Path,
    typer.Option(
        "--data", envvar="MUSTER_FER2013", metavar="PATH", help="FER2013: its CSV (or .csv.gz) or its folder."
    ),
]
RunsOption = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Where runs are kept.")]
SplitOption = Annotated[str, typer.Option("--split", help="Training, PublicTest or PrivateTest.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Stop at the first broken row or file.")]
RUNS = Path(".runs")


@app.command()
def emotion(
    data: DataOption,
    run: Annotated[str | None, typer.Option("--run", help="Name of the run; the architecture's by default.")] = None,
    runs: RunsOption = RUNS,
    architecture: Annotated[Literal["champion", "classic"], typer.Option(help="Which network.")] = "champion",
    votes: Annotated[
        Path | None, typer.Option(envvar="MUSTER_FERPLUS", metavar="FILE", help="FER+'s votes, for the champion.")
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An ONNX model whose answers are learned beside the labels."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Faces a step, of all workers together.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.0, help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Makes the order, the changes and the first weights.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first faces of each split, for trials.")] = None,
    precision: Annotated[
        Literal["auto", "float32", "mixed_bfloat16"], typer.Option(help="auto measures a few steps of each.")
    ] = "auto",
    strategy: Annotated[
        Literal["alone", "multiworker"], typer.Option(help="multiworker reads the cluster from TF_CONFIG.")
    ] = "alone",
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0 for all.")] = 0,
    tensorboard: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write logs for TensorBoard.")] = None,
    report: Annotated[bool, typer.Option(help="Write the report in the end.")] = True,
    strict: StrictOption = False,
    json: JsonOption = False,
) -> None:
    """Train a network on FER2013; the same command goes on where a stopped run was."""
    from monitor.cli.training.progress import show_training

    where = _start_tensorflow(threads, strategy)
    from monitor.vision.emotion import EmotionModel
    from training.emotion.data.votes import load_votes, votes_by_row
    from training.emotion.fitting.recipe import RECIPES, TAUGHT

    wanted = RECIPES[architecture].changed(epochs=epochs, batch=batch, rate=rate, seed=seed)
    if wanted.votes_weight and votes is None:
        err.print("Without --votes the champion learns from FER2013's labels alone.")
        wanted = wanted.changed(votes_weight=0.0)
    learned_from = EmotionModel(teacher, threads=0) if teacher else None
    if learned_from:
        learned_from.load()
        wanted = wanted.changed(**TAUGHT)
    faces = _load(data, strict)
    wanted = wanted.changed(precision=_chosen_precision(wanted, precision))
    folder = runs / (run or architecture)
    shares = votes_by_row(load_votes(votes), faces) if votes and wanted.votes_weight else None
    faces = faces.head(limit) if limit else faces
    predict = learned_from.predict if learned_from else None
    show_training(folder, faces, wanted, shares, predict, strategy=where, tensorboard=tensorboard, json=json)
    if report:
        _judge(folder, faces, "PublicTest", json)


@app.command()
def evaluate(
    model: Annotated[
        Path | None, typer.Argument(help="A run's folder or an ONNX file; the shipped model if none.")
    ] = None,
    *,
    data: DataOption,
    split: SplitOption = "PublicTest",
    strict: StrictOption = False,
    json: JsonOption = False,
) -> None:
    """Measure a model on a split; for a run, write its report."""
    _start_tensorflow()
    _judge(model, _load(data, strict), split, json)


@app.command()
def explain(
    image: Annotated[Path, typer.Argument(help="A picture with a face.")],
    model: Annotated[
        Path | None, typer.Option("--run", help="A run's folder or an ONNX file; the shipped model if none.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Whose activations are shown; the last picture-like one if none.")
    ] = None,
    emotion: Annotated[str | None, typer.Option(help="What to look for; the likeliest if none.")] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the picture as a PNG, too.")] = None,
    json: JsonOption = False,
) -> None:
    """Show which parts of a face speak for its mood (guided Grad-CAM)."""
    from monitor.cli.training.progress import show_explanation

    if emotion is not None and emotion not in EMOTIONS:
        raise UsageError(f"There is no emotion named {emotion!r}; there are {', '.join(EMOTIONS)}.")
    _start_tensorflow()
    from training.emotion.study import explain as explained
    from training.emotion.study import opened

    network, predict = opened(model)
    chosen = None if emotion is None else EMOTIONS.index(emotion)
    show_explanation(image, explained(image, network, predict, layer=layer, emotion=chosen), to=to, json=json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The ONNX file to write.")],
    *,
    data: DataOption,
    least_recall: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Recall that every class shall have on PublicTest.")
    ] = 0.0,
    eight_bit: Annotated[bool, typer.Option(help="8-bit integers: a third of the time, half of the file.")] = True,
    strict: StrictOption = False,
    json: JsonOption = False,
) -> None:
    """Turn a run's best network into the one ONNX file that the kiosk runs, calibrated on PublicTest."""
    _start_tensorflow()
    from training.emotion.fitting.runs import load_model
    from training.emotion.shipping.export import FACES_FOR_RANGES, to_onnx, write

    faces = _load(data, strict)
    network, found = load_model(run)
    ranges = faces.split("Training").faces[:FACES_FOR_RANGES] if eight_bit else None
    exported, temperature = to_onnx(
        network,
        found.recipe.architecture,
        judged=faces.split("PublicTest"),
        eight_bit_on=ranges,
        least_recall=least_recall,
        smoothing=found.recipe.smoothing,
    )
    digest = write(exported, to)
    if json:
        emit({"file": str(to), "bytes": to.stat().st_size, "sha256": digest, "temperature": temperature})
        return
    out.print(f"{escape(str(to))}: {to.stat().st_size / 1e6:.1f} MB, temperature {temperature:.3f}", soft_wrap=True)
    out.print(f"SHA-256 {digest}", soft_wrap=True)


@app.command()
def report(
    runs: RunsOption = RUNS,
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
        raise UsageError(f"There are no runs in {runs}; begin one with `muster train emotion`, or give --runs.")
    rows = [comparison_row(run) for run in found]
    if json:
        for row in rows:
            emit(row)
        return
    out.print(comparison_table(rows))
    if page:
        out.print(f"The page: {escape(str(write_comparison(runs, found)))}", soft_wrap=True)


def _judge(model: Path | None, faces: "Fer2013", split: str, json: bool) -> None:
    from monitor.cli.training.progress import show_evaluation
    from monitor.vision.emotion import WEIGHTS
    from training.emotion.study import judge_file, judge_run

    evaluation: Evaluation
    if model is not None and not model.exists():
        raise UsageError(f"There is neither a run nor a model at {model}; give a run's folder or an ONNX file.")
    if model is not None and model.is_dir():
        evaluation, page = judge_run(model, faces, split)
        show_evaluation(evaluation, json=json, more={"run": str(model), "report": str(page)})
    else:
        evaluation, jitter = judge_file(model or WEIGHTS, faces, split)
        show_evaluation(evaluation, json=json, more={"model": str(model or WEIGHTS), "robustness": jitter})


def _load(path: Path, strict: bool) -> "Fer2013":
    from training.emotion.data.fer2013 import load_fer2013

    data = load_fer2013(path, strict=strict)
    if data.skipped:
        err.print(f"Left out {len(data.skipped)} broken rows or files; the first: {escape(data.skipped[0])}")
    return data


def _chosen_precision(recipe: "Recipe", wanted: str) -> str:
    if wanted != "auto":
        return wanted
    from training.emotion.model.precision import measured_precisions

    times = measured_precisions(recipe.architecture, recipe.batch)
    shown = ", ".join(f"{policy} {time:.1f} ms a face" for policy, time in times.items())
    chosen = min(times, key=lambda policy: times[policy])
    err.print(f"Measured: {shown}. Training in {chosen}.")
    return chosen


def _start_tensorflow(threads: int = 0, strategy: str = "alone") -> "tf.distribute.Strategy | None":
    """Import TensorFlow without its greetings; the strategy must come before anything else is computed."""
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
