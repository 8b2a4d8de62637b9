"""`muster people review-growth`: captures from the door that would join templates, and those that did."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from monitor.cli.options import ConfigOption, DbOption, JsonOption, emit, out
from monitor.cli.people.person import find, say, store
from monitor.errors import UsageError
from monitor.text import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from db.records import Person, WaitingCandidate
    from monitor.desk.people.template_review import Grown


def review_growth(
    who: Annotated[str | None, typer.Argument(metavar="[PERSON]", help="Only this person's.")] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="ID", help="Let a capture join its template; repeatable.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option("--reject", metavar="ID", help="Delete a capture unused; repeatable.")
    ] = None,
    roll_back: Annotated[
        list[str] | None,
        typer.Option("--roll-back", metavar="ID", help="Take out what was accepted; 'all' with a PERSON; repeatable."),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="Write the waiting faces there, to look at.")
    ] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Faces seen at the door that would make templates better: list them, accept, reject or roll back."""
    engine, cipher = store(db, config, read_only=not (accept or reject or roll_back))
    person = find(engine, who) if who else None
    for capture in accept or ():
        _accept(engine, cipher, person, _id(capture), as_json)
    for capture in reject or ():
        _reject(engine, person, _id(capture), as_json)
    for template in roll_back or ():
        _roll_back(engine, cipher, person, template, as_json)
    if pictures is not None:
        _write_pictures(engine, cipher, person, pictures, as_json)
    elif not (accept or reject or roll_back):
        _list(engine, person, as_json)


def _list(engine: "Engine", person: "Person | None", as_json: bool) -> None:
    from monitor.desk.people import template_review

    waiting, grown = template_review.waiting(engine, person), template_review.grown(engine, person)
    if as_json:
        for record in (*map(_record, waiting), *map(_record, grown)):
            emit(record)
        return
    if not waiting and not grown:
        out.print(
            "No capture waits for a review. They are taken at the door when grow_templates is set.", soft_wrap=True
        )
    for capture in waiting:
        seen = f"{capture.similarity:.3f} sure, {capture.nearest:.3f} like the nearest image"
        line = f"{capture.id}  waits  {printable(capture.name, 40)}  {capture.at:%Y-%m-%d %H:%M} UTC  {seen}"
        out.print(line, markup=False, soft_wrap=True)
    for one in grown:
        doubt = "  its entry was voided: roll it back" if one.voided else ""
        line = f"{one.template.id}  grown  {printable(one.name, 40)}  {one.template.source}{doubt}"
        out.print(line, markup=False, soft_wrap=True)


def _accept(engine: "Engine", cipher: "TemplateCipher", person: "Person | None", capture: UUID, as_json: bool) -> None:
    from monitor.desk.people import template_review

    done = template_review.accept(engine, cipher, capture, at=datetime.now(UTC), actor=getpass.getuser(), of=person)
    alike = [{"person": one.name, "similarity": round(one.similarity, 4)} for one in done.alike]
    looks = f"; looks like {', '.join(one.name for one in done.alike)}" if done.alike else ""
    record = {"accepted": str(done.template.id), "person": done.name, "images": done.members, "look_alikes": alike}
    say(f"{done.name} is recognised by {done.members} images from now on{looks}.", record, as_json)


def _reject(engine: "Engine", person: "Person | None", capture: UUID, as_json: bool) -> None:
    from monitor.desk.people import template_review

    one = template_review.reject(engine, capture, at=datetime.now(UTC), actor=getpass.getuser(), of=person)
    say(f"The capture of {one.name} is deleted.", {"rejected": str(one.id), "person": one.name}, as_json)


def _roll_back(
    engine: "Engine", cipher: "TemplateCipher", person: "Person | None", template: str, as_json: bool
) -> None:
    from monitor.desk.people import template_review

    at, actor = datetime.now(UTC), getpass.getuser()
    if template != "all":
        whose = template_review.roll_back(engine, cipher, _id(template), at=at, actor=actor, of=person)
        say(f"{whose.name}'s template is without it again.", {"rolled_back": template, "person": whose.name}, as_json)
        return
    if person is None:
        raise UsageError("'--roll-back all' needs the PERSON whose template it is about.")
    count = template_review.roll_back_all(engine, cipher, person, at=at, actor=actor)
    say(f"Taken out of {person.name}'s template: {count}.", {"rolled_back": count}, as_json)


def _write_pictures(
    engine: "Engine", cipher: "TemplateCipher", person: "Person | None", folder: Path, as_json: bool
) -> None:
    from monitor.desk.people import template_review

    waiting = template_review.waiting(engine, person)
    template_review.write_pictures(engine, cipher, waiting, folder)
    record = {"folder": str(folder), "pictures": len(waiting)}
    say(f"Faces in {folder}: {len(waiting)}; delete them after the review.", record, as_json)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UsageError(f"{text!r} is no id of a capture; see 'muster people review-growth'.") from None


def _record(one: "WaitingCandidate | Grown") -> dict[str, Any]:
    """As JSON."""
    from monitor.desk.people.template_review import Grown

    if isinstance(one, Grown):
        at = one.template.created_at.isoformat(timespec="seconds")
        shared = {"id": str(one.template.id), "person": one.name, "state": "grown", "at": at}
        return shared | {"source": one.template.source, "voided": one.voided}
    return {
        "id": str(one.id),
        "person": one.name,
        "state": "waiting",
        "at": one.at.isoformat(timespec="seconds"),
        "similarity": round(one.similarity, 4),
        "above_threshold": round(one.lead, 4),
        "nearest_image": round(one.nearest, 4),
        "quality": dict(one.quality),
    }
