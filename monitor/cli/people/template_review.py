"""`muster people review-growth`: captures from the door that would join templates, and those that did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from monitor.cli.options import Run, emit, id_of, shared, tell
from monitor.errors import UsageError
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from db.records.faces import WaitingCandidate
    from db.records.people import Person
    from monitor.desk.people.template_review import Grown


@shared
def review_growth(
    run: Run,
    who: Annotated[str | None, typer.Argument(metavar="[PERSON]", help="Only this person's.")] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="ID", help="Let a capture join its template; repeatable.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option("--reject", metavar="ID", help="Delete a capture unused; repeatable.")
    ] = None,
    roll_back: Annotated[
        list[str] | None,
        typer.Option("--roll-back", metavar="ID", help="Remove an accepted image; 'all' with a PERSON; repeatable."),
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="Write the waiting faces into this folder.")
    ] = None,
) -> None:
    """Faces seen at the door that would make templates better: list them, accept, reject or roll back."""
    from monitor.desk.people import template_review
    from monitor.desk.people.finding import find_person

    changing = bool(accept or reject or roll_back)
    engine, cipher = run.open_store(read_only=not changing)
    person = find_person(engine, who) if who else None
    for capture in accept or ():
        done = template_review.accept(engine, cipher, _capture(capture), **run.stamp, of=person)
        alike = [{"person": one.name, "similarity": round(one.similarity, 4)} for one in done.alike]
        looks = f"; looks like {', '.join(one.name for one in done.alike)}" if done.alike else ""
        record = {"accepted": str(done.template.id), "person": done.name, "images": done.members, "look_alikes": alike}
        run.say(f"{done.name} is now recognised by {plural(done.members, 'image')}{looks}.", record)
    for capture in reject or ():
        gone = template_review.reject(engine, _capture(capture), **run.stamp, of=person)
        run.say(f"The capture of {gone.name} was deleted.", {"rejected": str(gone.id), "person": gone.name})
    for template in roll_back or ():
        _roll_back(run, engine, cipher, person, template)
    if pictures is not None:
        waiting = template_review.waiting(engine, person)
        template_review.write_pictures(engine, cipher, waiting, pictures)
        run.note_export("pictures of captures", pictures, person=person.id if person else None)
        record = {"folder": str(pictures), "pictures": len(waiting)}
        run.say(f"{plural(len(waiting), 'face')} in {pictures}; delete the folder after the review.", record)
    elif not changing:
        _list(run, engine, person)


def _list(run: Run, engine: "Engine", person: "Person | None") -> None:
    from monitor.desk.people import template_review

    waiting, grown = template_review.waiting(engine, person), template_review.grown(engine, person)
    if run.as_json:
        for record in (*map(_record, waiting), *map(_record, grown)):
            emit(record)
        return
    if not waiting and not grown:
        tell("No capture waits for a review. The door takes captures when the setting grow_templates is true.")
    zone = run.settings().zone
    for capture in waiting:
        seen = f"similarity {capture.similarity:.3f}, to the nearest image {capture.nearest:.3f}"
        tell(f"{capture.id}  waits     {printable(capture.name, 40)}  {local_time(capture.at, zone)}  {seen}")
    for one in grown:
        doubt = "  its attendance entry was voided: roll it back" if one.voided else ""
        tell(f"{one.template.id}  accepted  {printable(one.name, 40)}  {one.template.source}{doubt}")


def _roll_back(run: Run, engine: "Engine", cipher: "TemplateCipher", person: "Person | None", template: str) -> None:
    from monitor.desk.people import template_review

    if template != "all":
        whose = template_review.roll_back(engine, cipher, _capture(template), **run.stamp, of=person)
        record = {"rolled_back": template, "person": whose.name}
        run.say(f"The image was removed from {whose.name}'s template.", record)
        return
    if person is None:
        raise UsageError("'--roll-back all' needs the PERSON whose template it is about.")
    count = template_review.roll_back_all(engine, cipher, person, **run.stamp)
    run.say(f"{plural(count, 'image')} removed from {person.name}'s template.", {"rolled_back": count})


def _capture(text: str) -> UUID:
    return id_of(text, "a capture", "muster people review-growth")


def _record(one: "WaitingCandidate | Grown") -> dict[str, Any]:
    """One line of `--json`."""
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
