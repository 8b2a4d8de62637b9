"""PINs go from door to door under the site key, and are verified as they are."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.forwarding.follow import follow
from db.people import pins
from db.privacy.rotation import reencrypt
from db.schema.doors import SitePinRow
from db.schema.people import PersonRow
from monitor.attendance import pin
from monitor.desk.pin_entry import peppers, person_of
from tests.db.doors import Door

SITE = TemplateCipher(b"s" * 32)
FRONT, BACK = TemplateCipher(b"f" * 32), TemplateCipher(b"b" * 32)


@pytest.fixture
def sync(engine: Engine, door: Door, other: Door, at: datetime) -> Callable[[], None]:
    def rounds() -> None:
        for one, key in ((door, FRONT), (other, BACK), (door, FRONT)):
            follow(one.engine, engine, key, SITE, now=at)

    return rounds


def set_pin(door: Door, key: TemplateCipher, person: UUID, digits: str | None) -> None:
    with writing(door.engine) as session:
        pins.set_pin(session, person, pin.hash_pin(digits, peppers(session, key)) if digits else None)


def tries(door: Door, key: TemplateCipher, digits: str, at: datetime) -> UUID | None:
    return person_of(door.engine, key, "17", digits, at=at, actor="door").person


def kept(door: Door) -> str | None:
    with reading(door.engine) as session:
        return session.scalar(select(PersonRow.pin_hash))


def test_a_pin_of_one_door_opens_the_other_and_a_new_one_replaces_it(
    engine: Engine, door: Door, other: Door, sync: Callable[[], None], at: datetime
) -> None:
    ada = door.enrol("Ada", "17")
    set_pin(door, FRONT, ada, "246810")
    sync()
    assert tries(other, BACK, "246810", at) == ada
    assert kept(other) == kept(door), "a PIN of another door is not hashed anew"
    with reading(engine) as session:
        row = session.scalars(select(SitePinRow)).one()
        assert (kept(door) or "").encode() not in row.sealed
        assert session.scalar(select(PersonRow.pin_hash)) is None
    set_pin(other, BACK, ada, "135790")
    sync()
    assert tries(door, FRONT, "246810", at) is None
    assert tries(door, FRONT, "135790", at + timedelta(hours=1)) == ada
    rotated = TemplateCipher(b"g" * 32)
    with writing(door.engine) as session:
        reencrypt(session, FRONT, rotated, at=at, actor="desk")
    assert tries(door, rotated, "135790", at + timedelta(hours=2)) == ada
    set_pin(door, rotated, ada, None)
    follow(door.engine, engine, rotated, SITE, now=at)
    follow(other.engine, engine, BACK, SITE, now=at)
    assert kept(other) is None
