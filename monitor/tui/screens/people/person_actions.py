"""What the desk may change about one person: what is asked, what is done with the answers, what is said after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from enroll.people.export_and_erase import export_name, export_zip
from monitor.attendance.pin import SHORTEST
from monitor.desk import people as queries
from monitor.desk.people import PersonDetails, Property
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.people.person_text import called
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

GIVEN = (("given", "yes"), ("refused", "no"))


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a person."""

    dialog: Dialog
    job: Callable[[Answers], Callable[[], str | None]]
    """What to do with the answers; the returned job blocks."""
    done: str
    """What is said when it is done."""


Maker: TypeAlias = Callable[[DeskApp, PersonDetails], Change]


def rename(app: DeskApp, details: PersonDetails) -> Change:
    field = Ask("value", "Name", details.person.name)
    text = f"{called(details.person)} is shown by this name from now on, also in days gone by."
    return Change(Dialog("Rename", text, [field], yes="Rename"), _set(app, details, "rename"), "Renamed.")


def number(app: DeskApp, details: PersonDetails) -> Change:
    field = Ask("value", "Personnel or student number", details.person.number or "", optional=True)
    text = f"What {called(details.person)} types at the door before the PIN; leave it empty to remove both."
    dialog = Dialog("Number", text, [field], yes="Set")
    return Change(dialog, _set(app, details, "number"), "The number is set.")


def group(app: DeskApp, details: PersonDetails) -> Change:
    field = Ask("value", "Group", details.person.group or "", optional=True)
    return Change(
        Dialog("Group", called(details.person), [field], yes="Set"), _set(app, details, "group"), "The group is set."
    )


def notes(app: DeskApp, details: PersonDetails) -> Change:
    field = Ask("value", "Notes", clean(details.person.notes, 2000), optional=True)
    dialog = Dialog("Notes", f"About {called(details.person)}, for the desk only.", [field], yes="Keep")
    return Change(dialog, _set(app, details, "notes"), "The notes are kept.")


def consent(app: DeskApp, details: PersonDetails) -> Change:
    face = "yes" if details.face_consent and details.face_consent.given else "no"
    mood = "yes" if details.mood_consent and details.mood_consent.given else "no"
    fields = [Ask("face", "To be recognised", face, GIVEN), Ask("mood", "To have moods estimated", mood, GIVEN)]

    def job(answers: Answers) -> Callable[[], str | None]:
        decided = answers["face"] == "yes", answers["mood"] == "yes"
        return partial(queries.set_consents, app.engine, details.person.id, *decided, app.clock())

    dialog = Dialog("Consent", f"What {called(details.person)} agreed to.", fields, yes="Write down")
    return Change(dialog, job, "The decision is written down.")


def door_pin(app: DeskApp, details: PersonDetails) -> Change:
    fields = [Ask("pin", "New PIN", secret=True, optional=True), Ask("again", "Again", secret=True, optional=True)]
    text = (
        f"{called(details.person)} types their number and this PIN at the door when the face is not recognised. "
        "Leave both empty to remove it."
    )
    dialog = Dialog("PIN for the door", text, fields, yes="Set", check=check_digits)

    def job(answers: Answers) -> Callable[[], str | None]:
        return partial(queries.set_door_pin, app.engine, details.person.id, answers["pin"], app.clock())

    return Change(dialog, job, "The PIN for the door is changed.")


def erase(app: DeskApp, details: PersonDetails) -> Change:
    text = (
        f"Delete {called(details.person)} with {len(details.templates)} images, consents, sightings and moods. "
        "The ledger keeps the events without a name. This cannot be undone."
    )
    dialog = Dialog("Erase for good", text, yes="Erase", danger=True)
    return Change(dialog, lambda _: partial(queries.erase_person, app.engine, details.person, app.clock()), "Erased.")


def export(app: DeskApp, details: PersonDetails) -> Change:
    person = details.person
    text = f"Everything about {called(details.person)}, with the faces, as a ZIP archive."
    field = Ask("file", "Into the file", str(Path.home() / export_name(person)))
    dialog = Dialog("Write all data", text, [field], yes="Write")

    def job(answers: Answers) -> Callable[[], str | None]:
        file = Path(answers["file"].strip()).expanduser()
        return partial(write, file)

    def write(file: Path) -> str:
        """In a worker."""
        export_zip(app.engine, app.cipher, person, file, at=app.clock())
        return f"Written to {file}. Keep the file safe, and delete it when it is handed over."

    return Change(dialog, job, "Written.")


CHANGES: Mapping[str, Maker] = MappingProxyType(
    {
        "rename": rename, "number": number, "group": group, "notes": notes, "consent": consent,
        "door_pin": door_pin, "erase": erase, "export": export,
    }
)  # fmt: skip
"""By the name that the keys of the people screen use."""


def check_digits(answers: Answers) -> str | None:
    """What is wrong with a PIN that is typed at the door, or None."""
    pin = answers["pin"]
    if pin != answers["again"]:
        return "The two are not the same."
    if pin and (len(pin) < SHORTEST or not (pin.isascii() and pin.isdigit())):
        return f"A PIN for the door has at least {SHORTEST} digits, and nothing else."
    return None


def _set(app: DeskApp, details: PersonDetails, what: Property) -> Callable[[Answers], Callable[[], str | None]]:
    def job(answers: Answers) -> Callable[[], str | None]:
        return partial(queries.change_person, app.engine, details.person.id, what, answers["value"], app.clock())

    return job
