"""`muster bench`: the speed and memory of this machine, each figure beside a baseline of the same run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import JsonOption, emit, err, out, tell

if TYPE_CHECKING:
    from monitor.bench.measure import Measure


def bench(
    clip: Annotated[
        list[Path] | None,
        typer.Option("--clip", metavar="FILE", help="Video to measure on, repeatable; by default a simulated one."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="NAME", help="encoder, flow, liveness, empty, detection, matching or startup; repeatable."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer samples, and no gallery of a million.")] = False,
    json: JsonOption = False,
) -> None:
    """Measure this machine against the classic webcam loop of face_recognition, dlib and numpy."""
    from monitor.bench.run import FULL, QUICK, run_bench

    measures = []
    with err.status("Measuring ...") as status:
        for measure in run_bench(
            only or (), clip or (), QUICK if quick else FULL, say=lambda part: status.update(f"Measuring {part} ...")
        ):
            measures.append(measure)
            if json:
                emit(measure.as_json())
    if not json:
        _print_table(measures)


def _print_table(measures: "list[Measure]") -> None:
    from monitor.cli.table import table

    numbers = ("Muster", "Baseline", "Times better")
    rows = [(one.name, f"{one.value:,.4g}", f"{one.baseline:,.4g}", f"{one.ratio:,.3g}", one.unit) for one in measures]
    out.print(table(("Measure", *numbers, "Unit"), rows, fold=("Measure",), right=numbers))
    tell("Times better: above 1, Muster is better than the baseline of the same run.")
