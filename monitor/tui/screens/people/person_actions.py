"""What the desk may change about one person: what is asked, what is done with the answers, what is said after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from db.records import ConsentKind, Person
from monitor.desk.people import changes
from monitor.desk.people.export_and_erase import Erasure, export_name, export_zip
from monitor.desk.people.export_and_erase import erase as erase_person
from monitor.desk.people.people import PersonDetails
from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.screens.desk import DESK, NEW_PIN, check_new_pin
from monitor.tui.screens.people.person_text import called
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

GIVEN = (("given", "yes"), ("refused", "no"))


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a person."""

    dialog: Dialog
    job: Callable[[Answers], Callable[[], Any]]
    """What to do with the answers; the returned job blocks."""
    done: str | Callable[[Any], str]
    """What is said when it is done, or what makes it of the job's result."""


Maker: TypeAlias = Callable[[DeskApp, PersonDetails], Change]


def rename(app: DeskApp, details: PersonDetails) -> Change:
    field = Ask("value", "Name", details.person.name)
    text = f"{called(details.person)} is shown by this name from now on, also in days gone by."

    def job(answers: Answers) -> Callable[[], tuple[Person, int]]:
        rename = changes.rename
        return partial(rename, app.engine, details.person.id, answers["value"], at=app.clock(), actor=DESK)

    return Change(Dialog("Rename", text, [field], yes="Rename"), job, renamed_text)


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

    def job(answers: Answers) -> Callable[[], None]:
        given: dict[ConsentKind, bool] = {"face": answers["face"] == "yes", "mood": answers["mood"] == "yes"}
        set_consents = changes.set_consents
        return partial(set_consents, app.engine, details.person.id, given, at=app.clock(), actor=DESK)

    dialog = Dialog("Consent", f"What {called(details.person)} agreed to.", fields, yes="Write down")
    return Change(dialog, job, "The decision is written down.")


def door_pin(app: DeskApp, details: PersonDetails) -> Change:
    text = (
        f"{called(details.person)} types their number and this PIN at the door when the face is not recognised. "
        "Leave both empty to remove it."
    )
    dialog = Dialog("PIN for the door", text, NEW_PIN, yes="Set", check=check_new_pin)

    def job(answers: Answers) -> Callable[[], None]:
        pin = answers["pin"] or None
        return partial(changes.set_pin, app.engine, details.person.id, pin, at=app.clock(), actor=DESK)

    return Change(dialog, job, "The PIN for the door is changed.")


def erase(app: DeskApp, details: PersonDetails) -> Change:
    text = (
        f"Delete {called(details.person)} with {len(details.templates)} images, consents, sightings and moods. "
        "The ledger keeps the events without a name. This cannot be undone."
    )
    dialog = Dialog("Erase for good", text, yes="Erase", danger=True)

    def job(_: Answers) -> Callable[[], Erasure]:
        return partial(erase_person, app.engine, details.person, at=app.clock(), actor=DESK)

    return Change(dialog, job, erased_text)


def export(app: DeskApp, details: PersonDetails) -> Change:
    person = details.person
    text = f"Everything about {called(details.person)}, with the faces, as a ZIP archive."
    field = Ask("file", "Into the file", str(Path.home() / export_name(person)))
    dialog = Dialog("Write all data", text, [field], yes="Write")

    def job(answers: Answers) -> Callable[[], str]:
        file = Path(answers["file"].strip()).expanduser()
        return partial(write, file)

    def write(file: Path) -> str:
        """In a worker."""
        export_zip(app.engine, app.cipher, person, file, at=app.clock())
        return f"Written to {file}. Keep the file safe, and delete it when it is handed over."

    return Change(dialog, job, str)


CHANGES: Mapping[str, Maker] = MappingProxyType(
    {
        "rename": rename, "number": number, "group": group, "notes": notes, "consent": consent,
        "door_pin": door_pin, "erase": erase, "export": export,
    }
)  # fmt: skip
"""By the name that the keys of the people screen use."""


def renamed_text(done: tuple[Person, int]) -> str:
    """What the desk should know after a person was renamed."""
    if done[1] > 1:
        return f"Renamed. {done[1]} people have this name now: give them numbers, or merge them with M."
    return "Renamed."


def erased_text(done: Erasure) -> str:
    """The receipt of an erasure."""
    receipt = done.receipt
    gone = (
        f"Erased: {receipt.templates} images, {receipt.consents} consents, {receipt.sightings} sightings, "
        f"{receipt.mood_samples} moods. {receipt.events_kept} entries stay in the ledger without a name."
    )
    if done.traces_left:
        return f"{gone} Another program still holds the database's log: close it, then press U on the System screen."
    return f"{gone} Nothing was found in the database file any more." if done.files_searched else gone


def _set(
    app: DeskApp, details: PersonDetails, what: Literal["number", "group", "notes"]
) -> Callable[[Answers], Callable[[], Person]]:
    def job(answers: Answers) -> Callable[[], Person]:
        wanted = {what: answers["value"]}
        return partial(changes.change, app.engine, details.person.id, **wanted, at=app.clock(), actor=DESK)

    return job
