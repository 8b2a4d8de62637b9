"""Long lists page by page: nothing is missing, nothing comes twice, and a place is found again."""

import random
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine

from db import audit, kiosks, look_alikes, pages, people, sightings
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.ids import new_id
from db.pages import (
    BY_GROUP,
    BY_NAME,
    Order,
    Want,
    audit_page,
    count_matching,
    look_alikes_of,
    names,
    people_page,
    persons_page,
    visitors_before,
)
from db.records import Person, SightingRecord

NAMES = [f"{letter} {number}" for number in range(12) for letter in ("ada", "Ada", "Bo", "ida", "Zoe")]


@pytest.fixture
def filled(engine: Engine, at: datetime) -> list[Person]:
    """Sixty people, many of one name, some without a group, in their order by name."""
    shuffled = [*NAMES, *["Ada 1"] * 5]
    random.Random(3).shuffle(shuffled)
    with writing(engine) as session:
        added = [
            people.add_person(session, name, at=at, actor="test", group=(None, "Blue", "Red")[index % 3])
            for index, name in enumerate(shuffled)
        ]
    return sorted(added, key=lambda person: (person.name.lower(), person.id.hex))


@pytest.mark.parametrize("order", [BY_NAME, BY_GROUP], ids=["name", "group"])
def test_paging_down_from_landmark_to_landmark_shows_everybody_once(
    engine: Engine, filled: list[Person], order: Order
) -> None:
    with reading(engine) as session:
        whole = persons_page(session, Want(1000), order, None).items
        assert len({person.id for person in whole}) == len(filled)
        seen = list(persons_page(session, Want(10), order, None).items)
        while len(seen) < len(filled):
            want = Want(10, seen[-1].id, back=0, index=len(seen) - 1, total=len(filled))
            found = persons_page(session, want, order, None)
            assert found.first == len(seen) - 1
            seen += found.items[1:]
    assert seen == list(whole)
    if order is BY_NAME:
        assert [person.name.lower() for person in seen] == [person.name.lower() for person in filled]


def test_any_part_is_found_by_number_from_either_end(engine: Engine, filled: list[Person]) -> None:
    with reading(engine) as session:
        whole = persons_page(session, Want(1000), BY_NAME, None).items
        for first in range(0, len(filled), 7):
            found = persons_page(session, Want(10, index=first), BY_NAME, None)
            assert found.items == whole[found.first : found.first + 10]
            assert len(found.items) == 10
        assert persons_page(session, Want(10, index=999), BY_NAME, None).items == whole[-10:]


def test_a_landmark_is_found_again_after_others_came_before_it(
    engine: Engine, filled: list[Person], at: datetime
) -> None:
    landmark = filled[30]
    with writing(engine) as session:
        people.add_person(session, "aaa", at=at, actor="test")
        people.add_person(session, "aab", at=at, actor="test")
    with reading(engine) as session:
        found = people_page(session, Want(10, landmark.id, back=4, index=30))
    assert (found.first, found.total) == (28, len(filled) + 2)
    assert found.items[4].person.id == landmark.id


def test_without_its_landmark_a_place_is_its_number(engine: Engine, filled: list[Person]) -> None:
    with reading(engine) as session:
        found = people_page(session, Want(10, new_id(), back=4, index=30))
        assert (found.first, len(found.items)) == (26, 10)


def test_a_stale_total_is_corrected_at_the_end(engine: Engine, filled: list[Person]) -> None:
    with reading(engine) as session:
        found = people_page(session, Want(20, filled[-5].id, back=5, index=len(filled) + 3, total=len(filled) + 8))
    assert found.first + len(found.items) == found.total
    assert found.items[-1].person.id == filled[-1].id


def test_a_search_takes_no_notice_of_case_and_no_sign_is_special(
    engine: Engine, filled: list[Person], at: datetime
) -> None:
    with writing(engine) as session:
        people.add_person(session, "100% sure_thing", at=at, actor="test", number="A/7")
    with reading(engine) as session:
        assert people_page(session, Want(50), search="ADA").total == 29
        assert people_page(session, Want(50), search="0% s").total == 1
        assert people_page(session, Want(50), search="e_t").total == 1
        assert people_page(session, Want(50), search="/").total == 1
        assert people_page(session, Want(50), search="d%a").total == 0


def test_the_audit_log_is_newest_first_and_paged(engine: Engine, filled: list[Person], at: datetime) -> None:
    with reading(engine) as session:
        newest = audit.newest(session, limit=1000)
        found = audit_page(session, Want(10, newest[20].id, back=3))
    assert (found.first, found.total) == (17, len(filled))
    assert list(found.items) == newest[17:27]


def test_names_and_look_alikes_of_some(engine: Engine, filled: list[Person], at: datetime) -> None:
    one, other, gone = filled[0], filled[1], new_id()
    with writing(engine) as session:
        look_alikes.replace_for(session, one.id, [(other.id, 0.93)], at=at)
    with reading(engine) as session:
        assert names(session, [one.id, gone]) == {one.id: one.name}
        assert look_alikes_of(session, one.id) == [(other.id, 0.93)]
        assert look_alikes_of(session, other.id) == [(one.id, 0.93)]
        assert people_page(session, Want(1, one.id)).items[0].look_alikes == 1


def test_unknown_faces_come_in_batches_newest_first(engine: Engine, cipher: TemplateCipher, at: datetime) -> None:
    face = np.ones(128, np.float32)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        for index in range(7):
            seen = at + timedelta(minutes=index // 2)  # two at the same instant
            record = SightingRecord(new_id(), kiosk, index, seen, seen, 3, None, None, None, None, None, 0.9)
            sightings.add(session, cipher, record, embedding=face)
        known = SightingRecord(new_id(), kiosk, 9, at, at, 3, None, None, None, None, None, 0.9)
        sightings.add(session, cipher, known)
    with reading(engine) as session:
        tracks: list[int] = []
        place = None
        while batch := visitors_before(session, cipher, place, 2):
            tracks += [visitor.sighting.track for visitor in batch]
            place = batch[-1].sighting.first_at, batch[-1].sighting.id
    assert tracks == [6, 5, 4, 3, 2, 1, 0]


def test_the_first_rows_may_come_before_all_are_counted(
    engine: Engine, filled: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    rough = Want(10, rough=True)
    with reading(engine) as session:
        everybody = people_page(session, rough)
        assert (everybody.first, everybody.total, everybody.counted) == (0, 10, False)
        assert everybody.items == people_page(session, Want(10)).items
        few = people_page(session, rough, search="ida")
        assert few == people_page(session, Want(10), search="ida")
        assert few.counted
        assert count_matching(session, "ida") == few.total == 12
        assert people_page(session, rough, search="nobody").items == ()
        monkeypatch.setattr(pages, "FEW", 5)
        many = people_page(session, rough, search="ida")
        assert many.items == few.items
        assert not many.counted


@pytest.mark.parametrize("search", ["Иван", "иван п", "ÉMILE", "e\u0301mile z", "straße", "STRAẞE", "50% [", "é*"])
def test_letters_of_any_script_are_found_whatever_their_case(engine: Engine, at: datetime, search: str) -> None:
    wanted = {"Иван": "Иван Петров", "É": "Émile Zola", "S": "Straße 7", "5": "Für 50% [netto]", "é": "Zoé* Noir"}
    with writing(engine) as session:
        for name in (*wanted.values(), "Ada", "Zoë"):
            people.add_person(session, name, at=at, actor="test")
        found = [one.person.name for one in people_page(session, Want(9), search=search).items]
        assert [one.person.name for one in people.list_people(session, search=search)] == found
    key = {"и": "Иван", "e": "É", "s": "S"}.get(search[0].lower(), search[0])
    assert found == [wanted[key if key in wanted else "É"]]
