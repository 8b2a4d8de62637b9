"""Long lists page by page: nothing is missing, nothing comes twice, and a place is found again."""

import random
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select, text

from db.attendance import kiosks
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings
from db.people import look_alikes, pages, people
from db.people.listing import list_people
from db.people.pages import (
    BY_GROUP,
    BY_NAME,
    Order,
    audit_page,
    count_matching,
    names,
    people_page,
    persons_page,
)
from db.records.observations import SightingRecord
from db.records.pages import Want
from db.records.people import Person
from db.schema.folding import search_text
from db.schema.people import PersonRow
from tests.db.doors import AT, CIPHER
from tests.db.rows import newest_entries

NAMES = [f"{letter} {number}" for number in range(12) for letter in ("ada", "Ada", "Bo", "ida", "Zoe")]


@pytest.fixture
def filled(engine: Engine) -> list[Person]:
    """Sixty people, many of one name, some without a group, in their order by name."""
    shuffled = [*NAMES, *["Ada 1"] * 5]
    random.Random(3).shuffle(shuffled)
    with writing(engine) as session:
        added = [
            people.add_person(session, name, at=AT, actor="test", group=(None, "Blue", "Red")[index % 3])
            for index, name in enumerate(shuffled)
        ]
    return sorted(added, key=lambda one: (search_text(one.name, one.number, one.group), one.id.hex))


@pytest.mark.parametrize("order", [BY_NAME, BY_GROUP], ids=["name", "group"])
def test_paging_down_from_landmark_to_landmark_shows_everybody_once(
    engine: Engine, filled: list[Person], order: Order
) -> None:
    with reading(engine) as session:
        whole = persons_page(session, Want(1000), order).items
        assert len({person.id for person in whole}) == len(filled)
        seen = list(persons_page(session, Want(10), order).items)
        while len(seen) < len(filled):
            want = Want(10, seen[-1].id, back=0, index=len(seen) - 1, total=len(filled))
            found = persons_page(session, want, order)
            assert found.first == len(seen) - 1
            seen += found.items[1:]
    assert seen == list(whole)
    if order is BY_NAME:
        assert seen == filled


def test_any_part_is_found_by_number_from_either_end(engine: Engine, filled: list[Person]) -> None:
    with reading(engine) as session:
        whole = persons_page(session, Want(1000), BY_NAME).items
        for first in range(0, len(filled), 7):
            found = persons_page(session, Want(10, index=first), BY_NAME)
            assert found.items == whole[found.first : found.first + 10]
            assert len(found.items) == 10
        assert persons_page(session, Want(10, index=999), BY_NAME).items == whole[-10:]


def test_a_landmark_is_found_again_after_others_came_before_it(engine: Engine, filled: list[Person]) -> None:
    landmark = filled[30]
    with writing(engine) as session:
        people.add_person(session, "aaa", at=AT, actor="test")
        people.add_person(session, "aab", at=AT, actor="test")
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


def test_a_search_takes_no_notice_of_case_and_no_sign_is_special(engine: Engine, filled: list[Person]) -> None:
    with writing(engine) as session:
        people.add_person(session, "100% sure_thing", at=AT, actor="test", number="A/7")
    with reading(engine) as session:
        assert people_page(session, Want(50), search="ADA").total == 29
        assert people_page(session, Want(50), search="0% s").total == 1
        assert people_page(session, Want(50), search="e_t").total == 1
        assert people_page(session, Want(50), search="/").total == 1
        assert people_page(session, Want(50), search="d%a").total == 0


def test_the_audit_log_is_newest_first_and_paged(engine: Engine, filled: list[Person]) -> None:
    with reading(engine) as session:
        newest = newest_entries(session, limit=1000)
        found = audit_page(session, Want(10, newest[20].id, back=3))
    assert (found.first, found.total) == (17, len(filled))
    assert list(found.items) == newest[17:27]


def test_names_and_look_alikes_of_some(engine: Engine, filled: list[Person]) -> None:
    one, other, gone = filled[0], filled[1], new_id()
    with writing(engine) as session:
        look_alikes.replace_for(session, one.id, [(other.id, 0.93)], at=AT)
    with reading(engine) as session:
        assert names(session, [one.id, gone]) == {one.id: one.name}
        assert look_alikes.of_person(session, one.id) == [(other.id, 0.93)]
        assert look_alikes.of_person(session, other.id) == [(one.id, 0.93)]
        assert people_page(session, Want(1, one.id)).items[0].look_alikes == 1


def test_unknown_faces_come_in_batches_newest_first(engine: Engine) -> None:
    face = np.ones(128, np.float32)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        for index in range(7):
            seen = AT + timedelta(minutes=index // 2)  # two at the same instant
            record = SightingRecord(new_id(), kiosk, index, seen, seen, 3, None, None, None, None, None, 0.9)
            sightings.add(session, CIPHER, record, embedding=face)
        known = SightingRecord(new_id(), kiosk, 9, AT, AT, 3, None, None, None, None, None, 0.9)
        sightings.add(session, CIPHER, known)
    with reading(engine) as session:
        tracks: list[int] = []
        place = None
        while batch := sightings.visitors(session, CIPHER, after=place, limit=2):
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


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("Иван Петров", ("Иван", "иван п")),
        ("Émile Zola", ("ÉMILE", "e\u0301mile z", "emile", "ILE ZO")),
        ("Straße 7", ("straße", "STRAẞE", "strasse", "stras")),
        ("Für 50% [netto]", ("50% [", "fur 50", "%")),
        ("Zoë* Noir", ("ë*", "zoe* n", "ZOE")),
        ("Anna Öztürk", ("Özt", "ozturk", "OZTÜRK", "a ö")),
        ("김민준", ("김", "민준")),
        ("مُحَمَّد علي", ("محمد", "علي")),
        ("Ada_B", ("a_b", "_")),
        ("Z/W", ("/",)),
        ("back\\slash", ("\\s",)),
    ],
)
def test_a_name_is_found_whatever_its_case_and_accents(engine: Engine, name: str, searches: tuple[str, ...]) -> None:
    with writing(engine) as session:
        for one in (name, "Ada", "Zora", "Иванна", "기", "Adam B"):
            people.add_person(session, one, at=AT, actor="test")
        for search in searches:
            found = [one.person.name for one in people_page(session, Want(9), search=search).items]
            assert [one.person.name for one in list_people(session, search=search)] == found
            expected = [one for one in (name, "Иванна") if search == "Иван" or one == name]
            assert sorted(found) == sorted(expected), search


def test_groups_and_numbers_are_found_without_accents_too(engine: Engine) -> None:
    with writing(engine) as session:
        people.add_person(session, "Ada", number="Ä-7", group="Élèves", at=AT, actor="test")
        people.add_person(session, "Bo", number="8", group="Team", at=AT, actor="test")
        for search in ("eleves", "ÉLÈ", "ä-7", "a-7", "A-"):
            assert [one.person.name for one in people_page(session, Want(9), search=search).items] == ["Ada"], search
        by_name_or_group = [
            [one.name for one in persons_page(session, Want(9), BY_NAME, people.found_by(search, number=False)).items]
            for search in ("a-7", "ELEVES", "bo", "8", "")
        ]
        assert by_name_or_group == [[], ["Ada"], ["Bo"], [], ["Ada", "Bo"]]
        assert count_matching(session, "\u200b") == 2, "nothing that could be searched for"
        assert people_page(session, Want(9), search="Ada\nTeam").total == 0


def test_letters_with_accents_are_sorted_with_those_without(engine: Engine) -> None:
    ordered = ["Ada", "Ada B", "Ada-Bea", "Adam", "Émile", "Emilia", "Eva", "Lukas", "Łukasz", "Lukow"]
    ordered += ["Otto", "Öztürk", "Paul", "Zoë", "Zora", "Федор", "Фёдора", "Яна", "김"]
    grouped = {"Émile": "Élèves", "Ada": "Zeta", "Zoë": "eleven", "Paul": "Öl", "Eva": "Omega"}
    with writing(engine) as session:
        for name in random.Random(5).sample(ordered, len(ordered)):
            people.add_person(session, name, group=grouped.get(name), at=AT, actor="test")
        assert [one.person.name for one in people_page(session, Want(99)).items] == ordered
        assert [one.person.name for one in list_people(session)] == ordered
        found = persons_page(session, Want(99), BY_GROUP).items
        assert [one.name for one in found[-5:]] == ["Zoë", "Émile", "Paul", "Eva", "Ada"]


def test_a_server_sorts_names_as_a_file_does_whatever_its_language(postgresql: Engine) -> None:
    query = (
        "SELECT collation_name FROM information_schema.columns WHERE table_name = 'person' AND column_name IN (:a, :b)"
    )
    with postgresql.connect() as connection:
        assert connection.scalars(text(query), {"a": "search_text", "b": "sort_group"}).all() == ["C", "C"]


def test_however_a_name_is_written_it_is_found(engine: Engine) -> None:
    """Rows one by one, many at once, and changes of each part."""

    def row(name: str, **more: object) -> dict[str, object]:
        return {"id": new_id(), "name": name, "active": True, "notes": "", "created_at": AT} | more

    def texts() -> set[str]:
        with reading(engine) as session:
            return set(session.scalars(select(PersonRow.search_text)))

    with writing(engine) as session:
        session.add(PersonRow(**row("Zoë", group="Élan")))
        session.execute(insert(PersonRow), [row("Émile"), row("Łukasz", group="Über", number="Ñ1")])
        session.execute(insert(PersonRow).values(row("Ørsted")))
    assert texts() == {"zoe\nelan\n", "emile\n\n", "lukasz\nuber\nn1", "orsted\n\n"}
    with writing(engine) as session:
        person = list_people(session, search="zoe")[0].person.id
        people.rename(session, person, "Zoé", at=AT, actor="test")
        people.set_number(session, person, "É9", at=AT, actor="test")
        people.set_group(session, person, "Ökonomie", at=AT, actor="test")
        people.set_notes(session, person, "likes tea", at=AT, actor="test")
        assert [one.person.id for one in list_people(session, search="okonomie")] == [person]
    assert "zoe\nokonomie\ne9" in texts()
    with reading(engine) as session:
        found = session.scalars(select(PersonRow.sort_group).where(PersonRow.sort_group != ""))
        assert set(found) == {"okonomie", "uber"}
