"""Commands about trained models: evaluate, explain, export, report, layers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import JsonOption, emit, err, out, tell
from monitor.cli.training import options
from monitor.cli.training.start import load_faces, start_backend
from monitor.errors import UsageError

if TYPE_CHECKING:
    from training.emotion.data.fer2013 import Fer2013
    from training.emotion.evaluation.foreign import PixelRange


def evaluate(
    model: Annotated[
        Path | None,
        typer.Argument(help="A run's folder, an ONNX file or what Keras saved; the shipped model by default."),
    ] = None,
    *,
    data: options.Data,
    votes: options.Votes = None,
    split: options.Split = "PublicTest",
    pixels: options.Pixels = "0..1",
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write the report of an ONNX file here; a run's lies beside it."),
    ] = None,
    strict: options.Strict = False,
    json: JsonOption = False,
) -> None:
    """Evaluate a model on a split, by FER2013's labels and, with --votes, by what ten people said."""
    start_backend()
    evaluated(model, load_faces(data, strict), split, json, votes=votes, to=to, pixels=pixels)


def explain(
    image: Annotated[Path, typer.Argument(help="A picture with a face.")],
    model: Annotated[
        Path | None,
        typer.Option(
            "--run", help="A run's folder, an exported file or what Keras saved; the shipped model by default."
        ),
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
    start_backend()
    from training.emotion.explanation import explain as explained
    from training.emotion.explanation import opened

    chosen = None if emotion is None else EMOTIONS.index(emotion)
    show_explanation(image, explained(image, *opened(model), layer=layer, emotion=chosen), to=to, json=json)


def export(
    run: Annotated[Path, typer.Argument(help="The run's folder; or an exported file, to calibrate it anew.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The ONNX file to write.")],
    *,
    data: options.Data,
    votes: options.Votes = None,
    second: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="An exported file, whose network helps where a face is sharp."),
    ] = None,
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
    start_backend()
    from training.emotion.shipping.export import write
    from training.emotion.study import exported

    faces = load_faces(data, strict)
    network, temperature = exported(run, faces, votes, second=second, eight_bit=eight_bit, least_recall=least_recall)
    digest = write(network, to)
    if json:
        emit({"file": str(to), "bytes": to.stat().st_size, "sha256": digest, "temperature": temperature})
        return
    tell(f"{to}: {to.stat().st_size / 1e6:.1f} MB, temperature {temperature:.3f}")
    tell(f"SHA-256 {digest}")


def report(
    runs: options.Runs = options.RUNS,
    page: Annotated[bool, typer.Option(help="Write comparison.html beside the runs.")] = True,
    json: JsonOption = False,
) -> None:
    """List runs and compare them side by side."""
    from monitor.cli.training.progress import comparison_table
    from training.emotion.fitting.checkpoint import CHECKPOINT

    if not any(runs.glob(f"*/{CHECKPOINT}")):  # said before TensorFlow is loaded, which takes seconds
        raise UsageError(f"There are no runs in {runs}; start one with 'muster train emotion', or give --runs.")
    start_backend()
    from training.emotion.fitting.runs import find_runs
    from training.emotion.report.page import comparison_row, write_comparison

    found = find_runs(runs)
    rows = [comparison_row(run) for run in found]
    if json:
        for row in rows:
            emit(row)
        return
    out.print(comparison_table(rows))
    if page:
        tell(f"Report: {write_comparison(runs, found)}")


def layers(
    network: Annotated[
        str, typer.Argument(help="classic, champion, a run's folder, an exported file or what Keras saved.")
    ] = "champion",
    json: JsonOption = False,
) -> None:
    """List the layers of a network with their shapes and parameters; 'explain --layer' takes their names."""
    from monitor.cli.training.progress import show_layers
    from training.emotion.fitting.recipe import RECIPES

    if network not in RECIPES and not Path(network).exists():  # said before TensorFlow is loaded
        names = ", ".join(RECIPES)
        raise UsageError(f"{network!r} is neither an architecture ({names}) nor a run's folder nor an exported file.")
    start_backend()
    from training.emotion.layers import layers_of

    show_layers(layers_of(network), json=json)


def evaluated(
    model: Path | None,
    faces: "Fer2013",
    split: str,
    json: bool,
    *,
    votes: Path | None,
    to: Path | None = None,
    pixels: "PixelRange" = "0..1",
) -> None:
    """Evaluate a run, an exported file or a network of another maker, and show the result."""
    from monitor.cli.training.evaluation import show_judgement
    from monitor.vision.emotion import WEIGHTS
    from training.emotion.evaluation.foreign import load_foreign
    from training.emotion.study import evaluate_file, evaluate_foreign, evaluate_run

    if model is not None and not model.exists():
        raise UsageError(f"{model} is neither a run nor a model; give a run's folder or an ONNX file.")
    if model is not None and model.is_file() and not model.with_suffix(".sha256").exists():
        # `muster train export` puts a .sha256 file beside what it writes.
        foreign = load_foreign(model, pixels)
        tell(foreign.told, err)
        judgement = evaluate_foreign(foreign, model.name, faces, split, votes=votes, report=to)
        show_judgement(judgement, json=json, more={"model": str(model)})
    elif model is not None and model.is_dir():
        show_judgement(evaluate_run(model, faces, split, votes=votes), json=json, more={"run": str(model)})
    else:
        judgement = evaluate_file(model or WEIGHTS, faces, split, votes=votes, report=to)
        show_judgement(judgement, json=json, more={"model": str(model or WEIGHTS)})
