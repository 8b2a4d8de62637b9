"""A kiosk with a database of its own, for tests that forward it to a shared one."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.ids import new_id
from db.observations import moods, sightings
from db.people import consents, people
from db.records import MoodSample, NewEvent, SightingRecord
from db.verification import ledger_check

HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
CIPHER = TemplateCipher(bytes(range(32)))


class Door:
    """A kiosk with a database of its own."""

    def __init__(self, file: Path, at: datetime, site: str = "main") -> None:
        self.engine = open_database(str(file))
        self.at = at
        with writing(self.engine) as session:
            self.kiosk = kiosks.register(session, "door", site=site, role="auto", time_zone="UTC", at=at).id

    def enrol(self, name: str, number: str | None = None) -> UUID:
        with writing(self.engine) as session:
            person = people.add_person(session, name, number=number, at=self.at, actor="desk").id
            consents.set_consent(session, person, "face", True, at=self.at, actor="desk")
            return person

    def see(self, person: UUID | None, minute: float = 0, *, token: str | None = None) -> UUID:
        """A sighting with a mood and, for somebody known, a check-in; gives the sighting."""
        at = self.at + timedelta(minutes=minute)
        seen = SightingRecord(new_id(), self.kiosk, 1, at, at, 3, person, person, 0.9, None, None, 0.5)
        face = np.full(128, 0.1, np.float32) if person is None else None
        with writing(self.engine) as session:
            sightings.add(session, CIPHER, seen, embedding=face)
            if token:
                moods.add(session, self.kiosk, MoodSample(at, None, None, "Team", token, "happy", HAPPY))
            else:
                moods.add(session, self.kiosk, MoodSample(at, person, seen.id, "Team", None, "happy", HAPPY))
            if person is not None:
                event = NewEvent(
                    new_id(), "check_in", person, at, "UTC", self.kiosk, "face", "door", at, sighting=seen.id
                )
                ledger.append(session, event)
        return seen.id

    def head(self) -> str:
        with reading(self.engine) as session:
            return ledger_check.verify(session).head
