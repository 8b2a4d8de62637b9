"""What is too old goes, and nothing else."""

from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, select

from db.attendance import kiosks
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings
from db.people import people
from db.privacy.retention import Retention
from db.records.observations import SightingRecord
from db.schema.audit import UndoRow
from tests.db.doors import AT, CIPHER
from tests.db.rows import purge

RULES = Retention(30, 30, 30, 30)
FACE = np.full(128, 128**-0.5, np.float32)


def see(engine: Engine, first: datetime, last: datetime, person: UUID | None = None) -> UUID:
    seen = new_id()
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=first).id
        record = SightingRecord(seen, kiosk, 1, first, last, 3, person, person, None, None, None, 0.9)
        face = FACE if person is None else None
        sightings.add(session, CIPHER, record, embedding=face, portrait=None if face is None else b"a face in JPEG")
    return seen


@pytest.mark.parametrize("known", [True, False])
def test_a_sighting_is_as_old_as_its_end(engine: Engine, known: bool) -> None:
    with writing(engine) as session:
        person = people.add_person(session, "Ada", at=AT, actor="test").id if known else None
    seen = see(engine, AT, AT + timedelta(hours=2), person)
    with writing(engine) as session:
        assert purge(session, RULES, AT + timedelta(days=30, hours=1), actor="desk").rows == 0
        assert sightings.get(session, seen) is not None
    with writing(engine) as session:
        assert purge(session, RULES, AT + timedelta(days=30, hours=3), actor="desk").rows > 0
        assert sightings.get(session, seen) is None


def test_a_discarded_face_can_be_given_back_for_a_day_and_is_gone_then(engine: Engine) -> None:
    seen = see(engine, AT, AT)
    with writing(engine) as session:
        sightings.discard_visitor(session, seen, at=AT, actor="desk")
    for hours, kept in ((23, 1), (25, 0)):
        with writing(engine) as session:
            purge(session, RULES, AT + timedelta(hours=hours), actor="desk")
        with reading(engine) as session:
            assert len(session.scalars(select(UndoRow)).all()) == kept
