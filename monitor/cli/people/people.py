"""`muster people`: everyone enrolled, and what may be done with what is kept about them."""

import getpass
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import ConfigOption, DbOption, JsonOption, emit, out, settings_from
from monitor.cli.people.change import change, rename
from monitor.cli.people.export_and_erase import erase, export
from monitor.cli.people.person import Who, find, say, store
from monitor.cli.people.template_review import review_growth
from monitor.errors import UsageError
from monitor.text import printable

app = command_group("List, rename, merge, export and erase people.")


class Kind(StrEnum):
    FACE = "face"
    MOOD = "mood"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"


@app.command("list")
def list_(
    search: Annotated[str, typer.Option(help="Part of a name, number or group.")] = "",
    group: Annotated[str | None, typer.Option(help="Only this group.")] = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Only those who are not recognised any more.")] = False,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everyone enrolled."""
    from db.engine import open_database
    from monitor.cli.people.records import summary_json
    from monitor.desk.people.people import list_people

    found = list_people(open_database(settings_from(db, config).db, read_only=True), search, group, inactive=inactive)
    if as_json:
        for one in found:
            emit(summary_json(one))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for heading in ("Name", "Number", "Group"):
        table.add_column(heading, overflow="fold")
    for heading in ("Images", "Face", "Mood", "Alike", "Active"):
        table.add_column(heading, no_wrap=True)
    for one in found:
        person = one.person
        cells = (person.name, person.number or "", person.group or "", str(one.templates))
        consent = (_answer(one.face_consent), _answer(one.mood_consent))
        rest = (str(one.look_alikes or ""), "yes" if person.active else "no")
        table.add_row(*(Text(printable(cell, 60)) for cell in (*cells, *consent, *rest)))
    if found:
        out.print(table)
    elif search or group is not None or inactive:
        out.print("Nobody enrolled is like that; see everyone with 'muster people list'.")
    else:
        out.print("Nobody is enrolled yet; start with 'muster enroll import'.")


@app.command()
def show(who: Who, db: DbOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """One person: images and how well they fit, consents, look-alikes."""
    from monitor.cli.people.records import person_json
    from monitor.desk.people.people import person_record

    engine, cipher = store(db, config, read_only=True)
    record = person_json(person_record(engine, cipher, find(engine, who).id))
    if as_json:
        emit(record)
        return

    def line(text: str) -> None:
        out.print(printable(text, 300), markup=False, soft_wrap=True)

    line(f"{record['person']}  ({record['id']})")
    line(f"  active: {'yes' if record['active'] else 'no'}")
    for field in ("number", "group", "notes"):
        if record[field] not in (None, ""):
            line(f"  {field}: {record[field]}")
    for image in record["images"]:
        fit = "" if image["fit"] is None else f", fits with {image['fit']:.3f}"
        line(f"  image {image['id']}: {image['source']}{fit}")
    for consent in record["consents"]:
        line(f"  {consent['kind']}: {'yes' if consent['given'] else 'no'}, {consent['at']} by {consent['recorded_by']}")
    for other in record["look_alikes"]:
        line(f"  looks like {other['person']} (similarity {other['similarity']:.3f})")


app.command()(rename)
app.command()(change)


@app.command()
def merge(
    source: Who,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The person who stays.")],
    force: Annotated[bool, typer.Option("--force", help="Also when their faces differ.")] = False,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make two people one: images, attendance and moods of the first become the second's."""
    from monitor.desk.people import merging

    engine, cipher = store(db, config)
    first, second = find(engine, source), find(engine, into)
    at, actor = datetime.now(UTC), getpass.getuser()
    try:
        merging.merge(engine, cipher, first.id, second.id, at=at, actor=actor, force=force)
    except merging.FacesDifferError as refusal:
        raise UsageError(f"{str(refusal).removesuffix('.')}; add --force if they are.", code=refusal.code) from None
    say(f"{first.name} was merged into {second.name}.", {"merged": first.name, "into": second.name}, as_json)


@app.command()
def split(
    who: Who,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="The image's id, from 'muster people show'.")],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who gets it; made if not enrolled.")],
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move one image to another person."""
    from monitor.desk.people import merging

    try:
        template = UUID(image)
    except ValueError:
        raise UsageError(f"{image!r} is no id of an image; see 'muster people show'.") from None
    engine, cipher = store(db, config)
    person = find(engine, who)
    at, actor = datetime.now(UTC), getpass.getuser()
    other = merging.split(engine, cipher, person.id, template, to, at=at, actor=actor)
    say(f"The image is {other.name}'s now.", {"image": image, "from": person.name, "to": other.name}, as_json)


@app.command()
def consent(
    who: Who,
    kind: Annotated[Kind, typer.Argument(metavar="face|mood", help="What it is about.")],
    answer: Annotated[Answer, typer.Argument(metavar="yes|no", help="What the person said.")],
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write down what a person agrees to or refuses; who refuses "face" is not recognised."""
    from monitor.desk.people import changes

    engine, _ = store(db, config)
    person = find(engine, who)
    given = answer is Answer.YES
    changes.set_consents(engine, person.id, {kind.value: given}, at=datetime.now(UTC), actor=getpass.getuser())
    sentence = f"{person.name} {'agrees to' if given else 'refuses'} {kind.value}."
    say(sentence, {"person": person.name, "kind": kind.value, "given": given}, as_json)


@app.command()
def pin(
    who: Who,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the PIN.")] = False,
    number: Annotated[str | None, typer.Option(help="Give the person this number first.")] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the PIN with which a person checks in when the camera does not know them; it is asked for twice.

    A script sends it as a line on standard input.
    """
    from monitor.attendance.pin import SHORTEST
    from monitor.desk.people import changes

    engine, _ = store(db, config)
    person, typed = find(engine, who), None
    if not remove:
        if person.number is None and number is None:
            raise UsageError(f"{person.name} has no number to type before the PIN; give one with --number.")
        typed = _typed_pin(f"PIN, at least {SHORTEST} digits")
    changes.set_pin(engine, person.id, typed, number=number, at=datetime.now(UTC), actor=getpass.getuser())
    sentence = f"{person.name} {'has no PIN any more' if remove else 'checks in with number and PIN from now on'}."
    say(sentence, {"person": person.name, "pin": not remove}, as_json)


@app.command()
def deactivate(who: Who, db: DbOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Keep a person, but neither recognise nor expect them any more."""
    _set_active(who, False, db, config, as_json)


@app.command()
def activate(who: Who, db: DbOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Recognise a deactivated person again."""
    _set_active(who, True, db, config, as_json)


app.command()(export)
app.command()(erase)
app.command("review-growth")(review_growth)


@app.command("re-encode")
def re_encode(db: DbOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Compute templates of an older encoder anew, from the faces that were kept."""
    from enroll.people import reencode
    from monitor.vision.encoder import FaceEncoder
    from monitor.vision.stills import embed_stills

    engine, cipher = store(db, config)
    encoder = FaceEncoder()
    images = missing = 0
    at, actor = datetime.now(UTC), getpass.getuser()
    for done in reencode.re_encode(
        engine, cipher, lambda chip: embed_stills(encoder, chip[None])[0], at=at, actor=actor
    ):
        images, missing = images + done.images, missing + done.without_face
        record = {"person": done.person, "images": done.images, "without_face": done.without_face}
        say(f"{done.person}: {done.images} templates, {done.without_face} need a new image.", record, as_json)
    say(f"{images} templates were computed anew.", {"summary": {"images": images, "without_face": missing}}, as_json)
    if missing:
        raise typer.Exit(3)


def _typed_pin(question: str) -> str:
    """The PIN, typed twice and unseen; without a terminal, which alone can hide it, the next line of the input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageError("No PIN was set; type it in a terminal, or send it as a line on standard input.")
        return line
    try:
        return str(typer.prompt(question, hide_input=True, confirmation_prompt="Again", err=True))
    except typer.Abort:
        raise UsageError("No PIN was set; type it twice when it is asked for.") from None


def _set_active(who: str, active: bool, db: str | None, config: Path | None, as_json: bool) -> None:
    from monitor.desk.people import changes

    engine, _ = store(db, config)
    person = changes.set_active(engine, find(engine, who).id, active, at=datetime.now(UTC), actor=getpass.getuser())
    state = "is recognised again" if active else "is kept, but not recognised any more"
    say(f"{person.name} {state}.", {"person": person.name, "active": active}, as_json)


def _answer(given: bool | None) -> str:
    return "-" if given is None else "yes" if given else "no"
