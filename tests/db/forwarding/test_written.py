"""What the proof's entries tell of a database since a round."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db import audit
from db.attendance import holidays
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.forwarding.follow import follow, head_of, heads_of
from db.forwarding.observations import Sent
from db.forwarding.written import EVERYTHING, Written, between
from db.people import people
from db.privacy import erasure, merges
from db.proof.heads import open_with
from tests.db.doors import CIPHER, Door

SITE = TemplateCipher(b"s" * 32)


class Since:
    """A door, and what was written there since it was made."""

    def __init__(self, door: Door) -> None:
        self.engine = door.engine
        self.by: Any = {"at": door.at, "actor": "desk"}
        open_with(door.engine, CIPHER, None)
        self.ada, self.bob = door.enrol("Ada"), door.enrol("Bob")
        self.before = head_of(self.engine)

    def written(self) -> Written:
        now = head_of(self.engine)
        with reading(self.engine) as session:
            return between(session, self.before, now)


@pytest.fixture
def since(door: Door) -> Since:
    return Since(door)


def test_where_nothing_was_written_nobody_is_looked_at(since: Since) -> None:
    assert since.written() == Written()
    assert not since.written()


def test_a_new_name_is_of_one_person_and_of_no_shared_row_but_the_pin(since: Since) -> None:
    with writing(since.engine) as session:
        people.rename(session, since.ada, "Ada L.", **since.by)
    ada = frozenset({since.ada})
    assert since.written() == Written(ada, kinds=frozenset({"pin"}), faces=ada)


def test_an_opening_of_the_door_is_of_nobody(since: Since) -> None:
    with writing(since.engine) as session:
        audit.note(session, "opened", person=since.ada, **since.by)
    assert not since.written()


def test_a_holiday_is_of_holidays_only(since: Since) -> None:
    with writing(since.engine) as session:
        holidays.add(session, since.by["at"].date(), "Day", **since.by)
    assert since.written() == Written(kinds=frozenset({"holiday"}))
    with writing(since.engine) as session:
        audit.note(session, "follow", detail={"people": 0, "holiday": 1, "shift": 2}, **since.by)
    assert since.written().kinds == {"holiday", "shift"}


def test_a_new_image_is_of_one_person_also_where_a_door_sent_it(since: Since) -> None:
    for action, person, detail in (
        ("add template", since.ada, {}),
        ("follow", since.bob, {"portrait": 1}),
        ("follow", None, {"people": 0, "shift": 1}),
    ):
        with writing(since.engine) as session:
            audit.note(session, action, person=person, detail=detail, **since.by)
    told = since.written()
    assert (told.people, told.faces) == (frozenset(), frozenset({since.ada, since.bob}))
    assert told.kinds == {"template", "portrait", "shift"}


@pytest.mark.parametrize(("action", "detail"), [("follow", {"template": 99}), ("delete template", {"moved": True})])
def test_where_an_entry_does_not_tell_whose_faces_are_new_all_are_looked_at(
    since: Since, action: str, detail: dict[str, object]
) -> None:
    with writing(since.engine) as session:
        person = since.ada if action == "delete template" else None
        audit.note(session, action, person=person, detail=detail, **since.by)
    assert since.written().faces is None


def test_who_is_erased_is_told_by_their_pseudonyms(since: Since) -> None:
    with writing(since.engine) as session:
        receipt = erasure.erase(session, since.ada, **since.by)
    assert since.written() == Written(erased=frozenset(receipt.pseudonyms))


def test_who_is_merged_has_all_shared_rows_looked_at(since: Since) -> None:
    with writing(since.engine) as session:
        merges.merge(session, CIPHER, since.ada, since.bob, **since.by)
    told = since.written()
    assert (told.merged, told.people, told.faces) == (True, frozenset({since.bob}), None)
    assert told.kinds == EVERYTHING.kinds


def test_what_the_entries_do_not_tell_is_compared_as_a_whole(since: Since) -> None:
    now = head_of(since.engine)
    with reading(since.engine) as session:
        assert between(session, (now[0], now[1] + 1), now) == EVERYTHING  # of before a backup
        assert between(session, (now[0], 1, 1), now) == EVERYTHING  # of before it had a proof
        assert between(session, (0, 0), (0, 501)) == EVERYTHING
    with writing(since.engine) as session:
        audit.note(session, "an act of a newer Muster", **since.by)
    assert since.written() == EVERYTHING


def test_what_others_wrote_during_a_round_is_looked_at_in_the_next(since: Since, engine: Engine, door: Door) -> None:
    open_with(engine, SITE, None, own=False)
    known: dict[str, Any] = {"now": door.at + timedelta(hours=5), "since": door.at, "sent": Sent(door.at)}
    before = follow(door.engine, engine, CIPHER, SITE, **known).heads
    with writing(door.engine) as session:
        people.set_notes(session, since.bob, "left hand", **since.by)
    heads = heads_of(door.engine, engine)
    with writing(engine) as session:  # after the round looked how far the centre is, and before it writes there
        people.rename(session, since.ada, "Ada L.", **since.by)
    before = follow(door.engine, engine, CIPHER, SITE, before=before, heads=heads, **known).heads
    follow(door.engine, engine, CIPHER, SITE, before=before, **known)
    with reading(door.engine) as session:
        assert people.get_person(session, since.ada).name == "Ada L."
    with reading(engine) as session:
        assert people.get_person(session, since.bob).notes == "left hand"
