"""`muster visitors`: unknown faces that the door has seen, one line per likely person; named, merged or discarded."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, err, shared, tell
from monitor.cli.people.consents import ConsentOption, consents_of
from monitor.collector import paused_collector
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.records.people import Person
    from monitor.config import Settings
    from monitor.desk.people.visitor_naming import VisitorEnrolled
    from monitor.desk.people.visitors import VisitorGroup

app = command_group("Unknown faces: list, name, merge with somebody, or discard them.")

VisitorArgument = Annotated[
    str, typer.Argument(metavar="VISITOR", help="The id, or the end of it, from 'muster visitors list'.")
]

ArrivedOption = Annotated[
    bool | None,
    typer.Option("--arrived/--not-arrived", help="Whether to write down that they came when they were seen today."),
]


@app.command("list")
@shared
@paused_collector(skipping=True)  # of what is imported
def list_(run: Run) -> None:
    """Unknown faces, the latest first; who came several times is one line."""
    from monitor.cli.table import show_list
    from monitor.desk.people.visitors import all_visitors

    engine, cipher = run.open_store(read_only=True)
    zone = run.settings().zone
    groups = all_visitors(engine, cipher, zone)

    def record(one: "VisitorGroup") -> dict[str, Any]:
        times = {"first": one.first_at.astimezone(zone), "last": one.last_at.astimezone(zone)}
        return {"visitor": one.key, "visits": len(one.visits), "days": one.days, **times}

    def cells(one: "VisitorGroup") -> list[str]:
        times = local_time(one.first_at, zone), local_time(one.last_at, zone)
        return [one.key[-_SHOWN:], str(len(one.visits)), str(one.days), *times]

    heads = ("Visitor", "Visits", "Days", "First seen", "Last seen")
    end = f"{plural(len(groups), 'visitor')}." if groups else "No unknown faces are kept."
    show_list(run, groups, record, heads, cells, end, right=("Visits", "Days"))


@app.command()
@shared
def name(
    run: Run,
    visitor: VisitorArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is; a new person.")],
    consent: ConsentOption = None,
    arrived: ArrivedOption = None,
) -> None:
    """Enrol a visitor as a new person, from the best shots.

    The door that saw them today did not know them: at a terminal you are asked whether to write down that they came.
    """
    from monitor.desk.people import visitor_naming, visitors

    agreed = consents_of(consent)
    settings = run.settings()
    engine, cipher = run.open_store(settings)
    group = visitors.find_visitor(engine, cipher, settings.zone, visitor)
    given = dict.fromkeys(agreed, True)
    done = visitor_naming.name(engine, cipher, group, name, settings.quality, given, **run.stamp)
    _told(run, done, "enrolled")
    _offer_arrival(run, settings, engine, group, done.person, arrived)


@app.command()
@shared
def merge(
    run: Run,
    visitor: VisitorArgument,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who it is: a name, number or id.")],
    force: Annotated[bool, typer.Option("--force", help="Also when their faces differ.")] = False,
    arrived: ArrivedOption = None,
) -> None:
    """Say that a visitor is somebody who is enrolled already; the best shots become their images."""
    from monitor.desk.people import visitor_naming, visitors
    from monitor.desk.people.finding import find_person
    from monitor.desk.people.merging import FacesDifferError
    from monitor.errors import UsageError

    settings = run.settings()
    engine, cipher = run.open_store(settings)
    group = visitors.find_visitor(engine, cipher, settings.zone, visitor)
    who = find_person(engine, person)
    try:
        done = visitor_naming.is_person(engine, cipher, group, who.id, settings.quality, force=force, **run.stamp)
    except FacesDifferError as refusal:
        raise UsageError(f"{str(refusal).removesuffix('.')}; add --force if they are.", code=refusal.code) from None
    _told(run, done, "merged")
    _offer_arrival(run, settings, engine, group, who, arrived)


@app.command()
@shared
def discard(run: Run, visitor: VisitorArgument) -> None:
    """Delete a visitor's faces; the sightings stay on record."""
    from monitor.desk.people import visitors

    settings = run.settings()
    engine, cipher = run.open_store(settings)
    group = visitors.find_visitor(engine, cipher, settings.zone, visitor)
    visitors.discard(engine, group, **run.stamp)
    run.say(f"{plural(len(group.visits), 'face')} deleted.", {"visitor": group.key, "faces": len(group.visits)})


def _offer_arrival(
    run: Run, settings: "Settings", engine: "Engine", group: "VisitorGroup", person: "Person", arrived: bool | None
) -> None:
    """Write down when they came today, where that is wished; without an option, ask at a terminal."""
    from monitor.desk.people import visitor_naming

    came = visitor_naming.came_today(group, settings.zone, run.at)
    if came is None:
        return
    seen = f"{printable(person.name)} was seen today at {came.astimezone(settings.zone):%H:%M}"
    if arrived is None and not run.as_json and sys.stdin.isatty():
        arrived = typer.confirm(f"{seen}. Write down that they came in then?", err=True)
    if arrived:
        visitor_naming.write_arrival(engine, settings, person.id, came, **run.stamp)
        tell(f"{seen}: it is written down that they came in then.", err)
    elif arrived is None:
        tell(f"{seen}; with --arrived it is written down that they came in then.", err)


def _told(run: Run, done: "VisitorEnrolled", what: str) -> None:
    """Print what became of a visitor."""
    reasons = [one.reason for one in done.rejected]
    looks = [one.name for one in done.alike]
    record = {
        "person": done.person.name, "id": str(done.person.id), what: True, "taken": done.taken,
        "rejected": reasons, "look_alikes": looks, "namesakes": done.namesakes,
    }  # fmt: skip
    run.say(f"The visitor is {done.person.name} now; {plural(done.taken, 'shot')} became images.", record)
    if looks:
        tell(f"Looks like {', '.join(looks)}: if it is the same person, use 'muster people merge'.", err)
    if done.namesakes > 1:
        tell(f"{done.namesakes} people have this name now; give them numbers, or merge them.", err)


_SHOWN = 8
"""Letters of an id that are shown; they are drawn by chance, so that they tell visitors apart."""
