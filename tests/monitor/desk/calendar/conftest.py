"""A site with three people of two groups."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from db.calendar import Shift
from db.crypto import TemplateCipher
from db.engine import writing
from db.ids import new_id
from db.people import people
from db.proof.heads import open_with
from db.verification.verdict import verify
from monitor.desk.actor import Actor

ENROLLED: Final = date(2026, 11, 2)
TODAY: Final = date(2026, 11, 26)
"""A Thursday."""
BERLIN: Final = ZoneInfo("Europe/Berlin")
MON_FRI: Final = frozenset(range(5))


@dataclass(frozen=True)
class Site:
    """A database and who is in it."""

    engine: Engine
    zone: ZoneInfo = BERLIN
    by: Actor = field(default_factory=lambda: Actor(at=datetime(2026, 11, 26, 14, 42, tzinfo=UTC), actor="boss"))
    ids: dict[str, UUID] = field(default_factory=dict)


def shift(**values: object) -> Shift:
    """Mon to Fri from 9 to 17:30 for everybody, but for these values."""
    return Shift(new_id(), **{"weekdays": MON_FRI, "start": time(9), "end": time(17, 30)} | values)  # type: ignore[arg-type]


@pytest.fixture
def site(sqlite: Engine) -> Iterator[Site]:
    """Whatever a test does there, the database is whole afterwards."""
    made, cipher = Site(sqlite), TemplateCipher(bytes(range(32)))
    open_with(sqlite, cipher, None)
    enrolled = datetime.combine(ENROLLED, time(8), tzinfo=made.zone)
    with writing(sqlite) as session:
        for name, group in (("Ada Lovelace", "Lab"), ("Zoë Young", "Lab"), ("Bob Planner", None)):
            made.ids[name] = people.add_person(session, name, group=group, at=enrolled, actor="test").id
    yield made
    assert verify(sqlite, cipher, None).problems == ()
