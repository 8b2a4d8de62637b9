"""Taking back what was done at the desk, by what the audit log says of it. Each function blocks.

An act is the entries of one moment by one actor. It is taken back by new rows: the audit log gets an entry "undo", and
the ledger a void.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, scrub, writing
from db.faces import templates
from db.observations import sightings
from db.people import consents, desk_users, pages, people, pins
from db.privacy import erasure, merges
from db.records.people import ConsentKind, Person
from db.records.privacy import AuditEntry
from enroll.people.store import renew
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.days.corrections import write_void
from monitor.desk.people.act_words import ACTS, words
from monitor.desk.people.merging import give_portrait
from monitor.desk.people.undo_calendar import CALENDAR
from monitor.errors import UsageError
from monitor.text import plural

_LOOKED_AT: Final = 5_000
"""So many of the newest entries are looked at."""
_OF_OTHER_DOORS: Final = frozenset({"muster db forward", "muster db follow"})
"""Who does here what was done at another door."""
_OF_NOBODY: Final = frozenset({"discard visitor", desk_users.ADDED, desk_users.REMOVED, *CALENDAR})
"""Acts that need not be about a person."""
_UNDO: Final = "undo"
_REASON: Final = "taken back"
_MOVE_BACK: Final = (
    "Move the image back with 'muster people split', or make one person of both with 'muster people merge'."
)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done at the desk or on the command line, and was not taken back."""

    id: UUID
    """Its newest entry in the audit log."""
    at: datetime
    actor: str
    words: str
    """What was done: "the renaming of Ada to Ada Byron"."""
    can_be_undone: bool
    instead: str = ""
    """What to do where it cannot be undone, a sentence; empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What taking something back needs."""

    session: Session
    cipher: TemplateCipher
    settings: Settings
    by: Actor


_Undo = Callable[[_Context, Sequence[AuditEntry]], None]


def acts(engine: Engine, limit: int = 20) -> list[Act]:
    """The last acts that were not taken back, the newest first. Raises: DatabaseError."""
    with reading(engine) as session:
        return [_act(session, found) for found, _ in zip(_acts(session), range(limit), strict=False)]


def offered(engine: Engine) -> tuple[list[Act], Act | None]:
    """The newest act that can be taken back, behind the newer ones that cannot. Raises: DatabaseError."""
    with reading(engine) as session:
        return _offered(session)


def refusal(passed: Sequence[Act], act: Act | None) -> str:
    """What to say where the last act cannot be taken back: what is passed over, and what comes before it.

    Args:
        passed, act: as `offered` returns them.
    """
    if not passed:
        return "There is nothing to take back."
    last, *others = passed
    more = f" and {plural(len(others), 'act')} before it" if others else ""
    told = f"What was done last, {last.words},{more} cannot be taken back.{last.instead and f' {last.instead}'}"
    return f"{told} What can be is {act.words}." if act else f"{told} Nothing else can be, either."


def undo_last(
    engine: Engine, cipher: TemplateCipher, settings: Settings, act: UUID | None = None, **by: Unpack[Actor]
) -> Act:
    """Take back the last act, or the one with this id.

    Returns:
        What was taken back.

    Raises:
        UsageError: there is nothing to take back, it cannot be taken back, or something was built on it since.
        DatabaseError: the database cannot be read or written; nothing is changed then.
    """
    with writing(engine) as session:
        if act is None:
            passed, offer = _offered(session)
            if passed or offer is None:
                give = f" Take it back with 'muster people undo {offer.id}'." if offer else ""
                raise UsageError(refusal(passed, offer) + give, code="not-undoable")
        found = next((one for one in _acts(session) if act is None or one[0].id == act), None)
        if found is None:
            raise UsageError("There is no such act to take back; see 'muster people undo --list'.")
        undone = _act(session, found)
        undo = _how(found)
        if undo is None:
            told = f"This cannot be taken back: {undone.words}. {undone.instead}".strip()
            raise UsageError(told, code="not-undoable")
        there = {entry.id for entry in audit.of_moment(session, by["at"])}
        undo(_Context(session, cipher, settings, by), found)
        session.flush()
        written = [str(entry.id) for entry in audit.of_moment(session, by["at"]) if entry.id not in there]
        person = next((one.person for one in found if one.person and _exists(session, one.person)), None)
        detail = {"undoes": [str(entry.id) for entry in found], "wrote": written}
        audit.note(session, _UNDO, person=person, detail=detail, **by)
    if any(entry.action == "add" for entry in found):
        scrub(engine)
    return undone


def _acts(session: Session) -> Iterator[list[AuditEntry]]:
    """The entries of each act that was not taken back, the newest first."""
    entries = audit.newest(session, _LOOKED_AT)
    if len(entries) == _LOOKED_AT:  # the oldest act is whole, too
        entries += [one for one in audit.of_moment(session, entries[-1].at) if one.id < entries[-1].id]
    undone = [one.detail for one in entries if one.action == _UNDO]
    gone = {id for detail in undone for key in ("undoes", "wrote") for id in detail.get(key, ())}
    ours = (one for one in entries if one.action in ACTS and one.actor not in _OF_OTHER_DOORS)
    left = [one for one in ours if str(one.id) not in gone]
    for _, found in groupby(left, key=lambda one: (one.at, one.actor)):
        act = [one for one in found if not _at_the_door(session, one) and not _of_the_erased(one)]
        if act:
            yield act


def _offered(session: Session) -> tuple[list[Act], Act | None]:
    passed: list[Act] = []
    for one in (_act(session, found) for found in _acts(session)):
        if one.can_be_undone:
            return passed, one
        passed.append(one)
    return passed, None


def _at_the_door(session: Session, entry: AuditEntry) -> bool:
    """Whether somebody did it at the door: a PIN, or "not me"."""
    if entry.event is None:
        return False
    event = ledger.get(session, entry.event)
    return event is None or event.method != "manual" or entry.detail.get("reason") == "not me"


def _of_the_erased(entry: AuditEntry) -> bool:
    """Whether the person was erased since, and with them what is known of the act."""
    return entry.person is None and entry.action in _EACH.keys() - _OF_NOBODY


def _act(session: Session, found: Sequence[AuditEntry]) -> Act:
    instead = _MOVE_BACK if any(one.detail.get("moved") for one in found) else ""
    return Act(found[0].id, found[0].at, found[0].actor, words(session, found), _how(found) is not None, instead)


def _how(found: Sequence[AuditEntry]) -> _Undo | None:
    """How to take the act back; None where it cannot be."""
    actions = {one.action for one in found}
    if "name visitor" in actions:
        return _unname
    return _each if actions <= _EACH.keys() else None


def _each(context: _Context, found: Sequence[AuditEntry]) -> None:
    for entry in found:
        _EACH[entry.action](context, entry)


def _field(context: _Context, entry: AuditEntry) -> None:
    """Give a person the name, number, group or notes of before; the PIN that went with a number comes back with it."""
    name, put = _FIELDS[entry.action]
    session, before = context.session, entry.detail.get("before")
    _require(getattr(people.get_person(session, _person(entry)), name), entry, name)
    put(session, _person(entry), before, **context.by)
    kept = audit.kept(session, entry.id) if name == "number" and before is not None else None
    if kept is not None:
        pins.set_pin(session, _person(entry), kept["pin_hash"])
        audit.forget(session, entry.id)


def _active(context: _Context, entry: AuditEntry) -> None:
    before = entry.detail.get("before", entry.action == "deactivate")
    people.set_active(context.session, _person(entry), before, **context.by)


def _consent(context: _Context, entry: AuditEntry) -> None:
    kind: ConsentKind = entry.detail["kind"]
    _require(consents.current(context.session, _person(entry), kind), entry, "decision")
    consents.set_consent(context.session, _person(entry), kind, entry.detail["before"], **context.by)


def _pin(context: _Context, entry: AuditEntry) -> None:
    kept = audit.kept(context.session, entry.id)
    if kept is None:
        raise UsageError("The PIN of before was not kept; set a new one.")
    if pins.set_pin(context.session, _person(entry), kept["before"]) != kept["after"]:
        raise _changed_since("PIN")
    audit.forget(context.session, entry.id)


def _merge(context: _Context, entry: AuditEntry) -> None:
    session = context.session
    both = merges.take_back(session, context.cipher, entry.id, **context.by)
    for person in both:
        give_portrait(session, context.cipher, person, at=context.by["at"])
    renew(session, context.cipher, [people.get_person(session, one) for one in both], at=context.by["at"])


def _discard(context: _Context, entry: AuditEntry) -> None:
    sightings.give_back_face(context.session, UUID(entry.detail["sighting"]), entry.id)


def _desk_user_added(context: _Context, entry: AuditEntry) -> None:
    desk_users.remove(context.session, UUID(entry.detail["user"]), **context.by)


def _desk_user_removed(context: _Context, entry: AuditEntry) -> None:
    kept = audit.kept(context.session, entry.id)
    if kept is None:
        raise UsageError("The PIN of before was not kept; add the person to the desk anew.")
    desk_users.add(context.session, kept["name"], kept["pin_hash"], **context.by)
    audit.forget(context.session, entry.id)


def _event(context: _Context, entry: AuditEntry) -> None:
    """Void the row: a void of a void lets what was voided count again, one of a correction what was corrected."""
    if entry.event is None:
        raise _changed_since("entry")
    write_void(context.session, context.settings, entry.event, _REASON, **context.by)


def _calendar(context: _Context, entry: AuditEntry) -> None:
    CALENDAR[entry.action](context.session, entry, context.by)


def _unname(context: _Context, found: Sequence[AuditEntry]) -> None:
    """Make somebody who was named an unknown visitor again, and delete the images that the naming gave them."""
    session, by = context.session, context.by
    named = [one for one in found if one.action == "name visitor"]
    person = _person(named[0])
    is_new = any(one.action == "add" for one in found)
    who = people.get_person(session, person)
    if is_new and ledger.of_person(session, person):
        raise UsageError(f"{who.name} has come since; rename, merge or erase them on the People screen.")
    for entry in named:
        sightings.give_back_face(session, UUID(entry.detail["sighting"]), entry.id)
    if is_new:
        erasure.erase(session, person, **by)
        return
    for image in templates.list_templates(session, person):
        if image.created_at == found[0].at:
            templates.delete_template(session, image.id, **by)
    renew(session, context.cipher, [who], at=by["at"])


_FIELDS: Final[Mapping[str, tuple[str, Callable[..., Person]]]] = {
    "rename": ("name", people.rename), "number": ("number", people.set_number), "group": ("group", people.set_group),
    "notes": ("notes", people.set_notes),
}  # fmt: skip
"""What each of these acts changes of a person, and what changes it."""
_EACH: Final[Mapping[str, Callable[[_Context, AuditEntry], None]]] = {
    **dict.fromkeys(_FIELDS, _field), "activate": _active, "deactivate": _active, "consent": _consent,
    "set pin": _pin, "remove pin": _pin, "merge": _merge, "discard visitor": _discard, "void": _event,
    "correct": _event, "add check_in": _event, "add check_out": _event, **dict.fromkeys(CALENDAR, _calendar),
    desk_users.ADDED: _desk_user_added, desk_users.REMOVED: _desk_user_removed,
}  # fmt: skip
"""How one entry of an act is taken back."""


def _person(entry: AuditEntry) -> UUID:
    if entry.person is None:
        raise UsageError("The person was erased since.")
    return entry.person


def _require(now: object, entry: AuditEntry, what: str) -> None:
    """Only what is still as the act left it is taken back."""
    if "after" not in entry.detail or "before" not in entry.detail:
        raise UsageError(f"The {what} of before was not kept; change it by hand.")
    if now != entry.detail["after"]:
        raise _changed_since(what)


def _changed_since(what: str) -> UsageError:
    return UsageError(f"The {what} was changed again since; change it by hand.", code="changed-since")


def _exists(session: Session, person: UUID) -> bool:
    return bool(pages.names(session, [person]))
