"""People who arrive at a recorder, and somebody who listens to it."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import numpy as np

from db.crypto import TemplateCipher
from db.ids import new_id
from db.records.people import Person
from monitor.domain import Candidate, KioskEvent, Match, MoodScores, Phase, Sighting
from monitor.recording.recorder import Recorder

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HAPPY = MoodScores((0.0, 0.0, 0.1, 0.9, 0.0, 0.0, 0.0), 0.45)
CIPHER = TemplateCipher(bytes(32))
FACE = np.full(128, 128**-0.5, np.float32)
PORTRAIT = np.zeros((150, 150, 3), np.uint8)
Start: TypeAlias = Callable[..., Recorder]
"""Gives a recorder with these settings."""
Record: TypeAlias = Callable[..., Recorder]
"""Gives a recorder that has written these sightings, and is closed."""
Lock: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Keeps the database from others for the length of a `with` block."""


class Listener:
    """Keeps what was published, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[KioskEvent] = []
        self._more = threading.Condition()

    def __call__(self, told: KioskEvent) -> None:
        with self._more:
            self.events.append(told)
            self._more.notify_all()

    def wait_for(self, count: int) -> list[KioskEvent]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.events) >= count, timeout=60)
            return list(self.events)

    @property
    def kinds(self) -> list[str]:
        return [str(told.kind) for told in self.events]


def seen(
    person: Person | None,
    minute: float = 0,
    phase: Phase = Phase.OPENED,
    *,
    id: UUID | None = None,
    lasting: float = 1,
    mood: MoodScores | None = HAPPY,
) -> Sighting:
    """A phase of a sighting of this person, or of a stranger, some minutes after the start."""
    at = AT + timedelta(minutes=minute)
    best = Candidate(person.id, person.name, 0.8) if person else None
    return Sighting(
        id=id or new_id(),
        phase=phase,
        track=7,
        first_at=at,
        last_at=at + timedelta(seconds=lasting),
        match=Match(best, None, 0.5, accepted=person is not None),
        mood=mood,
        frames=5,
        embedding=None if person else FACE,
        portrait=None if person else PORTRAIT,
    )
