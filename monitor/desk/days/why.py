"""Why an entry or a face at the door got its name, or none: scores, thresholds, pictures. Every function blocks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import DatabaseDamaged
from db.faces import templates
from db.observations import sightings, views
from db.people import look_alikes, people
from db.records.attendance import AttendanceEvent
from db.records.observations import SightingRecord
from db.records.people import Person
from monitor.config import Settings
from monitor.desk.days.evidence import Otherwise, Score, Seen, Why
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg
from monitor.vision.matching.gallery import extra_margin
from monitor.vision.matching.threshold import CURVES, DLIB

TARGETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
"""The shares of strangers whose thresholds are compared with the one of the time."""
_WORDS: Final = {"check_in": "came in", "check_out": "left", "void": "was made void", "correction": "was corrected"}


def why_sighting(engine: Engine, cipher: TemplateCipher, settings: Settings, sighting: UUID) -> Why:
    """Why a face at the door got its name, or none. Raises: UsageError, where it is not there; DatabaseError."""
    with reading(engine) as session:
        return _of_sighting(session, cipher, settings, sighting)


def why(engine: Engine, cipher: TemplateCipher, settings: Settings, id: UUID) -> Why:
    """Why an entry, or a face at the door, with this id. Raises: UsageError, DatabaseError."""
    with reading(engine) as session:
        if ledger.get(session, id) is None:
            return _of_sighting(session, cipher, settings, id)
        return _of_event(session, cipher, settings, id)


def why_latest(
    engine: Engine,
    cipher: TemplateCipher,
    settings: Settings,
    person: Person,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Why:
    """Why a person's latest entry is there.

    Args:
        start, end: only entries with start <= at < end.

    Raises:
        UsageError: there is no such entry.
        DatabaseError: the database cannot be read.
    """
    with reading(engine) as session:
        events = [
            one
            for one in ledger.of_person(session, person.id)
            if one.kind != "void" and (start is None or one.at >= start) and (end is None or one.at < end)
        ]
        if not events:
            when = "" if start is None else " on that day"
            raise UsageError(f"{person.name} has no entry{when}, so there is nothing to explain.")
        return _of_event(session, cipher, settings, max(events, key=lambda one: (one.at, one.seq)).id)


def _of_event(session: Session, cipher: TemplateCipher, settings: Settings, id: UUID) -> Why:
    event = ledger.get(session, id)
    if event is None:
        raise UsageError(f"There is no entry with the id {id}.")
    rows = [event] if event.person is None else ledger.of_person(session, event.person)
    told = audit.reasons(session, [one.id for one in rows if id in (one.id, one.target)])
    notes = tuple(f"The desk says: {reason}" for reason in told.values())
    voided = corrections.void_of(session, id) is not None
    name = _names(session, [event.person]).get(event.person) if event.person else None
    title = f"{name or 'Somebody who was erased'} {_WORDS[event.corrected_kind or event.kind]}"
    seen = sightings.get(session, event.sighting) if event.sighting else None
    return _told(session, cipher, settings, title=title, event=event, seen=seen, voided=voided, notes=notes)


def _of_sighting(session: Session, cipher: TemplateCipher, settings: Settings, id: UUID) -> Why:
    seen = sightings.get(session, id)
    if seen is None:
        raise UsageError(f"There is no entry and no face with the id {id}; it may be past its time.")
    name = _names(session, [seen.person]).get(seen.person) if seen.person else None
    title = f"{name} was seen" if name else "Somebody unknown was seen"
    return _told(session, cipher, settings, title=title, event=None, seen=seen, voided=False, notes=())


def _told(
    session: Session,
    cipher: TemplateCipher,
    settings: Settings,
    *,
    title: str,
    event: AttendanceEvent | None,
    seen: SightingRecord | None,
    voided: bool,
    notes: tuple[str, ...],
) -> Why:
    who = [seen.best, seen.runner_up] if seen else []
    names = _names(session, who)
    best = runner_up = None
    if seen is not None and seen.similarity is not None:
        best = Score(names.get(seen.best) if seen.best else None, seen.similarity, seen.second_similarity)
    if seen is not None and seen.runner_up_similarity is not None:
        runner_up = Score(names.get(seen.runner_up) if seen.runner_up else None, seen.runner_up_similarity)
    needed, otherwise = _otherwise(session, settings, seen, best)
    pictures, until = _pictures(session, cipher, settings, seen)
    at = event.at if event else seen.first_at if seen else None
    assert at is not None
    kiosk = event.kiosk if event else seen.kiosk if seen else None
    where = {one.id: one.name for one in kiosks.all_kiosks(session)}
    lead = None if best is None else best.similarity - (runner_up.similarity if runner_up else -1.0)
    refused = _not_live(session, seen)
    return Why(
        title=title,
        at=at,
        kiosk=where.get(kiosk, "") if kiosk else "",
        sentence=_sentence(event, seen, best, lead, needed, not_live=bool(refused)),
        method=event.method if event else None,
        event=event.id if event else None,
        sighting=seen,
        best=best,
        runner_up=runner_up,
        needed_lead=needed,
        otherwise=otherwise,
        named_down_to=best.similarity if best and lead is not None and lead >= needed else None,
        enrolled=len(templates.list_templates(session, seen.best)) if seen and seen.best else 0,
        pictures=pictures,
        kept_until=until,
        voided=voided,
        notes=(*notes, *refused),
    )


def _sentence(
    event: AttendanceEvent | None,
    seen: SightingRecord | None,
    best: Score | None,
    lead: float | None,
    needed: float,
    *,
    not_live: bool,
) -> str:
    if event is not None and event.method == "pin":
        return f"Number and PIN were typed at {event.actor}; no face was compared."
    if event is not None and event.method == "manual":
        return f"{event.actor} wrote this entry; no face was compared."
    if seen is None:
        return "The face was recognised, but its sighting is past its time, so scores and pictures are deleted."
    if best is None:
        return "Nobody was named, because nobody was enrolled."
    if seen.person is not None:
        whose = "both encoders agree" if seen.encoders == "both" else "the face is like the enrolled images"
        return f"Named, because {whose}, the similarity is past the threshold, and the next best is far."
    if not_live:
        return "Nobody was named, because the head did not turn as asked: it could have been a photograph."
    name = best.name or "somebody who was erased"
    if best.similarity < seen.threshold:
        return f"Nobody was named, because {name}, the most similar, is {seen.threshold - best.similarity:.3f} too low."
    if lead is not None and lead < needed:
        return f"Nobody was named, because the next best is only {lead:.3f} behind {name}; {needed:.3f} is needed."
    return (
        f"Past the threshold of {name}, but not named: one encoder spoke against the name, too few frames were good, "
        "or the name was taken back."
    )


def _otherwise(
    session: Session, settings: Settings, seen: SightingRecord | None, best: Score | None
) -> tuple[float, tuple[Otherwise, ...]]:
    """The lead that a name needs, and what other targets would have said of this sighting."""
    curve = next((curve for name, curve in CURVES.items() if seen and name == seen.encoders), DLIB)
    alike = look_alikes.count_by_person(session, [seen.best]).get(seen.best, 0) if seen and seen.best else 0
    wrong = look_alikes.wrongly_named(session).get(seen.best, 0) if seen and seen.best else 0
    needed = curve.unit * (settings.match_margin + extra_margin(alike, wrong))
    if seen is None or best is None:
        return needed, ()
    size = max(templates.count_means(session, ENCODER_NAME)[0], 1)
    now = curve.threshold_for(settings.target_fpir, size)
    lead = best.similarity - (seen.runner_up_similarity if seen.runner_up_similarity is not None else -1.0)
    found = []
    for target in sorted({*TARGETS, settings.target_fpir}):
        threshold = seen.threshold + curve.threshold_for(target, size) - now
        named = best.similarity >= threshold and lead >= needed
        found.append(Otherwise(target, threshold, best.name if named else None, target == settings.target_fpir))
    return needed, tuple(found)


def _pictures(
    session: Session, cipher: TemplateCipher, settings: Settings, seen: SightingRecord | None
) -> tuple[tuple[Seen, ...], datetime | None]:
    """The pictures that are kept of a sighting, and until when."""
    if seen is None:
        return (), None
    try:
        kept = [Seen(one.at, decode_jpeg(one.jpeg)) for one in views.pictures(session, cipher, seen.id)]
        portrait = None if kept else sightings.portrait(session, cipher, seen.id)
    except DatabaseDamaged:
        return (), None
    if kept:
        return tuple(kept), kept[0].at + timedelta(days=settings.keep_views_days)
    if portrait is None:
        return (), None
    return (Seen(seen.first_at, decode_jpeg(portrait)),), seen.last_at + timedelta(days=settings.keep_visitors_days)


def _not_live(session: Session, seen: SightingRecord | None) -> tuple[str, ...]:
    """What the audit log says of turns of the head that did not come."""
    if seen is None:
        return ()
    found = []
    for entry in audit.between(session, "not live", seen.first_at, seen.last_at + timedelta(hours=1)):
        if entry.get("sighting") == str(seen.id):
            facts = ", ".join(f"{name} {value}" for name, value in entry.items() if name != "sighting")
            found.append(f"The head did not turn as asked ({facts})." if facts else "The head did not turn as asked.")
    return tuple(found)


def _names(session: Session, who: Sequence[UUID | None]) -> dict[UUID, str]:
    return {id: one.name for id, one in people.by_id(session, [one for one in who if one is not None]).items()}
