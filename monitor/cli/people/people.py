"""`muster people`: everyone enrolled, and what may be done with what is kept about them."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, err, id_of, out, shared, tell
from monitor.cli.people.change import activate, change, deactivate, rename, undo
from monitor.cli.people.consents import consent
from monitor.cli.people.export_and_erase import erase, export
from monitor.cli.people.merge import merge
from monitor.cli.people.options import Who, open_person, typed_pin
from monitor.cli.people.template_review import review_growth
from monitor.collector import paused_collector
from monitor.errors import UsageError
from monitor.text import local_time, plural, printable

if TYPE_CHECKING:
    from db.records.people import PersonSummary

app = command_group("List, rename, merge, export and erase people.")


@app.command("list")
@shared
@paused_collector(skipping=True)  # of what is imported
def list_(
    run: Run,
    search: Annotated[str, typer.Option(help="Part of a name, number or group.")] = "",
    group: Annotated[str | None, typer.Option(help="Only this group.")] = None,
    inactive: Annotated[bool, typer.Option("--inactive", help="Only those who are not recognised any more.")] = False,
    consent_missing: Annotated[
        bool, typer.Option("--consent-missing", help="Only those whom nobody asked; no mood of theirs is kept.")
    ] = False,
) -> None:
    """Everyone enrolled."""
    from monitor.cli.people.records import summary_json
    from monitor.cli.table import show_list
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.people.listing import list_people

    engine = run.database()
    group = known_group(engine, group) if group is not None else None
    found = list_people(engine, search, group, inactive=inactive, consent_missing=consent_missing)
    filtered = search or group is not None or inactive or consent_missing
    nobody = "Nobody is enrolled yet; start with 'muster enroll import'."
    if filtered:
        nobody = "Nobody matches; see everyone with 'muster people list'."
    heads = ("Name", "Number", "Group", "Images", "Face\nconsent", "Mood\nconsent", "Look-\nalikes", "Active")
    same = {name for name, number in Counter(one.person.name for one in found).items() if number > 1}
    least = {"Name": 12, "Number": 5, "Group": 5}
    if same:
        least = {"Name": 36, "Number": 3, "Group": 2}  # an id that is cut cannot be copied
    end = f"{plural(len(found), 'person', 'people')}." if found else nobody
    show_list(
        run, found, summary_json, heads, lambda one: _cells(one, with_id=one.person.name in same), end, least=least
    )


@app.command()
@shared
def show(run: Run, who: Who) -> None:
    """One person: images and how well they fit, consents, look-alikes."""
    from monitor.cli.people.records import person_json
    from monitor.desk.people.people import person_record

    engine, cipher, person = open_person(run, who, read_only=True)
    found = person_record(engine, cipher, person.id)
    if run.as_json:
        emit(person_json(found))
        return
    lines = [f"active: {_answer(person.active)}"]
    details = {"number": person.number, "group": person.group, "notes": person.notes}
    lines += [f"{name}: {text}" for name, text in details.items() if text]
    zone = run.settings().zone
    for number, image in enumerate(found.images, 1):
        fit = "" if image.fit is None else f", similarity to the others {image.fit:.3f}"
        alone = "" if image.both else ", seen by one face encoder only: run 'muster people re-encode'"
        lines.append(f"image {number}, {local_time(image.template.created_at, zone)}{fit}{alone}")
    for one in found.consents:
        given = "taken back" if one.given is None else _answer(one.given)
        decided = f"{given}, {local_time(one.at, zone)} by {one.recorded_by}"
        lines.append(f"{one.kind} consent: {decided}")
    lines += [f"looks like {name} (similarity {similarity:.3f})" for name, similarity in found.look_alikes]
    tell(printable(f"{person.name} ({person.id})", 300))
    for line in lines:
        tell(f"  {printable(line, 300)}")


app.command()(rename)
app.command()(change)
app.command()(undo)


app.command()(merge)


@app.command()
@shared
def split(
    run: Run,
    who: Who,
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="The image's number, from 'muster people show', or its id.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who gets the image; enrolled if they are not yet.")],
) -> None:
    """Move one image to another person.

    'muster people undo' does not take it back: move the image back, or merge the two.
    """
    from monitor.desk.people import merging

    template = int(image) if image.isdecimal() else id_of(image, "an image", "muster people show")
    engine, cipher, person = open_person(run, who)
    other = merging.split(engine, cipher, person.id, template, to, **run.stamp)
    run.say(f"The image now belongs to {other.name}.", {"image": image, "from": person.name, "to": other.name})


app.command()(consent)


@app.command()
@shared
def pin(
    run: Run,
    who: Who,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the PIN.")] = False,
    number: Annotated[str | None, typer.Option(help="Give the person this number first.")] = None,
) -> None:
    """Set the PIN with which a person checks in when the camera does not know them; it is asked for twice.

    A script sends it as a line on standard input.
    """
    from monitor.desk.people import changes

    engine, cipher, person = open_person(run, who)
    shortest = run.settings().pin_digits
    typed = None
    if not remove:
        if person.number is None and number is None:
            raise UsageError(f"{person.name} has no number to type before the PIN; give one with --number.")
        typed = typed_pin(f"PIN, at least {shortest} digits")
    removed = "has no PIN any more" if changes.has_pin(engine, person) else "had no PIN"
    changes.change(engine, person.id, number=number, pin=changes.NewPin(typed, cipher, shortest), **run.stamp)
    told = removed if remove else "checks in with number and PIN from now on"
    run.say(f"{person.name} {told}.", {"person": person.name, "pin": not remove})


app.command()(deactivate)
app.command()(activate)
app.command()(export)
app.command()(erase)
app.command("review-growth")(review_growth)


@app.command("re-encode")
@shared
def re_encode(run: Run) -> None:
    """Compute templates that lack a present encoder's part anew; from the faces that were kept."""
    from enroll.people import reencode
    from monitor.cli.progress import progress_bar

    engine, cipher = run.open_store()
    images = missing = 0
    with progress_bar("Computing templates anew", out if out.is_terminal and not run.as_json else err) as show:
        for done in reencode.re_encode(engine, cipher, reencode.KeptFaces().embed, **run.stamp):
            images, missing = images + done.images, missing + done.without_face
            record = {"person": done.person, "images": done.images, "without_face": done.without_face}
            new = f"{done.without_face:,} {'needs' if done.without_face == 1 else 'need'} a new image"
            run.say(f"{done.person}: {plural(done.images, 'template')}, {new}.", record)
            show(f"Computing templates anew: {images:,} images", 0, None)
    summary = {"summary": {"images": images, "without_face": missing}}
    run.say(f"Templates computed anew: {images:,}.", summary)
    if missing:
        raise typer.Exit(3)


def _cells(one: "PersonSummary", *, with_id: bool) -> list[str]:
    """Two people of one name are told apart by their ids, which every command takes."""
    person = one.person
    name = f"{person.name}\n{person.id}" if with_id else person.name
    cells = [name, person.number or "", person.group or "", str(one.templates), _answer(one.face_consent)]
    return [*cells, _answer(one.mood_consent), str(one.look_alikes or ""), _answer(person.active)]


def _answer(given: bool | None) -> str:
    return "-" if given is None else "yes" if given else "no"
