"""Who is meant, and what is kept about one person."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.records.people import Person
from monitor.desk.people.finding import find_person
from monitor.desk.people.people import person_record
from monitor.errors import UsageError


def test_people_are_found_by_name_number_and_id(engine: Engine, enrol: Callable[..., Person]) -> None:
    anna = enrol("Anna", number="17")
    assert {find_person(engine, text).id for text in ("Anna", "17", str(anna.id))} == {anna.id}


@pytest.mark.parametrize("text", ["Nobody", " ", "01900000-0000-7000-8000-000000000000"])
def test_whom_nobody_can_mean_is_one_sentence(engine: Engine, enrol: Callable[..., Person], text: str) -> None:
    enrol("Anna")
    with pytest.raises(UsageError):
        find_person(engine, text)


def test_a_name_that_two_people_have_asks_for_a_number(engine: Engine, enrol: Callable[..., Person]) -> None:
    enrol("Anna", number="1")
    enrol("Anna", face="Other", number="2")
    with pytest.raises(UsageError, match="2 people"):
        find_person(engine, "Anna")


def test_any_part_of_a_name_that_one_person_has_finds_them(engine: Engine, enrol: Callable[..., Person]) -> None:
    zoe, anna = enrol("Zoë van der Berg"), enrol("Anna Öztürk", face="Other")
    for part in ("zoe", "BERG", "van d", "berg zoe"):
        assert find_person(engine, part).id == zoe.id
    assert find_person(engine, "ozturk").id == anna.id


def test_a_part_that_several_people_have_names_them_and_a_whole_name_does_not(
    engine: Engine, enrol: Callable[..., Person]
) -> None:
    anna = enrol("Anna")
    enrol("Annabel Lee", face="Other")
    assert find_person(engine, "ANNA").id == anna.id
    with pytest.raises(UsageError, match="2 people match 'ann': Anna, Annabel Lee; give more of the name"):
        find_person(engine, "ann")


def test_each_image_says_how_well_it_fits_the_others(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person]
) -> None:
    anna = enrol("Anna", images=3)
    fits = [one.fit for one in person_record(engine, cipher, anna.id).images]
    assert all(fit is not None and fit > 0.95 for fit in fits)
