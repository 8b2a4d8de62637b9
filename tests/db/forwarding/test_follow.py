"""Doors of one site: enrolled at one and known at all, erased at one and unknown at all, passed at one, read at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, select, update

from db.attendance import holidays, leave, ledger, ledger_entries, shifts
from db.calendar import Leave, Shift
from db.crypto import TemplateCipher, owner
from db.engine import reading, writing
from db.errors import WrongKey
from db.faces import templates
from db.forwarding import shared
from db.forwarding.follow import Followed, follow, heads_of
from db.forwarding.observations import Sent
from db.ids import new_id
from db.observations import crowd
from db.people import consents, people
from db.people.listing import list_people
from db.privacy import erasure, merges
from db.proof.heads import open_with
from db.records.attendance import NewEvent
from db.schema.calendar import ShiftRow
from db.schema.faces import PortraitRow, TemplateRow
from db.schema.forwarding import SiteEventRow
from db.schema.moods import CrowdSecretRow
from db.schema.people import SubjectRow
from db.verification.verdict import verify
from monitor.attendance.passages import passages
from tests.db.doors import Door

SITE = TemplateCipher(b"s" * 32)
KEYS = {"door": TemplateCipher(b"a" * 32), "other": TemplateCipher(b"b" * 32)}
FACE = np.linspace(-1, 1, 256, dtype=np.float32)


class Sited:
    """A door with a key of its own that follows the centre."""

    def __init__(self, door: Door, key: TemplateCipher, centre: Engine) -> None:
        self.door, self.key, self.centre = door, key, centre
        self.engine = door.engine

    def follow(self, site: TemplateCipher = SITE, **options: object) -> Followed:
        now = self.door.at + timedelta(hours=5)
        return follow(self.engine, self.centre, self.key, site, now=now, **options)  # type: ignore[arg-type]

    def enrol(self, name: str, number: str | None = None) -> UUID:
        person = self.door.enrol(name, number)
        with writing(self.engine) as session:
            for index in range(2):
                templates.add_template(
                    session, self.key, person, content_hash=f"{index:064}", encoder="dlib", embedding=FACE,
                    quality={"sharp": 1}, source="a.jpg", at=self.door.at, chip_jpeg=b"chip",
                )  # fmt: skip
            templates.refresh_means(session, self.key, person, at=self.door.at)
            templates.set_portrait(session, self.key, person, b"jpeg", at=self.door.at)
        return person

    def names(self) -> list[str]:
        with reading(self.engine) as session:
            return [one.person.name for one in list_people(session)]

    def faces(self, person: UUID) -> int:
        """How many images can be opened with the door's own key and are in the mean."""
        with reading(self.engine) as session:
            members = templates.load_members(session, self.key, person, "dlib")
            assert all(np.allclose(member.embedding, FACE, atol=1e-6) for member in members)
            return len(members)


@pytest.fixture
def first(door: Door, engine: Engine) -> Sited:
    return Sited(door, KEYS["door"], engine)


@pytest.fixture
def second(other: Door, engine: Engine) -> Sited:
    return Sited(other, KEYS["other"], engine)


def _settle(*doors: Sited) -> None:
    for _ in range(2):
        for one in doors:
            one.follow()


def _narrow(*doors: Sited) -> dict[Sited, dict[str, Any]]:
    """How these doors follow from now on, looking only at what was written since their last round."""
    open_with(doors[0].centre, SITE, None, own=False)
    for one in doors:
        open_with(one.engine, one.key, None)
    _settle(*doors)
    known: dict[Sited, dict[str, Any]] = {one: {"since": one.door.at, "sent": Sent(one.door.at)} for one in doors}
    for one, by in known.items():
        by["before"] = one.follow(**by).heads
    return known


@contextmanager
def never_locked_while_asking(door: Engine, centre: Engine) -> Iterator[None]:
    """The centre is asked nothing while the door's database is locked."""
    locked = False

    def lock(connection: Connection) -> None:
        nonlocal locked
        locked = connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE"

    def free(_: Connection) -> None:
        nonlocal locked
        locked = False

    def ask(*_: object) -> None:
        assert not locked

    heard = ((door, "begin", lock), (door, "commit", free), (centre, "before_cursor_execute", ask))
    for one in heard:
        event.listen(*one)
    yield
    for one in heard:
        event.remove(*one)


def test_who_is_enrolled_at_one_door_has_their_face_at_the_other_and_none_readable_at_the_centre(
    first: Sited, second: Sited, engine: Engine
) -> None:
    ada = first.enrol("Ada", "7")
    for one in (first, second):
        with never_locked_while_asking(one.engine, engine):
            one.follow()
    assert second.names() == ["Ada"]
    assert (first.faces(ada), second.faces(ada)) == (2, 2)
    with reading(second.engine) as session:
        assert templates.load_portrait(session, second.key, ada) == b"jpeg"
        assert templates.count_means(session, "dlib") == (1, 0)
        assert consents.current(session, ada, "face") is True
    with reading(engine) as session:
        row = session.scalars(select(TemplateRow)).first()
        assert row is not None
        for key in KEYS.values():
            with pytest.raises(WrongKey):
                key.open(row.embedding, owner(TemplateRow.embedding, ada, row.id))


def test_a_round_with_nothing_new_brings_and_sends_nothing(first: Sited, second: Sited) -> None:
    first.enrol("Ada")
    _settle(first, second)
    for one in (first, second):
        done = one.follow()
        assert (done.brought, dict(done.up), done.sent.rows) == (0, {}, 0)
        again = one.follow(before=done.heads)
        assert again.heads == done.heads


def test_what_a_round_wrote_itself_calls_for_no_second_one(first: Sited, second: Sited, engine: Engine) -> None:
    ada, at = first.enrol("Ada"), first.door.at
    known = _narrow(first, second)
    with writing(first.engine) as session:
        people.rename(session, ada, "Ada L.", at=at, actor="desk")
    first.enrol("Bob")
    for one, by in known.items():
        done = one.follow(**by)
        now = heads_of(one.engine, engine)
        assert (done.heads.here, done.heads.there) == (now.here, now.there)
    assert second.names() == ["Ada L.", "Bob"]


def test_of_a_new_face_nobody_elses_are_read(first: Sited, second: Sited, engine: Engine) -> None:
    ada = first.enrol("Ada")
    known = _narrow(first, second)
    with writing(engine) as session:  # a look at everybody's portraits would take hers for deleted
        session.execute(update(PortraitRow).values(jpeg=b"nobody can open this"))
    bob = first.enrol("Bob")
    for one, by in known.items():
        by["before"] = one.follow(**by).heads
    assert (second.names(), second.faces(bob)) == (["Ada", "Bob"], 2)
    with writing(second.engine) as session:
        image = templates.list_templates(session, bob)[0].id
        templates.delete_template(session, image, at=second.door.at, actor="desk")
        templates.set_portrait(session, second.key, bob, b"another", at=second.door.at)
    for one in (second, first):
        by = known[one]
        by["before"] = one.follow(**by).heads
    assert (first.faces(ada), first.faces(bob)) == (2, 1)
    with reading(first.engine) as session:
        assert templates.load_portrait(session, first.key, ada) == b"jpeg"
        assert templates.load_portrait(session, first.key, bob) == b"another"


def test_who_is_erased_at_one_door_is_gone_at_all_and_stays_gone_when_a_backup_returns(
    first: Sited, second: Sited, engine: Engine, tmp_path: Path
) -> None:
    ada = first.enrol("Ada")
    first.enrol("Bob")
    _settle(first, second)
    second.engine.dispose()
    shutil.copy(tmp_path / "other.sqlite3", tmp_path / "backup.sqlite3")
    with writing(first.engine) as session:
        erasure.erase(session, ada, at=first.door.at, actor="desk")
    _settle(first, second)
    assert first.names() == second.names() == ["Bob"]
    second.engine.dispose()
    shutil.copy(tmp_path / "backup.sqlite3", tmp_path / "other.sqlite3")
    assert second.names() == ["Ada", "Bob"]
    _settle(second, first)
    assert first.names() == second.names() == ["Bob"]
    with reading(engine) as session:
        assert [one.person.name for one in list_people(session)] == ["Bob"]
        assert session.get(PortraitRow, ada) is None


def test_names_groups_states_refusals_and_merges_come_down(first: Sited, second: Sited) -> None:
    ada, bob = first.enrol("Ada"), first.enrol("Bob")
    late = first.door.at + timedelta(hours=1)
    _settle(first, second)
    with writing(first.engine) as session:
        people.rename(session, ada, "Ada L", at=late, actor="desk")
        people.set_active(session, bob, False, at=late, actor="desk")
        consents.set_consent(session, ada, "mood", False, at=late, actor="desk")
    _settle(first, second)
    with reading(second.engine) as session:
        assert people.get_person(session, ada).name == "Ada L"
        assert not people.get_person(session, bob).active
        assert consents.current(session, ada, "mood") is False
    with writing(second.engine) as session:
        merges.merge(session, second.key, bob, ada, at=late, actor="desk")
        templates.refresh_means(session, second.key, ada, at=late)
    _settle(second, first, second)
    assert first.names() == second.names() == ["Ada L"]
    assert first.faces(ada) == second.faces(ada)


def test_images_that_one_door_deletes_go_everywhere_and_new_ones_come(first: Sited, second: Sited) -> None:
    ada = first.enrol("Ada")
    _settle(first, second)
    with writing(second.engine) as session:
        image = templates.list_templates(session, ada)[0].id
        templates.delete_template(session, image, at=second.door.at, actor="desk")
        templates.refresh_means(session, second.key, ada, at=second.door.at)
    _settle(second, first)
    assert (first.faces(ada), second.faces(ada)) == (1, 1)


def test_shifts_holidays_and_leave_are_the_same_at_all_doors_and_proved(
    first: Sited, second: Sited, engine: Engine
) -> None:
    open_with(engine, SITE, None, own=False)
    for one in (first, second):
        open_with(one.engine, one.key, None)
    at, ada = first.door.at, first.enrol("Ada")
    away = Leave(new_id(), ada, date(2026, 5, 4), date(2026, 5, 8), "holiday")
    with writing(first.engine) as session:
        leave.add(session, away, at=at, actor="desk")
        shift = Shift(id=new_id(), weekdays=frozenset({0, 1}), start=time(9), end=time(17))
        shifts.add(session, shift, at=at, actor="desk")
        holidays.add(session, date(2026, 5, 1), "Labour Day", at=at, actor="desk")
    with writing(second.engine) as session:
        holidays.add(session, date(2026, 5, 1), "May Day", at=at, actor="desk")
    _settle(first, second)
    for one in (first, second):
        with reading(one.engine) as session:
            assert [found.id for found in shifts.all_shifts(session)] == [shift.id]
            assert [found.name for found in holidays.all_holidays(session)] == ["Labour Day"]
            assert leave.of_person(session, ada) == [away]
    with writing(second.engine) as session:
        shifts.remove(session, shift.id, at=at, actor="desk")
        leave.remove(session, away.id, at=at, actor="desk")
    _settle(second, first)
    with reading(first.engine) as session:
        assert (shifts.all_shifts(session), leave.of_person(session, ada)) == ([], [])
    known = [(one.engine, one.key) for one in (first, second)]
    assert [verify(*one, None).problems for one in (*known, (engine, SITE))] == [(), (), ()]


def test_what_is_written_at_a_door_while_a_round_compares_goes_with_the_next(
    first: Sited, second: Sited, engine: Engine
) -> None:
    written: list[UUID] = []

    def add(one: Sited) -> None:
        shift = Shift(new_id(), frozenset({len(written)}), time(9), time(17))
        written.append(shift.id)
        with writing(one.engine) as session:
            shifts.add(session, shift, at=one.door.at, actor="desk")

    def meanwhile(*told: str) -> None:
        if "FROM shift" in told[2] and len(written) == 1:
            add(second)

    add(first)
    first.follow()
    event.listen(engine, "before_cursor_execute", meanwhile)
    second.follow()
    event.remove(engine, "before_cursor_execute", meanwhile)
    second.follow()
    first.follow()
    for one in (first, second):
        with reading(one.engine) as session:
            assert sorted(session.scalars(select(ShiftRow.id))) == sorted(written)


def test_in_aggregate_mode_doors_of_a_site_give_a_person_one_token_a_day(
    first: Sited, second: Sited, engine: Engine
) -> None:
    today = (first.door.at + timedelta(hours=5)).date()
    ada = first.enrol("Ada")

    def tokens(day: date) -> set[str]:
        found = set()
        for one in (first, second):
            with writing(one.engine) as session:
                found.add(crowd.token(session, one.key, ada, day, known=True))
        return found

    assert len(tokens(today)) == 2, "they have not met yet"
    _settle(first, second)
    assert len(tokens(today)) == 1
    assert len(tokens(today + timedelta(days=1))) == 1, "made a day ahead"
    with reading(engine) as session:
        rows = session.scalars(select(CrowdSecretRow)).all()
        assert all(row.sealed[1:9] == bytes.fromhex(SITE.key_id) for row in rows)
    first.door.at += timedelta(days=3)
    first.follow()
    for one in (first.engine, engine):
        with reading(one) as session:
            kept = set(session.scalars(select(CrowdSecretRow.day)))
        assert kept == {today + timedelta(days=days) for days in (3, 4)}, "those of days that are over are gone"


def test_passages_of_other_doors_are_read_with_a_doors_own(first: Sited, second: Sited) -> None:
    ada = first.enrol("Ada")
    first.door.see(ada)
    _settle(first, second)
    start, end = first.door.at - timedelta(days=1), first.door.at + timedelta(days=1)
    with reading(second.engine) as session:
        (entry,) = ledger_entries.entries(session, start, end, people=[ada])
        assert (entry.kind, entry.person, entry.kiosk) == ("check_in", ada, first.door.kiosk)
        assert ledger_entries.site_roles(session) == {first.door.kiosk: "auto"}
        assert ledger.count(session) == 0  # its own ledger has its own events only
    with writing(first.engine) as session:
        void = NewEvent(
            new_id(), "void", ada, end, "UTC", first.door.kiosk, "manual", "desk", end, target=entry.id
        )  # fmt: skip
        ledger.append(session, void)
    first.follow()
    second.follow(before=None)
    with reading(second.engine) as session:
        found = ledger_entries.entries(session, start, end, people=[ada])
        assert [one.kind for one in found] == ["check_in", "void"]
    with reading(first.engine) as session:
        assert session.scalars(select(SiteEventRow)).all() == []


def test_a_void_counts_although_its_doors_clock_is_behind(first: Sited, second: Sited) -> None:
    """The event is a door's, the void another's, whose clock is 2 seconds behind; both are told to a third."""
    ada = first.enrol("Ada")
    _settle(first, second)
    came, void, at = new_id(), new_id(), first.door.at
    day = (at - timedelta(days=1), at + timedelta(days=1))
    behind = at - timedelta(seconds=2)
    with writing(second.engine) as session:
        (subject,) = session.scalars(select(SubjectRow.id).where(SubjectRow.person_id == ada))
        common: dict[str, Any] = {
            "origin": new_id(), "subject": subject, "kiosk_id": first.door.kiosk, "role": "auto",
            "clock_suspect": False,
        }  # fmt: skip
        session.add(SiteEventRow(id=came, kind="check_in", at=at, recorded_at=at, method="face", **common))
        late = day[1] + timedelta(days=1)  # the void's own time is outside the day that is read
        session.add(
            SiteEventRow(id=void, kind="void", at=late, recorded_at=behind, method="manual", target_id=came, **common)
        )
    with reading(second.engine) as session:
        found = ledger_entries.entries(session, *day, people=[ada])
    assert [one.kind for one in found] == ["check_in", "void"]
    assert passages(found) == []


def test_a_row_stays_where_its_successor_cannot_be_taken(first: Sited) -> None:
    """The person has the image of the other door already, under another id."""
    ada = first.enrol("Ada")
    kind = next(one for one in shared.KINDS if one.table is TemplateRow)
    with writing(first.engine) as session:
        side = shared.Side(session, first.key, {ada: ada})
        rows = shared.read(side, kind)
        one, other = sorted(rows)
        changed = {one: {**rows[one], "content_hash": rows[other]["content_hash"]}}
        unknown = {other: {**rows[other], "person_id": new_id()}}
        assert shared.write(side, kind, changed) == shared.write(side, kind, unknown) == set()
        assert shared.write(side, kind, {one: rows[one]}) == {one}
    assert first.faces(ada) == 2


def test_another_site_key_is_refused_in_one_sentence(first: Sited) -> None:
    first.enrol("Ada")
    first.follow()
    with pytest.raises(WrongKey, match="another site key"):
        first.follow(TemplateCipher(b"x" * 32))


_STATE = st.dictionaries(st.integers(0, 5).map(lambda number: UUID(int=number)), st.sampled_from("ab"))


@given(last=_STATE, here=_STATE, there=_STATE)
def test_after_a_plan_both_sides_are_the_same_and_nothing_that_only_one_side_changed_is_lost(
    last: dict[UUID, str], here: dict[UUID, str], there: dict[UUID, str]
) -> None:
    plan = shared.plan(last, here, there)
    mine = {id: digest for id, digest in here.items() if id not in plan.gone_here}
    theirs = {id: digest for id, digest in there.items() if id not in plan.gone_there}
    mine |= {id: there[id] for id in plan.down}
    theirs |= {id: here[id] for id in plan.up}
    assert mine == theirs
    for id in here.keys() | there.keys():
        if there.get(id) == last.get(id) != here.get(id):
            assert mine.get(id) == here.get(id)
        if here.get(id) == last.get(id) != there.get(id):
            assert mine.get(id) == there.get(id)


def test_a_number_that_was_given_on_makes_nobody_one_at_another_door(
    first: Sited, second: Sited, engine: Engine
) -> None:
    ada = first.enrol("Ada", "7")
    _settle(first, second)
    with writing(first.engine) as session:
        people.set_number(session, ada, "8", at=first.door.at + timedelta(hours=1), actor="desk")
    bob = first.enrol("Bob", "7")
    first.follow()
    with never_locked_while_asking(second.engine, engine):
        second.follow()
    assert second.names() == ["Ada", "Bob"]
    assert (second.faces(ada), second.faces(bob)) == (2, 2)


def test_of_two_doors_that_give_one_number_the_centres_counts_at_both(first: Sited, second: Sited) -> None:
    ada = first.enrol("Ada", "7")
    _settle(first, second)
    with writing(first.engine) as session:
        people.set_number(session, ada, "8", at=first.door.at + timedelta(hours=1), actor="desk")
    dan = second.enrol("Dan", "8")
    first.follow()
    assert second.follow().sent.numbers_taken == (dan,)
    _settle(first, second)
    for one in (first, second):
        with reading(one.engine) as session:
            numbers = {each.person.id: each.person.number for each in list_people(session)}
        assert numbers == {ada: "8", dan: None}
