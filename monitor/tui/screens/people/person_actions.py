"""The changes that the desk may make to one person: dialog, job and closing sentence of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from db.records import Consent, ConsentKind, Person
from monitor.desk.people import changes
from monitor.desk.people.export_and_erase import Erasure, export_name, export_zip
from monitor.desk.people.export_and_erase import erase as erase_person
from monitor.desk.people.people import PersonDetails
from monitor.text import plural
from monitor.tui.runtime.desk_app import DESK, DeskApp
from monitor.tui.screens.desk import NEW_PIN, check_new_pin
from monitor.tui.screens.people.person_text import called
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import Answers, Ask, Dialog

GIVEN = (("given", "yes"), ("refused", "no"))
NOT_ASKED = ("not asked", "unasked")
UNDO = "Ctrl+Z takes it back."
CONSENTS: Mapping[ConsentKind, str] = {"face": "To be recognised", "mood": "To have moods estimated"}


def consent_fields(decided: Mapping[ConsentKind, bool | None]) -> list[Ask]:
    """One field a consent; that nobody was asked can be kept, but not said once a decision is written down."""
    answers = {True: "yes", False: "no", None: "unasked"}
    return [
        Ask(kind, title, answers[decided[kind]], GIVEN if decided[kind] is not None else (*GIVEN, NOT_ASKED))
        for kind, title in CONSENTS.items()
    ]


def consents_in(answers: Answers) -> dict[ConsentKind, bool]:
    """The decisions in the answers to `consent_fields`."""
    return {kind: answers[kind] == "yes" for kind in CONSENTS if answers[kind] != "unasked"}


@dataclass(frozen=True, slots=True)
class PersonChange:
    """One change of a person."""

    dialog: Dialog
    job: Callable[[Answers], Callable[[], Any]]
    """What to do with the answers; the returned job blocks."""
    done: str | Callable[[Any], str]
    """The closing sentence, or a function that makes it from the job's result."""


Maker: TypeAlias = Callable[[DeskApp, PersonDetails], PersonChange]


def rename(app: DeskApp, details: PersonDetails) -> PersonChange:
    field = Ask("value", "Name", details.person.name)
    text = f"{called(details.person)} is shown under the new name from now on, for past days too."
    return PersonChange(
        Dialog("Rename", text, [field], yes="Rename"),
        lambda answers: app.by_desk(changes.rename, details.person.id, answers["value"]),
        renamed_text,
    )


def number(app: DeskApp, details: PersonDetails) -> PersonChange:
    field = Ask("value", "Personnel or student number", details.person.number or "", optional=True)
    text = f"{called(details.person)} types it at the door before the PIN. Leave it empty to remove number and PIN."
    dialog = Dialog("Number", text, [field], yes="Set")
    return PersonChange(dialog, _set(app, details, "number"), f"The number is set. {UNDO}")


def group(app: DeskApp, details: PersonDetails) -> PersonChange:
    field = Ask("value", "Group", details.person.group or "", optional=True)
    dialog = Dialog("Group", called(details.person), [field], yes="Set")
    return PersonChange(dialog, _set(app, details, "group"), f"The group is set. {UNDO}")


def notes(app: DeskApp, details: PersonDetails) -> PersonChange:
    field = Ask("value", "Notes", clean(details.person.notes, 2000), optional=True)
    dialog = Dialog("Notes", f"About {called(details.person)}, for the desk only.", [field], yes="Save")
    return PersonChange(dialog, _set(app, details, "notes"), f"The notes are saved. {UNDO}")


def consent(app: DeskApp, details: PersonDetails) -> PersonChange:
    decided: dict[ConsentKind, Consent | None] = {"face": details.face_consent, "mood": details.mood_consent}
    fields = consent_fields({kind: None if one is None else one.given for kind, one in decided.items()})

    def job(answers: Answers) -> Callable[[], None]:
        return app.by_desk(changes.set_consents, details.person.id, consents_in(answers))

    text = f"What {called(details.person)} agreed to. Until moods are agreed to, none is kept."
    dialog = Dialog("Consent", text, fields, yes="Record")
    return PersonChange(dialog, job, f"The decision is recorded. {UNDO}")


def door_pin(app: DeskApp, details: PersonDetails) -> PersonChange:
    text = (
        f"{called(details.person)} types their number and this PIN at the door when the face is not recognised. "
        "Leave both fields empty to remove the PIN."
    )
    dialog = Dialog("Door PIN", text, NEW_PIN, yes="Set", check=partial(check_new_pin, app.settings.pin_digits))
    return PersonChange(
        dialog,
        lambda answers: app.by_desk(
            changes.set_pin,
            details.person.id,
            answers["pin"] or None,
            cipher=app.cipher,
            shortest=app.settings.pin_digits,
        ),
        f"The door PIN is changed. {UNDO}",
    )


def erase(app: DeskApp, details: PersonDetails) -> PersonChange:
    text = (
        f"Delete {called(details.person)} with {plural(len(details.templates), 'image')}, consents, sightings and "
        "moods. The ledger keeps the events without a name. This cannot be undone."
    )
    dialog = Dialog("Erase for good", text, yes="Erase", danger=True)
    return PersonChange(dialog, lambda _: app.by_desk(erase_person, details.person), erased_text)


def export(app: DeskApp, details: PersonDetails) -> PersonChange:
    person = details.person
    text = f"All data about {called(details.person)}, with the faces, as a ZIP archive."
    field = Ask("file", "File", str(Path.home() / export_name(person)))
    dialog = Dialog("Write all data", text, [field], yes="Write")

    def job(answers: Answers) -> Callable[[], str]:
        file = Path(answers["file"].strip()).expanduser()
        return partial(write, file)

    def write(file: Path) -> str:
        """In a worker."""
        export_zip(app.engine, app.cipher, person, file, at=app.clock(), actor=DESK)
        return f"Written to {file}. Keep the file safe, and delete it after you handed it over."

    return PersonChange(dialog, job, str)


CHANGES: Mapping[str, Maker] = MappingProxyType(
    {
        "rename": rename, "number": number, "group": group, "notes": notes, "consent": consent,
        "door_pin": door_pin, "erase": erase, "export": export,
    }
)  # fmt: skip
"""The changes by the names that the People screen's keys use."""


def renamed_text(done: tuple[Person, int]) -> str:
    """What the desk should know after a person was renamed."""
    if done[1] > 1:
        return f"Renamed. {done[1]} people have this name now: give them numbers, or merge them with M."
    return f"Renamed. {UNDO}"


def erased_text(done: Erasure) -> str:
    """The receipt of an erasure."""
    receipt = done.receipt
    gone = (
        f"Erased: {plural(receipt.templates, 'image')}, {plural(receipt.consents, 'consent')}, "
        f"{plural(receipt.sightings, 'sighting')}, {plural(receipt.mood_samples, 'mood sample')}. "
        f"Kept in the ledger without a name: {plural(receipt.events_kept, 'entry', 'entries')}."
    )
    if done.traces_left:
        return f"{gone} Another program still holds the database's log: close it, then press U on the System screen."
    return f"{gone} Nothing was found in the database file any more." if done.files_searched else gone


def _set(app: DeskApp, details: PersonDetails, what: str) -> Callable[[Answers], Callable[[], Person]]:
    return lambda answers: app.by_desk(changes.change, details.person.id, **{what: answers["value"]})
