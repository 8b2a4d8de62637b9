"""`muster bench`: the speed and memory of this machine, each figure beside a baseline of the same run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import JsonOption, emit, err, out

if TYPE_CHECKING:
    from monitor.bench.measure import Measure


def bench(
    clip: Annotated[
        list[Path] | None,
        typer.Option("--clip", metavar="FILE", help="Video to measure on, repeatable; by default a simulated one."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="encoder, flow, detection, matching or startup; repeatable."),
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
    from rich.table import Table
    from rich.text import Text

    table = Table("Measure", caption="Times better: above 1, Muster is better than the baseline of the same run.")
    for heading in ("Muster", "Baseline", "Unit", "Times better"):
        table.add_column(heading, justify="left" if heading == "Unit" else "right")
    for measure in measures:
        figures = f"{measure.value:,.4g}", f"{measure.baseline:,.4g}", measure.unit, f"{measure.ratio:,.3g}"
        table.add_row(Text(measure.name), *figures)
    out.print(table)
