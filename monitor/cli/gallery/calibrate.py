"""`muster calibrate`: how often a stranger would be given a name, and who would not be recognised."""

import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import Run, emit, out, shared, tell
from monitor.cli.progress import picture_progress, working
from monitor.errors import UsageError
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from enroll.evaluation.calibration import Calibration
    from enroll.evaluation.evaluate import Recipe
    from enroll.evaluation.left_out import EnrolledPeople
    from enroll.evaluation.what_if import WhatIf
    from monitor.config import Settings
    from monitor.vision.encoder import Embeddings

StrangersOption = Annotated[
    Path | None,
    typer.Option("--strangers", metavar="FOLDER", help="Pictures of people who are not enrolled.", readable=False),
]
WhatIfOption = Annotated[
    float | None,
    typer.Option("--what-if", metavar="FPIR", help="Show which past sightings would change under this target."),
]
SaveOption = Annotated[bool, typer.Option("--save", help="Write the target of --what-if into the configuration file.")]
EvaluateOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--evaluate", metavar="FOLDER", help="Measure on a folder of known people instead; repeatable.", readable=False
    ),
]

_VARIABLE = "MUSTER_TARGET_FPIR"


@shared
def calibrate(
    run: Run,
    strangers: StrangersOption = None,
    what_if: WhatIfOption = None,
    save: SaveOption = False,
    days: Annotated[int, typer.Option(min=1, help="How far --what-if looks back.")] = 30,
    evaluate: EvaluateOption = None,
    enrolled: Annotated[int, typer.Option(min=1, help="Pictures per person that --evaluate enrols.")] = 1,
    figure: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the curves as PNG, SVG or PDF.")] = None,
    liveness: Annotated[
        bool,
        typer.Option("--liveness", help="Present people, prints and screens to the camera and count what gets in."),
    ] = False,
    nightly: Annotated[
        bool,
        typer.Option("--nightly", help="Match kept views and strangers against the gallery; who is missed most often."),
    ] = False,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Of --liveness: another camera, file or stream.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Of --liveness: how often each kind is presented.")] = 5,
) -> None:
    """Expected errors of the enrolled gallery; or, with --evaluate, of Muster and the classic recipe on a folder."""
    settings = run.settings(source=source)
    if liveness or nightly:
        _measure_the_site(run, settings, rounds if liveness else None)
        return
    if save and (what_if is None or evaluate):
        raise UsageError("--save writes the target of --what-if; give --what-if too.")
    if figure is not None:
        import matplotlib  # noqa: F401  fails before anything is computed where the extra is missing
    if evaluate:
        _evaluate(evaluate, enrolled, settings, figure, as_json=run.as_json)
        return
    from db.engine import reading
    from enroll.evaluation.calibration import calibrate as judge
    from enroll.evaluation.curves import save_gallery
    from enroll.evaluation.left_out import load_people
    from monitor.config_file import save_setting

    engine, cipher = run.open_store(settings, read_only=True)
    with working("Reading the gallery"), reading(engine) as session:
        people = load_people(session, cipher)
    outsiders = _embed(strangers, as_json=run.as_json)
    target, margin = settings.target_fpir, settings.match_margin
    with working("Comparing everybody with everybody"):
        found = judge(people, outsiders, target_fpir=target, margin=margin, encoders=settings.encoder)
    if figure is not None:
        save_gallery(found.curve, found.threshold, figure)
    with working("Looking at past sightings"):
        changes = None if what_if is None else _past(engine, settings, what_if, days, people)
    saved = None
    if save and what_if is not None:
        saved = run.config_file
        with run.changing_settings():
            save_setting(saved, "target_fpir", what_if)
    if run.as_json:
        record = found.record() | {"target_fpir": settings.target_fpir}
        record |= {} if changes is None else {"what_if": [one.record() for one in changes.changes]}
        emit(record if saved is None else record | {"saved": str(saved)})
        return
    _tell(found, settings.target_fpir)
    if figure is not None:
        tell(f"The curves are in {figure}.")
    if changes is not None and what_if is not None:
        _tell_past(changes, what_if, days, settings.zone, saved)


def _measure_the_site(run: Run, settings: "Settings", rounds: int | None) -> None:
    """Measure what happens at this door: with `rounds`, how often prints and screens get in; else who is missed."""
    if rounds is None:
        from monitor.cli.gallery.nightly import tell_nightly

        tell_nightly(run, settings)
    else:
        from monitor.cli.gallery.liveness import try_liveness

        try_liveness(run, settings, rounds)


def _evaluate(folders: list[Path], enrolled: int, settings: "Settings", figure: Path | None, *, as_json: bool) -> None:
    from enroll.evaluation.curves import draw_identification, save_identification
    from enroll.evaluation.evaluate import FPIR, embed_batch, evaluate, joined
    from enroll.evaluation.rates import paired
    from enroll.imports.run import open_batch

    with ExitStack() as stack:
        batch = joined([stack.enter_context(open_batch(folder)) for folder in folders])
        with picture_progress(as_json=as_json) as advance:
            faces = embed_batch(batch, workers=os.cpu_count() or 1, on_progress=advance)
    recipes = evaluate(
        faces,
        enrolled=enrolled,
        target_fpir=settings.target_fpir,
        margin=settings.match_margin,
        encoders=settings.encoder,
    )
    if figure is not None:
        save_identification(recipes, figure)
    if as_json:
        for recipe in recipes:
            emit(recipe.record())
        between = paired(recipes[0].trials, recipes[1].trials, FPIR)
        summary = {"people": recipes[0].people, "probes": len(recipes[0].trials.genuine), "missed": list(faces.missed)}
        only = {"only_muster_misses": between.only_one, "only_classic_misses": between.only_other, "p": between.chance}
        emit({"summary": summary | {"enrolled_images": enrolled} | only})
        return
    _tell_recipes(recipes, enrolled, len(faces.missed))
    typer.echo(draw_identification(recipes, width=min(out.width, 100)))
    if figure is not None:
        tell(f"The curves are in {figure}.")


def _tell_recipes(recipes: "tuple[Recipe, ...]", enrolled: int, missed: int) -> None:
    from enroll.evaluation.evaluate import FPIR
    from enroll.evaluation.rates import paired
    from monitor.cli.table import table

    pictures = "one picture" if enrolled == 1 else f"up to {enrolled} pictures"
    faceless = f"; on {plural(missed, 'picture')} no face was found" if missed else ""
    tell(
        f"{plural(recipes[0].people, 'person', 'people')} enrolled with {pictures} each, "
        f"{plural(len(recipes[0].trials.genuine), 'probe')}{faceless}."
    )
    heads = ("Measure", *(one.name for one in recipes))
    rows = (
        ("Rank-1", *(f"{one.trials.rank1.value:.1%}" for one in recipes)),
        ("FNIR at FPIR 1 %", *(str(one.fnir) for one in recipes)),
        ("Threshold by default", *(one.default_threshold for one in recipes)),
        ("FPIR by default", *(str(one.default_fpir) for one in recipes)),
        ("FNIR by default", *(str(one.default_fnir) for one in recipes)),
    )
    out.print(table(heads, rows, fold=heads))
    between = paired(recipes[0].trials, recipes[1].trials, FPIR)
    tell(
        f"In brackets: 95 % confidence intervals. At FPIR 1 % only Muster misses {plural(between.only_one, 'probe')} "
        f"and only the classic recipe {between.only_other:,}; if both were equally good, a difference as large as this "
        f"would have a probability of {between.chance:.2g}."
    )


def _tell(found: "Calibration", target: float) -> None:
    from enroll.evaluation.curves import draw_gallery
    from monitor.cli.table import table

    tell(f"{plural(found.people, 'person', 'people')} with {plural(found.images, 'image')}.")
    given = found.targets[0].strangers.trials > 0
    heads = ("FPIR", "Threshold", "Expected", "FPIR seen", *(["Strangers"] if given else []), "FNIR seen")
    rows = []
    for one in found.targets:
        mark = " *" if one.target == target else ""
        seen = (one.fpir, one.strangers, one.fnir) if given else (one.fpir, one.fnir)
        rates = [str(rate) if rate.trials else "-" for rate in seen]
        rows.append((f"{one.target:.1%}{mark}", f"{one.threshold:.3f}", f"{one.expected_fpir:.2%}", *rates))
    out.print(table(heads, rows, fold=heads))
    tell(
        "* The target in force. Expected: from the impostor curve, single images. FPIR seen: enrolled images against "
        "everybody else. FNIR seen: each image against its person's others. In brackets: 95 % confidence intervals."
    )
    typer.echo(draw_gallery(found.curve, found.threshold, width=min(out.width, 100)))
    if found.pairs:
        tell("Most similar pairs:")
    for pair in found.pairs:
        tell(f"  {pair.similarity:.3f}  {printable(pair.one, 40)} and {printable(pair.other, 40)}")
    if found.spread is not None:
        best, worst = found.spread
        tell(f"Expected misses: {best:.1%} of the best served person, {worst:.1%} of the worst.")
    if found.weak:
        tell("More images would help these people most, the worst served first:")
    for weak in found.weak:
        misses = "misses unknown" if weak.misses is None else f"{weak.expected:.1%} expected misses"
        missed = f" ({weak.missed} not recognised by the others)" if weak.missed else ""
        tell(f"  {printable(weak.name, 40)}: {plural(weak.images, 'image')}{missed}, {misses}; add {weak.needed}")


def _tell_past(changes: "WhatIf", target: float, days: int, zone: tzinfo, saved: Path | None) -> None:
    named = sum(one.named for one in changes.changes)
    tell(
        f"With target FPIR {target:g}, of {plural(changes.sightings, 'sighting')} in {plural(days, 'day')} {named:,} "
        f"more would be named and {len(changes.changes) - named:,} would become unknown."
    )
    for one in changes.changes[:20]:
        verb = "would be named" if one.named else "would not be named"
        tell(f"  {local_time(one.at, zone)} {printable(one.person, 40)} {verb} (similarity {one.similarity:.3f})")
    if saved is None:
        tell("Nothing was changed; --save writes this target into the configuration file.")
        return
    tell(f"target_fpir = {target:g} is in {saved}; restart running kiosks.")
    if _VARIABLE in os.environ:
        tell(f"But the variable {_VARIABLE} is set and overrides the file; unset it.")


def _past(engine: "Engine", settings: "Settings", target: float, days: int, people: "EnrolledPeople") -> "WhatIf":
    from db.engine import reading
    from enroll.evaluation.what_if import what_if

    if not 0 < target < 1:
        raise UsageError("--what-if is not between 0 and 1; give a target FPIR such as 0.001.")
    now = datetime.now(UTC)
    with reading(engine) as session:
        return what_if(
            session,
            now - timedelta(days=days),
            now,
            before=settings.target_fpir,
            after=target,
            margin=settings.match_margin,
            size=len(people.ids),
            extra_margins=dict(zip(people.ids, people.extra_margins, strict=True)),
        )


def _embed(folder: Path | None, *, as_json: bool) -> "Embeddings":
    import numpy as np

    from monitor.domain import EMBEDDING_SIZE

    if folder is None:
        return np.empty((0, EMBEDDING_SIZE), np.float32)
    from enroll.evaluation.evaluate import embed_batch
    from enroll.imports.run import open_batch

    with open_batch(folder) as batch, picture_progress(as_json=as_json) as advance:
        return embed_batch(batch, workers=os.cpu_count() or 1, on_progress=advance).embeddings
