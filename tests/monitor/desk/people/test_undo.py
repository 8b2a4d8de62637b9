"""What was done at the desk is taken back, whatever it was, and only once."""

import ast
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine

from db import audit
from db.attendance import holidays, kiosks, leave, ledger, shifts
from db.calendar import HalfDay, Leave, Shift
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings
from db.people import consents, pages, people, pins
from db.people.gallery import joined, listed
from db.proof.heads import open_with
from db.records.attendance import NewEvent
from db.records.observations import SightingRecord
from db.records.people import Person
from db.verification import verdict
from monitor.attendance.passages import passages
from monitor.config import Settings
from monitor.desk.days import corrections
from monitor.desk.people import changes, merging, undo
from monitor.desk.people.act_words import ACTS
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from tests.enroll.conftest import NOW, Who, mean_of

SETTINGS = Settings(time_zone="UTC")
Take = Callable[[], undo.Act]


class Clock:
    """Each act has a time of its own."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> Who:
        self.at += timedelta(minutes=1)
        return {"at": self.at, "actor": "desk"}


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def take(engine: Engine, cipher: TemplateCipher, now: Clock) -> Take:
    return lambda: undo.undo_last(engine, cipher, SETTINGS, **now())


def _person(engine: Engine, person: UUID) -> Person:
    with reading(engine) as session:
        return people.get_person(session, person)


def test_changes_of_a_person_are_taken_back_one_by_one(
    engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna", number="17", group="staff")
    changes.change(engine, anna.id, name="Anne", **now())
    changes.change(engine, anna.id, number="18", group="", notes="left-handed", **now())
    changes.change(engine, anna.id, active=False, **now())
    assert take().words == "the deactivation of Anne"
    assert take().words == "the number 18 of Anne, the removal of the group of Anne and the notes on Anne", "one act"
    assert take().words == "the renaming of Anna to Anne"
    assert _person(engine, anna.id) == anna
    with pytest.raises(UsageError, match=r"enrolling Anna, cannot be taken back"):
        take()


def test_what_changes_nothing_is_no_act(engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take) -> None:
    anna = enrol("Anna", number="17", group="staff")
    changes.change(engine, anna.id, active=False, **now())
    changes.change(engine, anna.id, active=False, **now())
    changes.change(engine, anna.id, name="Anna", number="17", group=" staff", active=False, **now())
    assert take().words == "the deactivation of Anna"
    assert _person(engine, anna.id).active


def test_the_number_comes_back_with_its_pin(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna", number="17")
    changes.change(engine, anna.id, pin=changes.NewPin("271828", cipher, 6), **now())
    with reading(engine) as session:
        before = pins.find(session, "17")
    changes.change(engine, anna.id, number="", **now())
    take()
    with reading(engine) as session:
        assert pins.find(session, "17") == before
    take()
    with reading(engine) as session:
        assert (found := pins.find(session, "17"))
        assert found.pin_hash is None


def test_a_pin_that_came_with_a_number_is_told_with_it(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna")
    changes.change(engine, anna.id, number="17", pin=changes.NewPin("271828", cipher, 6), **now())
    assert take().words == "the number 17 of Anna and the new PIN of Anna"


def test_a_decision_is_followed_by_the_one_of_before_and_both_stay(
    engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna")
    changes.set_consents(engine, [anna.id], {"mood": True}, **now())
    changes.set_consents(engine, [anna.id], {"mood": False}, **now())
    assert take().words == "the mood consent of Anna"
    with reading(engine) as session:
        assert [one.given for one in consents.history(session, anna.id)] == [True, False, True]


def test_the_first_decisions_of_many_people_are_taken_back_at_once_and_nobody_was_asked(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    both = [enrol("Anna").id, enrol("Ben").id]
    changes.set_consents(engine, both, {"face": True, "mood": False}, **now())
    assert take().words == "the consents of 2 people"
    with reading(engine) as session:
        assert consents.decisions(session, both) == {}
        assert [(one.kind, one.given) for one in consents.history(session, both[0])] == [
            ("face", True), ("mood", False), ("mood", None), ("face", None),
        ]  # fmt: skip
        assert pages.count_matching(session, "", consent_missing=True) == 2
        assert joined(listed(session, ENCODER_NAME)).mood_consent.tolist() == [-1, -1]
    changes.set_consents(engine, both, {"face": True, "mood": True}, **now())
    with reading(engine) as session:
        assert pages.count_matching(session, "", consent_missing=True) == 0
        assert joined(listed(session, ENCODER_NAME)).mood_consent.tolist() == [1, 1]
    assert verdict.verify(engine, cipher, None).problems == ()


def test_a_merge_is_taken_back_with_faces_and_templates(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    twice, anna = enrol("Anna at work", face="Anna", number="17"), enrol("Anna", images=2)
    before = [mean_of(engine, cipher, one.name).embedding.tolist() for one in (twice, anna)]
    merging.merge(engine, cipher, twice.id, anna.id, **now())
    assert take().words == "the merging of Anna at work into Anna"
    after = [mean_of(engine, cipher, one.name).embedding.tolist() for one in (twice, anna)]
    assert after == [pytest.approx(one, abs=1e-6) for one in before]
    assert _person(engine, twice.id) == twice
    assert verdict.verify(engine, cipher, None).problems == ()


def test_corrections_and_voids_are_taken_back_by_new_rows(
    engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna, came = enrol("Anna"), new_id()
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW).id
        ledger.append(session, NewEvent(came, "check_in", anna.id, NOW, "UTC", kiosk, "face", "door", NOW))

    def counted() -> list[tuple[str, int]]:
        with reading(engine) as session:
            return [(one.kind, one.at.hour) for one in passages(ledger.of_person(session, anna.id))]

    corrections.correct(engine, SETTINGS, came, "check_in", NOW - timedelta(hours=2), "late bus", **now())
    assert counted() == [("check_in", 6)]
    take()
    assert counted() == [("check_in", 8)]
    corrections.void(engine, SETTINGS, came, "somebody else", **now())
    assert counted() == []
    assert take().words == "voiding an entry of Anna"
    corrections.add(engine, SETTINGS, anna.id, "check_out", NOW + timedelta(hours=1), "forgot", **now())
    assert counted() == [("check_in", 8), ("check_out", 9)]
    take()
    assert counted() == [("check_in", 8)]
    with reading(engine) as session:
        assert len(ledger.of_person(session, anna.id)) == 7


def test_discarded_faces_come_back_for_a_day(engine: Engine, cipher: TemplateCipher, now: Clock, take: Take) -> None:
    seen = new_id()
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW).id
        visit = SightingRecord(seen, kiosk, 1, NOW, NOW, 3, None, None, None, None, None, 0.9)
        face = np.full(128, 1 / np.sqrt(128), np.float32)
        sightings.add(session, cipher, visit, embedding=face, portrait=b"a face in JPEG")
    with reading(engine) as session:
        (before,) = sightings.visitors(session, cipher)
    with writing(engine) as session:
        sightings.discard_visitor(session, seen, **now())
    with reading(engine) as session:
        assert sightings.count_visitors(session) == 0
    assert take().words == "the discarding of 1 face"
    with reading(engine) as session:
        (after,) = sightings.visitors(session, cipher)
    assert (after.portrait, after.sighting) == (before.portrait, before.sighting)
    assert after.embedding is not None
    assert after.embedding.tolist() == face.tolist()


def test_what_was_changed_again_is_not_overwritten(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock
) -> None:
    anna = enrol("Anna")
    changes.change(engine, anna.id, name="Anne", **now())
    first = undo.acts(engine)[0]
    changes.change(engine, anna.id, name="Annie", **now())
    with pytest.raises(UsageError, match="changed again since"):
        undo.undo_last(engine, cipher, SETTINGS, first.id, **now())
    assert _person(engine, anna.id).name == "Annie"


def test_an_undo_is_an_entry_and_no_act_of_its_own(
    engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna")
    changes.change(engine, anna.id, name="Anne", **now())
    take()
    with reading(engine) as session:
        assert [one.action for one in audit.newest(session, 3)] == ["undo", "rename", "rename"]
    assert [one.words for one in undo.acts(engine)] == ["enrolling Anna"]


def test_the_newest_act_that_can_be_taken_back_is_offered_behind_those_that_cannot(
    engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    anna = enrol("Anna")
    changes.change(engine, anna.id, name="Anne", **now())
    for action in ("change settings", "set admin pin"):
        with writing(engine) as session:
            audit.note(session, action, **now())
    passed, offer = undo.offered(engine)
    assert [one.words for one in passed] == ["a new admin PIN", "a change of settings"]
    assert offer is not None
    with pytest.raises(UsageError) as error:
        take()
    assert str(error.value) == (
        "What was done last, a new admin PIN, and 1 act before it cannot be taken back. What can be is the renaming "
        f"of Anna to Anne. Take it back with 'muster people undo {offer.id}'."
    )
    assert _person(engine, anna.id).name == "Anne", "nothing older is taken back without being named"


def test_what_happens_by_itself_is_no_act(engine: Engine, enrol: Callable[..., Person], now: Clock, take: Take) -> None:
    anna = enrol("Anna")
    changes.change(engine, anna.id, name="Anne", **now())
    for action in sorted(AUTOMATIC):
        with writing(engine) as session:
            audit.note(session, action, person=anna.id, **now())
    with writing(engine) as session:
        audit.note(session, "erase", at=now()["at"], actor="muster db follow")
    assert take().words == "the renaming of Anna to Anne"


AUTOMATIC = {
    "undo", "clock jumped", "doubt clock", "new chain", "follow", "purge", "quarantine capture", "not live", "settings",
    "examine gallery",
    "opened", "opener refused", "opener failed", "open by hand", "start roll call", "end roll call", "back up",
    "restore", "export", "export report", "rotate key", "unlock desk", "wrong pin", "lock PIN entry", "lock admin PIN",
}  # fmt: skip


def test_each_action_of_the_audit_log_is_an_act_or_not() -> None:
    """A new one goes into `ACTS` of act_words.py where people do it, else into `AUTOMATIC` above."""
    found: set[str] = set()
    place = {"audit.note": 1, "_change": 2}  # which argument is the action
    for folder in ("db", "monitor", "enroll"):
        for file in Path(audit.__file__).parent.parent.joinpath(folder).rglob("*.py"):
            calls = (node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call))
            for call in calls:
                for action in call.args[place.get(ast.unparse(call.func), len(call.args)) :][:1]:
                    found |= {one.value for one in ast.walk(action) if isinstance(one, ast.Constant)}  # type: ignore[misc]
    assert {"rename", "erase", "follow", "activate", "deactivate"} <= found
    assert found - {"lock "} <= ACTS.keys() | AUTOMATIC | {"add "}
    assert AUTOMATIC.isdisjoint(ACTS)
    assert undo._EACH.keys() <= ACTS.keys()


def test_leave_shifts_and_holidays_are_taken_back(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], now: Clock, take: Take
) -> None:
    open_with(engine, cipher, None)
    anna, day = enrol("Anna"), date(2026, 3, 9)
    shift = Shift(new_id(), frozenset(range(5)), time(9), time(17), group="Lab", grace_minutes=7, valid_from=day)
    away = Leave(new_id(), anna.id, day, day, "sick", "morning", "flu")
    with writing(engine) as session:
        shifts.add(session, shift, **now())
        leave.add(session, away, **now())

    def there() -> tuple[list[Shift], list[Leave], list[tuple[str, HalfDay | None]]]:
        with reading(engine) as session:
            named = [(one.name, one.half) for one in holidays.all_holidays(session)]
            return shifts.all_shifts(session), leave.of_person(session, anna.id), named

    with writing(engine) as session:
        leave.remove(session, away.id, **now())
    assert take().words == "the removal of a leave for Anna"
    assert there() == ([shift], [away], [])
    with writing(engine) as session:
        shifts.end(session, shift.id, date(2026, 4, 1), **now())
    assert take().words == "the end of a shift"
    with writing(engine) as session:
        at = now()
        for name, when in (("One", day), ("Two", date(2026, 3, 10))):
            holidays.add(session, when, name, half="afternoon", **at)
        holidays.remove(session, holidays.all_holidays(session)[0].id, **now())
    take()
    assert there() == ([shift], [away], [("One", "afternoon"), ("Two", "afternoon")])
    assert take().words == "a public holiday that was added and 1 more"
    assert take().words == "a leave that was entered for Anna"
    assert take().words == "a shift that was added"
    assert there() == ([], [], [])
    assert verdict.verify(engine, cipher, None).problems == ()
