"""Enrols the demo's people and plays their past at the door, through the recorder's own functions and the desk's."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from db.calendar import Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.people import ConsentKind
from enroll.faces.examine import Examination, Examiner
from enroll.people.enrol import enrol_person
from enroll.people.gallery_index import load_index
from enroll.people.images import examine_pictures
from enroll.people.store import Enrolment, Identity
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.calendar.holidays import add_holiday
from monitor.desk.calendar.leave import add_leave, new_leave
from monitor.desk.calendar.shifts import add_shift
from monitor.desk.days import corrections
from monitor.desk.demo import team as teams
from monitor.desk.demo.life import Passage, Repair, Stranger, acts
from monitor.desk.demo.team import Away, Member
from monitor.desk.people.changes import set_consents
from monitor.desk.store import Store
from monitor.domain import Candidate, Embedding, Match, MoodScores, Phase, RgbImage, Sighting
from monitor.recording import this_kiosk, transactions
from monitor.recording.arrivals import ManyArrivals
from monitor.vision.encoder import FaceEncoder
from monitor.vision.jpeg import decode_jpeg
from monitor.vision.second_encoder import SecondEncoder

Show: TypeAlias = Callable[[int, int], None]
"""Called with how much is done, and with how much there is to do."""

DESK: Final = "Demo desk"
"""Who did at the desk what is found there."""
_IN_VIEW: Final = timedelta(seconds=6)
_THRESHOLD: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A face that nobody knows, as the door keeps it."""

    embedding: Embedding
    portrait: RgbImage
    """uint8 (150, 150, 3)."""


@dataclass(slots=True)
class _Door:
    """The door at which the past is played."""

    store: Store
    settings: Settings
    context: transactions.WriteContext
    arrivals: ManyArrivals
    ids: Mapping[str, UUID]
    strangers: Sequence[Sequence[Shot]]
    random: Random
    written: dict[tuple[str, datetime], UUID] = field(default_factory=dict)
    """The ledger's entry of each passage that made one."""
    seen: dict[int, int] = field(default_factory=dict)
    """How often each stranger came."""


def first_instant(days: int, now: datetime, settings: Settings) -> datetime:
    """When the demo's people are enrolled, in UTC: before the first shift, so many days ago; now for no past."""
    if days == 0:
        return now
    day = now.astimezone(settings.zone).date() - timedelta(days=days)
    return datetime.combine(day, time(5), tzinfo=settings.zone).astimezone(UTC)


def enrol(
    store: Store,
    photos: Mapping[str, Sequence[RgbImage]],
    at: datetime,
    *,
    team: Sequence[Member] = (),
    strangers: Sequence[Sequence[RgbImage]] = (),
    show: Show,
) -> list[list[Shot]]:
    """Enrol everybody from their photos, and look at those of strangers. Raises: MusterError.

    Args:
        photos: by name, each uint8 (h, w, 3).
        at: when, in UTC.
        team: with whose numbers, groups and consents; who is in none has neither, and agrees to all.
        strangers: photos of each.

    Returns:
        Of each stranger so many views as have a face.
    """
    known = {one.name: one for one in team}
    with reading(store.engine) as session:
        index = load_index(session, store.cipher)
    examined = _examined([*photos.values(), *strangers])
    for done, (name, examinations) in enumerate(zip(photos, examined, strict=False)):
        show(done, len(photos))
        member = known.get(name)
        consent: tuple[ConsentKind, ...] = ("face", "mood") if member is None or member.asked else ()
        identity = Identity(name, member.number, member.group) if member else Identity(name)
        enrol_person(store.engine, store.cipher, index, identity, examinations, Enrolment(at, DESK, consent))
    show(len(photos), len(photos))
    return [shots for examinations in examined if (shots := _shots(examinations))]


def _shots(examinations: Sequence[Examination]) -> list[Shot]:
    """The faces of one stranger."""
    faces = [face for one in examinations for face in one.faces[:1]]
    chips = [(face.embedding, decode_jpeg(face.chip_jpeg)) for face in faces]
    return [Shot(embedding, chip) for embedding, chip in chips if chip is not None]


def _examined(photos: Iterable[Sequence[RgbImage]]) -> Iterator[list[Examination]]:
    """What is found on each person's photos, in their order; a thread for each core up to four looks at them, with a
    detector of its own: the encoders are loaded once."""
    local, encoder, second = threading.local(), FaceEncoder(), SecondEncoder()

    def work(pictures: Sequence[RgbImage]) -> list[Examination]:
        if not hasattr(local, "examiner"):
            local.examiner = Examiner(encoder=encoder, second=second, steady=False, turns=False)
        return examine_pictures(local.examiner, pictures)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="examine") as pool:
        yield from pool.map(work, photos)


def play(
    store: Store,
    settings: Settings,
    team: Sequence[Member],
    days: int,
    now: datetime,
    *,
    strangers: Sequence[Sequence[Shot]] = (),
    seed: int = 1,
    show: Show,
) -> None:
    """Give the team, which is enrolled, its shifts, leave and so many days at the door, until now.

    Args:
        days: 1 or more.
        now: UTC.
        strangers: faces of each stranger who comes.
        seed: another one gives other days.

    Raises:
        DatabaseError: the database cannot be written.
    """
    start = first_instant(days, now, settings)
    first, today = start.astimezone(settings.zone).date(), now.astimezone(settings.zone).date()
    with reading(store.engine) as session:
        ids = {one.name: one.id for one in people.members(session)}
    team = [one for one in team if one.name in ids]
    by: Actor = {"at": start, "actor": DESK}
    shifts = _arrange(store, settings, team, ids, first, by)
    free, away = teams.free_days(first, today), teams.leave(team, first, today)
    _set_free(store, settings, ids, free, away, by)
    with writing(store.engine) as session:
        kiosk = this_kiosk.register(session, settings, start)
    with reading(store.engine) as session:
        arrivals = ManyArrivals.over(session, settings, first, today)
    context = transactions.WriteContext(kiosk, settings, store.cipher, arrivals)
    door = _Door(store, settings, context, arrivals, ids, strangers, Random(f"door {seed}"))
    planned = acts(team, shifts, away, free, first, now, settings.zone, strangers=len(strangers), seed=seed)
    for done in _played(door, planned):
        show(done, len(planned))


def _arrange(
    store: Store, settings: Settings, team: Sequence[Member], ids: Mapping[str, UUID], first: date, by: Actor
) -> dict[str, list[Shift]]:
    """Write down what people refuse, and enter the shifts.

    Returns:
        The shifts that count for each member.
    """
    shifts = teams.shifts(first)
    counting: dict[str, list[Shift]] = {}
    for member in team:
        if not member.moods:
            set_consents(store.engine, [ids[member.name]], {"mood": False}, **by)
        counting[member.name] = [one for one in shifts if one.group == member.group]
        if member.part_time:
            weekdays, start, end, begin = teams.own_shift(first)
            own = Shift(new_id(), weekdays, start, end, ids[member.name], valid_from=begin)
            counting[member.name] = [own]
    present = {member.group for member in team}
    for shift in [one for one in shifts if one.group in present] + [
        one for own in counting.values() for one in own if one.person is not None
    ]:
        add_shift(store.engine, settings.zone, shift, **by)
    return counting


def _set_free(
    store: Store,
    settings: Settings,
    ids: Mapping[str, UUID],
    free: Mapping[date, str],
    away: Sequence[Away],
    by: Actor,
) -> None:
    for day, name in free.items():
        add_holiday(store.engine, day, name, **by)
    for one in away:
        planned = new_leave(ids[one.name], one.first, one.last, one.kind, one.half, one.note)
        add_leave(store.engine, settings.zone, planned, **by)


def _played(door: _Door, planned: Sequence[Passage | Stranger | Repair]) -> Iterator[int]:
    """Write one act after the other, a day's passages in one transaction; gives how many are done."""
    with ExitStack() as stack:
        session: Session | None = None
        day: date | None = None
        for done, act in enumerate(planned, start=1):
            if isinstance(act, Repair) or act.at.date() != day:
                stack.close()
                session, day = None, act.at.date()
                yield done
            if isinstance(act, Repair):
                _repair(door, act)
                continue
            if session is None:
                session = stack.enter_context(writing(door.store.engine))
                door.arrivals.read(session, act.at, act.at)
            if isinstance(act, Stranger):
                _unknown(door, session, act)
            else:
                _pass(door, session, act)


def _pass(door: _Door, session: Session, act: Passage) -> None:
    person = door.ids[act.name]
    if act.by == "pin":
        told = transactions.write_pin(session, door.context, person, new_id(), act.at)
    else:
        similarity = round(door.random.uniform(0.955, 0.995), 4)
        best = Candidate(person, act.name, similarity, round(similarity - door.random.uniform(0.1, 0.3), 4))
        match = Match(best, None, _THRESHOLD, accepted=True, encoders="both")
        told = transactions.write(session, door.context, _sighting(door, act.at, match), new_id(), act.at)
    for event in told:
        if event.attendance is not None:
            door.written[act.name, act.at] = event.attendance


def _unknown(door: _Door, session: Session, act: Stranger) -> None:
    shots = door.strangers[act.number]
    shot = shots[door.seen.get(act.number, 0) % len(shots)]
    door.seen[act.number] = door.seen.get(act.number, 0) + 1
    match = Match(None, None, _THRESHOLD, accepted=False, encoders="both")
    sighting = _sighting(door, act.at, match, shot)
    transactions.write(session, door.context, sighting, new_id(), act.at)


def _sighting(door: _Door, at: datetime, match: Match, shot: Shot | None = None) -> Sighting:
    return Sighting(
        new_id(),
        Phase.OPENED,
        track=1,
        first_at=at,
        last_at=at + _IN_VIEW,
        match=match,
        mood=_mood(door, at),
        frames=door.random.randint(40, 110),
        embedding=shot.embedding if shot else None,
        portrait=shot.portrait if shot else None,
    )


def _mood(door: _Door, at: datetime) -> MoodScores:
    """Mostly neutral; people are happiest around noon and on Fridays, and tired people look sad."""
    local = at.astimezone(door.settings.zone)
    noon = max(0.0, 1 - abs(local.hour + local.minute / 60 - 12.5) / 5)
    night = local.hour < 6 or local.hour >= 22
    happy = 0.5 + 1.6 * noon + 0.25 * min(local.weekday(), 4)
    weights = (0.15, 0.05, 0.05, happy, 0.8 if night else 0.35, 0.2, 1.6)
    drawn = [door.random.gammavariate(weight, 1.0) for weight in weights]
    total = sum(drawn)
    return MoodScores(tuple(one / total for one in drawn), door.settings.mood_confidence)


def _repair(door: _Door, act: Repair) -> None:
    by: Actor = {"at": act.at, "actor": DESK}
    engine, settings = door.store.engine, door.settings
    if act.what == "add":
        corrections.add(engine, settings, door.ids[act.name], "check_out", act.when, act.reason, **by)
        return
    written = door.written.get((act.name, act.passage)) if act.passage else None
    if written is None:
        return
    if act.what == "void":
        corrections.void(engine, settings, written, act.reason, **by)
    else:
        corrections.correct(engine, settings, written, "check_in", act.when, act.reason, **by)
