"""`muster train eigenfaces`: the eigenface study."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import JsonOption, emit, err, out
from monitor.cli.progress import Show, progress_bar
from monitor.errors import UsageError

if TYPE_CHECKING:
    from training.eigenfaces.study.study import StudyRun


def eigenfaces(
    data: Annotated[
        str,
        typer.Option(
            metavar="NAME|FOLDER",
            help="olivetti, orl, or a folder with one sub-folder a person; "
            "auto takes Olivetti where it is found, else ORL.",
        ),
    ] = "auto",
    data_home: Annotated[
        Path | None, typer.Option(envvar="MUSTER_OLIVETTI", metavar="FOLDER", help="Holds olivetti_py3.pkz.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Run folder; .runs/eigenfaces-DATE by default.")
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this step; give it again for more: faces, split, toy, projection, components, eigenfaces, svc, "
            "classifiers, leak, search, lda, best, curves, methods, verification, robustness, model.",
        ),
    ] = None,
    subjects: Annotated[
        str | None, typer.Option(metavar="N,N,…", help="People whose images are all shown (0,5,21,24,36).")
    ] = None,
    people: Annotated[int, typer.Option(min=1, help="How many people to project on two components.")] = 10,
    components: Annotated[int | None, typer.Option(help="Whitened components; the classic 90 by default.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the split and of everything random.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; as many as the machine has cores.")] = None,
    json: JsonOption = False,
) -> None:
    """Study face recognition with PCA: one HTML report, PNGs and a JSON with every number."""
    shown = _numbers(subjects)
    from training.eigenfaces.context import StudySettings
    from training.eigenfaces.load import load_faces
    from training.eigenfaces.study.study import STEPS, run_study

    unknown = [name for name in step or () if name not in STEPS]
    if unknown:
        raise UsageError(f"There is no step {unknown[0]!r}; choose from {', '.join(STEPS)}.")
    faces = load_faces(data, data_home)
    if data == "auto" and faces.source.startswith("ORL"):
        words = "Olivetti is not here (--data-home names its folder); studying ORL, the same people."
        err.print(words, markup=False, soft_wrap=True)
    settings = StudySettings(components, shown, people, seed, **({"jobs": jobs} if jobs else {}))
    folder = output or Path(".runs") / f"eigenfaces-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    with progress_bar() as show:
        run = run_study(faces, folder, settings=settings, steps=tuple(step or ()), progress=_each_step(show))
    _tell(run, json)


def _numbers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        numbers = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if not numbers:
        raise UsageError(f"{text!r} is no list of subjects; write numbers with commas, such as 0,5,21.")
    return numbers


def _tell(run: "StudyRun", json: bool) -> None:
    headlines = run.contents["headlines"]
    if json:
        emit({
            "report": str(run.report),
            "numbers": str(run.numbers),
            "seconds": run.contents["seconds"],
            "headlines": headlines,
        })  # fmt: skip
        return
    from rich.table import Table

    if headlines:
        table = Table("", "", "", box=None, show_header=False, padding=(0, 2, 0, 0))
        for line in headlines:
            table.add_row(line["name"], line["measure"], f"{line['value']:.1%}".replace("%", " %"))
        out.print(table)
    out.print(f"{run.report} ({run.contents['seconds']:.0f} s)", markup=False, soft_wrap=True)


def _each_step(show: Show) -> Callable[[str, float, int], None]:
    """The progress callback of a study: the bar on a terminal, a line for each step elsewhere."""
    told = ""

    def tell(title: str, done: float, total: int) -> None:
        nonlocal told
        show(title, done, total)
        if not err.is_terminal and title != told:
            err.print(f"{int(done)}/{total} {title}", markup=False)
        told = title

    return tell
