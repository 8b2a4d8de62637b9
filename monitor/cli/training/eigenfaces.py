"""`muster train eigenfaces`: the eigenface study."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.cli.options import JsonOption, emit, err, out, tell
from monitor.cli.progress import Show, progress_bar
from monitor.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from training.eigenfaces.study.study import StudyRun


DataOption = Annotated[
    str,
    typer.Option(
        metavar="NAME|FOLDER",
        help="olivetti, orl, or a folder with one sub-folder per person; auto: olivetti if its file exists, else orl.",
    ),
]
DataHomeOption = Annotated[
    Path | None, typer.Option(envvar="MUSTER_OLIVETTI", metavar="FOLDER", help="Folder of olivetti_py3.pkz.")
]
OutputOption = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Run folder; .runs/eigenfaces-DATE by default.")
]
StepOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Run only this step; repeat the option for more steps: faces, split, toy, projection, components, "
        "eigenfaces, svc, classifiers, leak, search, lda, best, curves, methods, verification, robustness, model.",
    ),
]
SubjectsOption = Annotated[
    str | None,
    typer.Option(metavar="N,N,…", help="Numbers of the people of whom all images are shown; default 0,5,21,24,36."),
]
PeopleOption = Annotated[int, typer.Option(min=1, help="Number of people in the projection on two components.")]
FacesOption = Annotated[
    int | None,
    typer.Option(
        "--faces", min=1, help="Number of eigenfaces to show; 30 by default, 90 for all of the classic study."
    ),
]
ComponentsOption = Annotated[int | None, typer.Option(help="Number of whitened PCA components; 90 by default.")]
SeedOption = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the split and of all random choices.")]
JobsOption = Annotated[int | None, typer.Option(min=1, help="Number of processes; one per core by default.")]


def eigenfaces(
    data: DataOption = "auto",
    data_home: DataHomeOption = None,
    output: OutputOption = None,
    step: StepOption = None,
    subjects: SubjectsOption = None,
    people: PeopleOption = 10,
    shown_faces: FacesOption = None,
    components: ComponentsOption = None,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Study face recognition with PCA: one HTML report, PNGs and a JSON with every number."""
    who = _numbers(subjects)
    from training.eigenfaces.context import StudySettings
    from training.eigenfaces.load import load_faces
    from training.eigenfaces.study.study import run_study

    faces = load_faces(data, data_home)
    if data == "auto" and faces.source.startswith("ORL"):
        words = "The Olivetti faces were not found (give their folder with --data-home). The study uses ORL instead."
        tell(words, err)
    settings = StudySettings(components, who, people, shown_faces, seed, **({"jobs": jobs} if jobs else {}))
    folder = output or Path(".runs") / f"eigenfaces-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
    with progress_bar("The study begins") as show:
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
        raise UsageError(f"{text!r} is not a list of people; give numbers with commas, such as 0,5,21.")
    return numbers


def _tell(run: "StudyRun", json: bool) -> None:
    headlines, seconds, sections = (run.contents[name] for name in ("headlines", "seconds", "sections"))
    if json:
        six = {"classifiers": sections["classifiers"]["numbers"]} if "classifiers" in sections else {}
        files = {"report": str(run.report), "numbers": str(run.numbers)}
        emit({**files, "seconds": seconds, "headlines": headlines, **six})
        return
    from rich.table import Table

    from training.report import percent

    if headlines:
        table = Table("", "", "", box=None, show_header=False, padding=(0, 2, 0, 0))
        for line in headlines:
            table.add_row(line["name"], line["measure"], percent(line["value"]))
        out.print(table)
    for step in ("classifiers", "lda"):
        if step in sections:
            out.print(_drawn(sections[step]["tables"][0]))
    tell(f"{run.report} ({seconds:.0f} s)")


def _drawn(contents: Mapping[str, Any]) -> "Table":
    """A table of the report, as JSON, for the terminal."""
    from rich.table import Column, Table

    from training.report import format_value

    justify: dict[str, Literal["left"]] = {"text": "left"}
    headings = [Column(name, justify=justify.get(style, "right")) for name, style in contents["columns"]]
    table = Table(*headings, title=contents["caption"], title_justify="left")
    styles = [style for _, style in contents["columns"]]
    for row in contents["rows"]:
        table.add_row(*(format_value(cell, style) for cell, style in zip(row, styles, strict=True)))
    return table


def _each_step(show: Show) -> Callable[[str, float, int], None]:
    """The progress callback of a study: the bar on a terminal, a line for each step elsewhere."""
    told = ""

    def advance(title: str, done: float, total: int) -> None:
        nonlocal told
        show(title, done, total)
        if not err.is_terminal and title != told:
            tell(f"{int(done)}/{total} {title}", err)
        told = title

    return advance
