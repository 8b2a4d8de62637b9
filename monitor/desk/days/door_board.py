"""What the door shows of today: a value that each event of the kiosk changes. No widgets, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from monitor.domain import EventKind, KioskEvent, Question, Scene

ARRIVALS_KEPT = 50
PIN_AFTER = 2
"""After so many unrecognised faces in a row, the door offers number and PIN."""
IN_A_ROW = timedelta(seconds=60)
"""Unrecognised faces within this time are in a row."""
PIN_FOR = timedelta(seconds=30)
"""The door offers number and PIN so long after the last unrecognised face."""
REGREET_AFTER = timedelta(seconds=60)
"""Somebody present who comes into view again is greeted again only so long after they were last seen."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """A person who came today."""

    person: UUID
    name: str
    last_in: datetime | None
    last_out: datetime | None
    inside: bool
    mood: str | None
    """The latest mood's label."""
    seen: datetime
    """When the camera saw them, or they gave their PIN, last."""


@dataclass(frozen=True, slots=True)
class BoardEvent:
    """A line of the list of events."""

    at: datetime
    kind: EventKind
    name: str | None
    text: str | None
    about: UUID | None = field(default=None, compare=False)
    """The entry, else the sighting; None where there is neither."""


class Welcome(StrEnum):
    """What the greeting says."""

    CAME = "came"
    LEFT = "left"
    ALREADY = "already"
    UNKNOWN = "unknown"
    TAKEN_BACK = "taken_back"
    ASKED = "asked"
    """A turn of the head is asked for, before anything is written."""
    PIN_TOO = "pin_too"
    """At this hour the PIN has to follow the face."""
    FACE_TOO = "face_too"
    """At this hour a PIN counts only of somebody whose face was just recognised."""
    NOT_LIVE = "not_live"
    """The turns that were asked for did not come."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the door says to the person before it."""

    welcome: Welcome
    at: datetime
    """When it happened."""
    shown: datetime
    """When the greeting came on the screen: a face may be in view for a while before it is recognised."""
    since: datetime | None
    """When the person came in, for ALREADY."""
    event: KioskEvent


@dataclass(frozen=True, slots=True)
class Asked:
    """What the door asks of somebody: before it writes that they came or left, or for a view of the face afterwards."""

    question: Question
    track: int
    name: str | None


def asked_of(scene: Scene, before: Asked | None) -> Asked | None:
    """What is asked of somebody in view, of one at a time.

    Args:
        before: what was asked until now; its name stays while the face is in doubt, as a head that turns is.
    """
    asked = (one for one in scene.observations if one.question is not None)
    last = (Question.CLOSER, Question.VIEW)
    first = min(asked, key=lambda one: (one.question in last, one.track.id), default=None)
    if first is None or first.question is None:
        return None
    person = first.match.person if first.match else None
    kept = before.name if before is not None and before.track == first.track.id else None
    return Asked(first.question, first.track.id, person.name if person else kept)


@dataclass(frozen=True, slots=True)
class Board:
    """Today at this door."""

    attendees: Mapping[UUID, Attendee] = field(default_factory=dict)
    events: tuple[BoardEvent, ...] = ()
    greeting: Greeting | None = None
    entry: Greeting | None = None
    """The greeting of the latest entry, which "Not me" takes back, also when another greeting has taken its place."""
    unknown: tuple[datetime, ...] = ()
    """The times of unrecognised faces since the last recognised one."""

    def offers_pin(self, now: datetime) -> bool:
        """Whether the door offers number and PIN now."""
        return len(self.unknown) >= PIN_AFTER and now - self.unknown[-1] < PIN_FOR

    @property
    def inside(self) -> int:
        """How many people are present."""
        return sum(one.inside for one in self.attendees.values())

    def newest_first(self) -> list[Attendee]:
        """Who is present, latest arrival first, then who left."""
        return sorted(
            self.attendees.values(),
            key=lambda one: (one.inside, (one.last_in if one.inside else one.last_out) or one.seen),
            reverse=True,
        )


def fold(board: Board, event: KioskEvent, now: datetime | None = None) -> Board:
    """The board after an event.

    Args:
        now: when the event reached the board; None for the time of the event.
    """
    now = now or event.at
    match event.kind:
        case EventKind.CHECK_IN | EventKind.CHECK_OUT:
            return _passed(board, event, now)
        case EventKind.SIGHTING:
            return _seen(board, event, now)
        case EventKind.UNKNOWN:
            row = tuple(at for at in board.unknown if now - at < IN_A_ROW)[1 - PIN_AFTER :]
            greeting = Greeting(Welcome.UNKNOWN, event.at, now, None, event)
            return replace(_with_line(board, event), greeting=greeting, unknown=(*row, now))
        case EventKind.NOT_LIVE:  # number and PIN are offered at once
            greeting = Greeting(Welcome.NOT_LIVE, event.at, now, None, event)
            return replace(_with_line(board, event), greeting=greeting, unknown=(now,) * PIN_AFTER)
        case _:
            return _with_line(board, event)


def renewed(board: Board, loaded: Board) -> Board:
    """The board as loaded again from the database, with what only the door has: greeting, unknown faces, moods."""
    passed = {EventKind.CHECK_IN, EventKind.CHECK_OUT}
    lines = [*loaded.events, *(line for line in board.events if line.kind not in passed)]
    return replace(
        board,
        attendees={
            person: one if (before := board.attendees.get(person)) is None else _with_latest_mood(before, one)
            for person, one in loaded.attendees.items()
        },
        events=tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:ARRIVALS_KEPT]),
        greeting=_greets_still(board.greeting, loaded),
        entry=_greets_still(board.entry, loaded),
    )


def _greets_still(greeting: Greeting | None, loaded: Board) -> Greeting | None:
    """The greeting with the person's present name; None once the entry is void or the person erased."""
    kept = (Welcome.TAKEN_BACK, Welcome.NOT_LIVE, Welcome.PIN_TOO, Welcome.FACE_TOO)
    if greeting is None or greeting.event.person is None or greeting.welcome in kept:
        return greeting
    one = loaded.attendees.get(greeting.event.person)
    return replace(greeting, event=replace(greeting.event, name=one.name)) if one else None


def _with_latest_mood(before: Attendee, now: Attendee) -> Attendee:
    mood, seen = now.mood or before.mood, max(now.seen, before.seen)
    return now if (mood, seen) == (now.mood, now.seen) else replace(now, mood=mood, seen=seen)


def take_back(board: Board, event: KioskEvent, at: datetime, before: Attendee | None) -> Board:
    """The board after "Not me": the person is as they were before the event."""
    if event.person is None:
        return board
    others = {person: one for person, one in board.attendees.items() if person != event.person}
    attendees = others if before is None else others | {event.person: before}
    line = BoardEvent(at, EventKind.UNKNOWN, None, f"Not {event.name}: taken back", event.attendance)
    return replace(
        board,
        attendees=attendees,
        events=(line, *board.events)[:ARRIVALS_KEPT],
        greeting=Greeting(Welcome.TAKEN_BACK, event.at, at, None, event),
        entry=None,
    )


def _passed(board: Board, event: KioskEvent, now: datetime) -> Board:
    if event.person is None:
        return board
    came = event.kind is EventKind.CHECK_IN
    before = board.attendees.get(event.person)
    one = Attendee(
        person=event.person,
        name=event.name or "",
        last_in=event.at if came else before.last_in if before else None,
        last_out=event.at if not came else before.last_out if before else None,
        inside=came,
        mood=event.mood.label if event.mood else before.mood if before else None,
        seen=event.at,
    )
    greeting = Greeting(Welcome.CAME if came else Welcome.LEFT, event.at, now, None, event)
    attendees = {**board.attendees, event.person: one}
    return replace(_with_line(board, event), attendees=attendees, greeting=greeting, entry=greeting, unknown=())


def _seen(board: Board, event: KioskEvent, now: datetime) -> Board:
    """A sighting of someone who came before: their mood changes, and after a while they are greeted again.

    Somebody who gave a PIN is always greeted: they wait for an answer, and the camera did not recognise them.
    """
    if event.asks is not None:
        welcome = Welcome.PIN_TOO if event.asks == "pin" else Welcome.FACE_TOO
        greeting = Greeting(welcome, event.at, now, None, event)
        return replace(board, greeting=greeting, unknown=(now,) * PIN_AFTER)  # number and PIN are offered at once
    before = event.person and board.attendees.get(event.person)
    if event.track is None:
        since = before.last_in if before and before.inside else None
        return replace(board, greeting=Greeting(Welcome.ALREADY, event.at, now, since, event), unknown=())
    if not before:
        return board
    one = replace(before, seen=event.at, mood=event.mood.label if event.mood else before.mood)
    board = replace(board, attendees={**board.attendees, one.person: one})
    if before.inside and event.at - before.seen > REGREET_AFTER:
        return replace(board, greeting=Greeting(Welcome.ALREADY, event.at, now, before.last_in, event))
    return board


def _with_line(board: Board, event: KioskEvent) -> Board:
    line = BoardEvent(event.at, event.kind, event.name, event.text, event.attendance or event.sighting)
    others = (one for one in board.events if one != line)  # the database may have told it before the door did
    return replace(board, events=(line, *others)[:ARRIVALS_KEPT])
