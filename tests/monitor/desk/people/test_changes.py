"""What is written down about a person beside the faces."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.people import consents, pins
from db.people.gallery import load_gallery
from db.records.people import Person
from monitor.attendance.pin import is_pin
from monitor.desk.people import changes as change
from monitor.desk.pin_entry import peppers
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from tests.db.rows import newest_entries
from tests.enroll.conftest import Who, mean_of


def test_who_refuses_is_not_in_the_gallery_and_the_decision_is_kept(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    change.set_consents(engine, [anna.id], {"face": False}, **who)
    with reading(engine) as session:
        assert load_gallery(session, cipher, ENCODER_NAME) == []
        assert consents.history(session, anna.id)[-1].recorded_by == "desk"


def test_who_is_deactivated_is_kept_but_not_recognised(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    change.change(engine, anna.id, active=False, **who)
    with reading(engine) as session:
        assert load_gallery(session, cipher, ENCODER_NAME) == []
    change.change(engine, anna.id, active=True, **who)
    assert mean_of(engine, cipher, "Anna").members == 3


def test_the_audit_log_says_who_renamed(engine: Engine, enrol: Callable[..., Person], who: Who) -> None:
    anna = enrol("Anna")
    change.change(engine, anna.id, name="Anna Schmidt", **who)
    with reading(engine) as session:
        entry = newest_entries(session, limit=1)[0]
    assert (entry.action, entry.actor) == ("rename", "desk")


def test_a_decision_is_written_down_once_however_often_it_is_said(
    engine: Engine, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    for minutes in (0, 1):
        later = who | {"at": who["at"] + timedelta(minutes=minutes)}
        change.set_consents(engine, [anna.id], {"face": True, "mood": False}, **later)
    with reading(engine) as session:
        assert [(one.kind, one.given) for one in consents.history(session, anna.id)] == [
            ("face", True),
            ("mood", False),
        ]


def test_of_several_people_at_once_who_refused_stays_refused(
    engine: Engine, enrol: Callable[..., Person], who: Who
) -> None:
    anna, ben = enrol("Anna"), enrol("Ben")
    change.set_consents(engine, [ben.id], {"mood": False}, **who)
    assert change.set_consents(engine, [anna.id, ben.id], {"face": True, "mood": True}, **who) == {ben.id}
    with reading(engine) as session:
        assert consents.decisions(session, [anna.id, ben.id]) == {
            (anna.id, "face"): True,
            (anna.id, "mood"): True,
            (ben.id, "face"): True,
            (ben.id, "mood"): False,
        }
    assert change.set_consents(engine, [ben.id], {"mood": True}, **who) == set()


def test_a_new_name_says_how_many_people_have_it(engine: Engine, enrol: Callable[..., Person], who: Who) -> None:
    anna, ben = enrol("Anna"), enrol("Ben")
    person, namesakes = change.change(engine, ben.id, name="Anna", **who)
    assert (person.id, person.name, namesakes) == (ben.id, "Anna", 2)
    assert change.change(engine, anna.id, name="Zoe", **who)[1] == 1


def test_a_pin_is_set_and_removed_under_one_name_each(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who
) -> None:
    anna = enrol("Anna")
    change.change(engine, anna.id, number="17", pin=change.NewPin("271828", cipher, 6), **who)
    with reading(engine) as session:
        found = pins.find(session, "17")
        known = peppers(session, cipher)
    assert found is not None
    assert found.pin_hash is not None
    assert is_pin("271828", found.pin_hash, known)
    change.change(engine, anna.id, pin=change.NewPin(None, cipher, 6), **who)
    with writing(engine) as session:
        for older in ("door pin", "door pin removed"):
            audit.note(session, older, at=who["at"], actor="desk", person=anna.id)
    with reading(engine) as session:
        acts = [one.action for one in newest_entries(session, person=anna.id) if "pin" in one.action]
        assert sorted(acts) == ["remove pin", "remove pin", "set pin", "set pin"]


@pytest.mark.parametrize("pin", ["123", "12a4", "١٢٣٤", "12 34", ""])
def test_only_enough_digits_are_a_pin(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who, pin: str
) -> None:
    with pytest.raises(UsageError, match="at least 4 digits"):
        change.change(engine, enrol("Anna", number="17").id, pin=change.NewPin(pin, cipher, 4), **who)
