"""The changes that the desk may make to one person: each asks, writes, and says what was done."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from db.records.pages import Page
from db.records.people import Consent, ConsentKind, Person, PersonSummary
from monitor.desk.people import changes
from monitor.desk.people.export_and_erase import Erasure, export_name, export_zip
from monitor.desk.people.export_and_erase import erase as erase_person
from monitor.desk.people.people import PersonDetails
from monitor.errors import UsageError
from monitor.text import plural
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.people.person_text import called
from monitor.tui.style.text import clean
from monitor.tui.widgets.dialogs import YES_NO, Answers, Ask, Dialog, ask_file
from monitor.tui.widgets.new_pin import check_new_pin

Screen: TypeAlias = DeskScreen[Page[PersonSummary]]

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


NO_PIN = "-"
"""Typed instead of a PIN, it removes the PIN."""


_ON_LINES = "The notes have several lines; change them with 'muster people change NAME --notes TEXT'."


def edit(screen: Screen, details: PersonDetails) -> None:
    """One form for what is written down of a person."""
    app = screen.app
    person, shortest = details.person, app.settings.pin_digits
    before = {
        "name": person.name,
        "number": person.number or "",
        "group": person.group or "",
        "notes": clean(person.notes, 2 * len(person.notes) + 1),
        "active": "yes" if person.active else "no",
    }
    on_lines = len(person.notes.splitlines()) > 1
    fields = [
        Ask("name", "Name", before["name"]),
        Ask("number", "Number, typed at the door before the PIN", before["number"], optional=True),
        Ask("group", "Group", before["group"], optional=True),
        Ask("active", "Recognised and expected", before["active"], YES_NO),
        *([] if on_lines else [Ask("notes", "Notes, for the desk only", before["notes"], optional=True)]),
        Ask("pin", f"New door PIN: empty keeps it, {NO_PIN} removes it", secret=True, optional=True),
        Ask("again", "Repeat the PIN", secret=True, optional=True),
    ]

    def job(answers: Answers) -> Callable[[], tuple[Person, int]]:
        new: dict[str, object] = {key: value for key, value in answers.items() if before.get(key, value) != value}
        if answers["pin"] != NO_PIN:
            check_new_pin(shortest, answers)
        if "active" in new:
            new["active"] = answers["active"] == "yes"
        if answers["pin"]:
            new["pin"] = changes.NewPin(None if answers["pin"] == NO_PIN else answers["pin"], app.cipher, shortest)
        return app.by_desk(changes.change, person.id, **new)

    dialog = Dialog(f"Change {clean(person.name, 40)}", _ON_LINES if on_lines else "", fields, yes="Change")
    screen.ask(dialog, job, lambda done: changed_text(person, *done))


def consent(screen: Screen, details: PersonDetails) -> None:
    """Ask what the person agreed to."""
    decided: dict[ConsentKind, Consent | None] = {"face": details.face_consent, "mood": details.mood_consent}
    fields = consent_fields({kind: None if one is None else one.given for kind, one in decided.items()})

    def job(answers: Answers) -> Callable[[], set[UUID]]:
        return screen.app.by_desk(changes.set_consents, [details.person.id], consents_in(answers))

    text = f"What {called(details.person)} agreed to. Until moods are agreed to, none is kept."
    dialog = Dialog("Consent", text, fields, yes="Record")
    screen.ask(dialog, job, f"The decision is recorded. {UNDO}")


def consent_of_many(screen: Screen, people: Sequence[UUID], asked: Callable[[], object]) -> None:
    """Ask what several people agreed to, each consent by itself.

    Args:
        asked: called when the answers are given.
    """
    fields = [Ask(kind, title, "unasked", (("leave as it is", "unasked"), *GIVEN)) for kind, title in CONSENTS.items()]
    who = plural(len(people), "person", "people")

    def job(answers: Answers) -> Callable[[], set[UUID]]:
        decided = consents_in(answers)
        if not decided:
            raise UsageError("Nothing is chosen: given or refused.")
        asked()
        return screen.app.by_desk(changes.set_consents, people, decided)

    def done(stay: set[UUID]) -> str:
        kept = f" {plural(len(stay), 'person', 'people')} refused before: that stays." if stay else ""
        return f"The decisions of {who} are recorded.{kept} {UNDO}"

    text = "What all of them agreed to. Who refused before stays refused; change that one by one."
    screen.ask(Dialog(f"Consent of {who}", text, fields, yes="Record"), job, done)


def erase(screen: Screen, details: PersonDetails) -> None:
    """Delete everything about a person after a question."""
    text = (
        f"Delete {called(details.person)} with {plural(len(details.templates), 'image')}, consents, sightings and "
        "moods. The ledger keeps the events without a name. This cannot be undone."
    )
    dialog = Dialog("Erase for good", text, yes="Erase", danger=True)
    screen.ask(dialog, lambda _: screen.app.by_desk(erase_person, details.person), erased_text)


def export(screen: Screen, details: PersonDetails) -> None:
    """Ask for a file and write everything about a person to it."""
    app, person = screen.app, details.person
    text = f"All data about {called(person)}, with the faces, as a ZIP archive."
    write = partial(export_zip, app.engine, app.cipher, person, at=app.clock(), actor=app.at_desk)
    advice = "Keep the file safe, and delete it after you handed it over."
    ask_file(app, "Write all data", text, export_name(person), write, advice)


CHANGES: Mapping[str, Callable[[Screen, PersonDetails], None]] = MappingProxyType(
    {"edit": edit, "consent": consent, "erase": erase, "export": export}
)
"""The changes by the names that the actions of the People screen use."""


def changed_text(before: Person, person: Person, namesakes: int) -> str:
    """What the desk should know after a person was changed.

    Args:
        namesakes: people who have that name now, this one included.
    """
    told = f"{clean(person.name, 40)} is changed."
    if person.active != before.active:
        told = f"{clean(person.name, 40)} is {'active again' if person.active else 'kept, but no longer recognised'}."
    if namesakes > 1 and person.name != before.name:
        return f"{told} {namesakes} people have this name now: give them numbers, or merge them."
    return f"{told} {UNDO}"


def erased_text(done: Erasure) -> str:
    """The receipt of an erasure."""
    receipt = done.receipt
    gone = (
        f"Erased: {plural(receipt.templates, 'image')}, {plural(receipt.consents, 'consent')}, "
        f"{plural(receipt.sightings, 'sighting')}, {plural(receipt.mood_samples, 'mood sample')}. "
        f"Kept in the ledger without a name: {plural(receipt.events_kept, 'entry', 'entries')}."
    )
    if done.traces_left:
        return f"{gone} Another program still holds the database's log: close it, then delete expired data on System."
    return f"{gone} Nothing was found in the database file any more." if done.files_searched else gone
