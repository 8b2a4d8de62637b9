"""People, their templates, their consents, and the gallery that comes of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces import templates
from db.names import clean
from db.people import consents, look_alikes, people
from db.people.gallery import load_gallery
from db.people.listing import list_people
from db.people.pages import count_matching, people_page
from db.records.pages import Want
from db.records.people import Person, PersonConsents
from tests.db.doors import AT, CIPHER
from tests.db.rows import enrol_image, newest_entries

ENCODER = "test-1"


def _face(seed: int) -> np.ndarray:
    face = np.random.default_rng(seed).normal(size=128).astype(np.float32)
    return face / np.linalg.norm(face)


def _enrol(session: Session, name: str, seed: int = 0) -> Person:
    person = people.add_person(session, name, at=AT, actor="test")
    templates.set_mean_template(session, CIPHER, person.id, encoder=ENCODER, embedding=_face(seed), members=3, at=AT)
    return person


def test_whose_consent_is_missing(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        made = {name: people.add_person(session, name, at=AT, actor="test").id for name in ("Ada", "Bob", "Cid", "Dot")}
        for name, kinds in {"Bob": ("face", "mood"), "Cid": ("face",)}.items():
            for kind in kinds:
                consents.set_consent(session, made[name], kind, kind == "face", at=AT, actor="test")  # type: ignore[arg-type]
        consents.set_consent(session, made["Cid"], "face", False, at=AT + timedelta(hours=1), actor="test")
        people.set_active(session, made["Dot"], False, at=AT, actor="test")
    with reading(sqlite) as session:
        found = [one.person.name for one in list_people(session, missing=True)]
        page = people_page(session, Want(10), consent_missing=True)
        assert found == [one.person.name for one in page.items] == ["Ada", "Cid"]
        assert count_matching(session, "", consent_missing=True) == 2
        assert [consents.current(session, made[name], "face") for name in made] == [None, True, False, None]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ada \n Lovelace ", "Ada Lovelace"),
        ("\x1b[31mRed\x1b[0m", "[31mRed[0m"),
        ("abc\u202ecod.exe", "abccod.exe"),
        ("علي", "علي"),
        ("Zoe\u0308", "Zoë"),
        ("=1+1", "=1+1"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ("x" * 500, "x" * 500),
        ("nul\x00", "nul"),
    ],
)
def test_names_are_kept_as_text_on_one_line(given: str, kept: str) -> None:
    assert clean(given) == kept
    assert clean(kept) == kept


@pytest.mark.parametrize("name", ["", "  ", "\x00\x1b", "x" * 501])
def test_an_empty_or_endless_name_is_refused(sqlite: Engine, name: str) -> None:
    with pytest.raises(InvalidRecord, match="name"), writing(sqlite) as session:
        people.add_person(session, name, at=AT, actor="test")


def test_a_number_that_nobody_types_at_a_door_is_refused(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", number="7" * 40, at=AT, actor="test")
    with pytest.raises(InvalidRecord, match="has 41 characters; shorten it to 40"), writing(sqlite) as session:
        people.add_person(session, "Bob", number="7" * 41, at=AT, actor="test")
    with pytest.raises(InvalidRecord, match="has 41 characters; shorten it to 40"), writing(sqlite) as session:
        people.set_number(session, ada.id, "7" * 41, at=AT, actor="test")


def test_a_person_is_found_by_name_and_number(engine: Engine) -> None:
    with writing(engine) as session:
        first = people.add_person(session, "Ada", number="7", group="Team", at=AT, actor="test")
        second = people.add_person(session, "Ada", at=AT, actor="test")
    with reading(engine) as session:
        assert people.find_by_name(session, " Ada ") == [first, second]
        assert people.find_by_number(session, "7") == first
        assert people.find_by_number(session, "8") is None


def test_who_is_there_comes_with_their_newest_decisions(engine: Engine) -> None:
    with writing(engine) as session:
        ada, bob = (people.add_person(session, name, at=AT, actor="test") for name in ("Ada", "Bob"))
        for given in (False, True):
            consents.set_consent(session, ada.id, "face", given, at=AT, actor="test")
        consents.set_consent(session, ada.id, "mood", False, at=AT, actor="test")
    with reading(engine) as session:
        there = people.with_consents(session, [ada.id, bob.id, uuid4()])
        assert people.with_consents(session, []) == {}
    assert there == {ada.id: PersonConsents(ada, True, False), bob.id: PersonConsents(bob, None, None)}


def test_a_number_belongs_to_one_person(engine: Engine) -> None:
    with writing(engine) as session:
        people.add_person(session, "Ada", number="7", at=AT, actor="test")
    with pytest.raises(InvalidRecord, match="somebody else"), writing(engine) as session:
        people.add_person(session, "Bob", number="7", at=AT, actor="test")
    with reading(engine) as session:
        assert people.count_people(session) == 1


def test_lists_are_searched_and_paged_as_text(engine: Engine) -> None:
    with writing(engine) as session:
        for name in ("Ada 100%", "Bob_1", "Cy"):
            people.add_person(session, name, at=AT, actor="test")

    def search(text: str) -> list[str]:
        with reading(engine) as session:
            return [found.person.name for found in list_people(session, search=text)]

    assert search("ada") == ["Ada 100%"]
    assert search("%") == ["Ada 100%"]
    assert search("_") == ["Bob_1"]
    with reading(engine) as session:
        assert [found.person.name for found in people_page(session, Want(1, index=1)).items] == ["Bob_1"]


def test_changes_are_in_the_audit_log(engine: Engine) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="desk")
        people.rename(session, ada.id, "Ada L.", at=AT, actor="desk")
        people.set_group(session, ada.id, "Team", at=AT, actor="desk")
        people.set_number(session, ada.id, "9", at=AT, actor="desk")
        people.set_notes(session, ada.id, "likes tea", at=AT, actor="desk")
        changed = people.set_active(session, ada.id, False, at=AT, actor="desk")
    assert (changed.name, changed.group, changed.number, changed.active) == ("Ada L.", "Team", "9", False)
    with reading(engine) as session:
        entries = newest_entries(session, person=ada.id)
    assert {entry.action for entry in entries} == {"add", "rename", "group", "number", "notes", "deactivate"}
    assert {entry.actor for entry in entries} == {"desk"}


@pytest.mark.parametrize(
    "act",
    [
        lambda session, at: people.rename(session, uuid4(), "Nobody", at=at, actor="test"),
        lambda session, at: consents.set_consent(session, uuid4(), "face", True, at=at, actor="test"),
    ],
    ids=["rename", "consent"],
)
def test_a_person_who_is_not_there_is_one_sentence(
    sqlite: Engine, at: datetime, act: Callable[[Session, datetime], object]
) -> None:
    with pytest.raises(InvalidRecord, match=r"no person .* may have been erased or merged"), writing(sqlite) as session:
        act(session, at)


def test_the_newest_consent_counts(engine: Engine) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test").id
        assert consents.current(session, ada, "mood") is None
        consents.set_consent(session, ada, "mood", False, at=AT + timedelta(hours=1), actor="desk")
        consents.set_consent(session, ada, "mood", True, at=AT, actor="desk")
        assert consents.current(session, ada, "mood") is False
        assert consents.refusals(session) == {(ada, "mood")}
        assert [consent.given for consent in consents.history(session, ada)] == [True, False]


def test_the_gallery_has_everybody_who_may_be_recognised(engine: Engine) -> None:
    with writing(engine) as session:
        ada = _enrol(session, "Ada", seed=1)
        gone = _enrol(session, "Gone")
        people.set_active(session, gone.id, False, at=AT, actor="test")
        private = _enrol(session, "Private")
        consents.set_consent(session, private.id, "face", False, at=AT, actor="test")
        moodless = _enrol(session, "Moodless")
        consents.set_consent(session, moodless.id, "mood", False, at=AT, actor="test")
        people.add_person(session, "Not enrolled", at=AT, actor="test")
        look_alikes.replace_for(session, ada.id, [(moodless.id, 0.9)], at=AT)
        look_alikes.add_wrong_pair(session, ada.id, event=uuid4(), sighting=None, similarity=0.8, at=AT, actor="door")
    with reading(engine) as session:
        gallery = {person.name: person for person in load_gallery(session, CIPHER, ENCODER)}
        assert load_gallery(session, CIPHER, "other-encoder") == []
    assert set(gallery) == {"Ada", "Moodless"}
    assert np.array_equal(gallery["Ada"].embedding, _face(1))
    assert gallery["Ada"].embedding.dtype == np.float32
    assert gallery["Ada"].members == 3
    assert gallery["Ada"].look_alikes == (moodless.id,)
    assert gallery["Moodless"].look_alikes == (ada.id,)
    assert gallery["Ada"].wrongly_named == 1


def test_the_same_image_is_enrolled_once(engine: Engine) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test")
        first, again = (enrol_image(session, CIPHER, ada.id, _face(3), AT, chip=b"JPEG") for _ in range(2))
        assert first == again
    with reading(engine) as session:
        (member,) = templates.load_members(session, CIPHER, ada.id, ENCODER)
        assert np.array_equal(member.embedding, _face(3))
        assert member.template.quality == {"sharpness": 0.7}
        assert templates.load_chip(session, CIPHER, member.template.id) == b"JPEG"
        assert len(templates.list_templates(session, ada.id)) == 1
        assert list_people(session)[0].templates == 1
    with writing(engine) as session:
        templates.delete_template(session, member.template.id, at=AT, actor="test")
        assert templates.list_templates(session, ada.id) == []


def test_a_portrait_comes_back(engine: Engine) -> None:
    with writing(engine) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test").id
        assert templates.load_portrait(session, CIPHER, ada) is None
        templates.set_portrait(session, CIPHER, ada, b"old", at=AT)
        templates.set_portrait(session, CIPHER, ada, b"new", at=AT)
    with reading(engine) as session:
        assert templates.load_portrait(session, CIPHER, ada) == b"new"


def test_look_alikes_are_replaced_not_added_up(engine: Engine) -> None:
    with writing(engine) as session:
        one, two, three = (people.add_person(session, name, at=AT, actor="t").id for name in ("A", "B", "C"))
        look_alikes.replace_for(session, one, [(two, 0.8), (three, 0.9)], at=AT)
        look_alikes.replace_for(session, two, [(one, 0.85)], at=AT)
        assert look_alikes.of_person(session, one) == [(three, 0.9), (two, 0.85)]
        assert len(look_alikes.by_person(session)[one]) == 2
