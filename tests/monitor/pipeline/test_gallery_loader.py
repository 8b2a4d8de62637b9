"""Who of the people in the database can be named, and who needs a larger lead."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import writing
from db.errors import DatabaseError
from db.faces import templates
from db.people import consents, look_alikes, people
from db.privacy.erasure import erase
from db.schema.faces import MeanTemplateRow
from monitor.config import Settings
from monitor.config_sources import load_settings
from monitor.domain import Embedding
from monitor.pipeline.gallery_loader import PeopleLoader, load_people
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.joined import join
from tests.monitor.stage import START, near, unit_vector

RANDOM = np.random.default_rng(9)
CIPHER = TemplateCipher(bytes(range(32)))

Enrol = Callable[..., UUID]


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    empty = tmp_path / "muster.toml"
    empty.touch()
    return load_settings(empty, target_fpir=0.01, match_margin=0.02, time_zone="UTC")


@pytest.fixture
def enrol(engine: Engine) -> Enrol:
    def add(name: str, template: Embedding, *, encoder: str = ENCODER_NAME) -> UUID:
        with writing(engine) as session:
            person = people.add_person(session, name, at=START, actor="tester").id
            templates.set_mean_template(
                session, CIPHER, person, encoder=encoder, embedding=template, members=3, at=START
            )
        return person

    return add


def test_of_an_empty_database_nobody_can_be_named(engine: Engine, settings: Settings) -> None:
    enrolled = load_people(engine, CIPHER, settings)
    assert len(enrolled.gallery) == 0
    assert enrolled.no_mood == frozenset()


def test_an_enrolled_person_is_named(engine: Engine, settings: Settings, enrol: Enrol) -> None:
    template = unit_vector(RANDOM)
    ada = enrol("Ada", template)
    named = load_people(engine, CIPHER, settings).gallery.identify(near(template, 0.98, RANDOM)).person
    assert named is not None
    assert (named.person, named.name) == (ada, "Ada")


def test_who_is_inactive_refused_or_of_another_encoder_cannot_be_named(
    engine: Engine, settings: Settings, enrol: Enrol
) -> None:
    enrol("Ada", unit_vector(RANDOM))
    gone, refused = enrol("Bela", unit_vector(RANDOM)), enrol("Cleo", unit_vector(RANDOM))
    enrol("Dana", unit_vector(RANDOM), encoder="another-encoder-v2")
    with writing(engine) as session:
        people.set_active(session, gone, False, at=START, actor="tester")
        consents.set_consent(session, refused, "face", False, at=START, actor="tester")
    assert len(load_people(engine, CIPHER, settings).gallery) == 1


def test_only_those_who_agreed_have_a_mood(engine: Engine, settings: Settings, enrol: Enrol) -> None:
    refused, agreed, unasked = (enrol(name, unit_vector(RANDOM)) for name in ("Ada", "Bela", "Cleo"))
    with writing(engine) as session:
        consents.set_consent(session, refused, "mood", False, at=START, actor="tester")
        consents.set_consent(session, agreed, "mood", True, at=START, actor="tester")
    assert load_people(engine, CIPHER, settings).no_mood == {refused, unasked}
    demo = settings.model_copy(update={"consent": "assumed"})
    assert load_people(engine, CIPHER, demo).no_mood == {refused}


class Pair:
    """Ada and Bela, and a face that is Ada's by a lead to choose."""

    def __init__(self, enrol: Enrol) -> None:
        self._ada, aside = unit_vector(RANDOM), unit_vector(RANDOM)
        aside -= (aside @ self._ada) * self._ada
        self._aside = aside / np.linalg.norm(aside)
        bela = np.asarray(0.9 * self._ada + np.sqrt(1 - 0.81) * self._aside, np.float32)
        self.ada, self.bela = enrol("Ada", self._ada), enrol("Bela", bela)

    def face(self, lead: float) -> Embedding:
        """Nearer to Ada than to Bela by this much."""
        angles = np.linspace(0, 0.25, 20_000)
        own, other = np.cos(angles), np.cos(np.arccos(0.9) - angles)
        angle = angles[np.argmin(np.abs(own - other - lead))]
        return np.asarray(np.cos(angle) * self._ada + np.sin(angle) * self._aside, np.float32)


def test_somebody_with_a_look_alike_needs_a_larger_lead(engine: Engine, settings: Settings, enrol: Enrol) -> None:
    pair = Pair(enrol)
    assert load_people(engine, CIPHER, settings).gallery.identify(pair.face(0.0225)).accepted
    with writing(engine) as session:
        look_alikes.replace_for(session, pair.ada, [(pair.bela, 0.9)], at=START)
    gallery = load_people(engine, CIPHER, settings).gallery
    assert not gallery.identify(pair.face(0.0225)).accepted
    assert gallery.identify(pair.face(0.035)).accepted


def test_the_larger_margin_of_the_settings_is_asked_of_everybody(
    engine: Engine, settings: Settings, enrol: Enrol
) -> None:
    pair = Pair(enrol)
    strict = settings.model_copy(update={"match_margin": 0.05})
    assert load_people(engine, CIPHER, settings).gallery.identify(pair.face(0.04)).accepted
    assert not load_people(engine, CIPHER, strict).gallery.identify(pair.face(0.04)).accepted


class Changes:
    """A hundred people, a loader that knows them, and templates that are made as they are changed."""

    def __init__(self, engine: Engine, settings: Settings, enrol: Enrol) -> None:
        self.engine, self.settings = engine, settings
        self.loader = PeopleLoader(engine, CIPHER, settings)
        self.faces = {enrol(f"Person {n}", face): face for n in range(100) for face in [self.face()]}
        self.ids = list(self.faces)
        self.loader.load()

    def face(self) -> Embedding:
        """Of both encoders: float32 (256,)."""
        return join(unit_vector(RANDOM), unit_vector(RANDOM))

    def enrol_again(self, person: UUID) -> None:
        self.faces[person] = self.face()
        with writing(self.engine) as session:
            templates.set_mean_template(
                session, CIPHER, person, encoder=ENCODER_NAME, embedding=self.faces[person], members=4, at=START
            )

    def as_loaded_anew(self) -> None:
        """Asserts that the loader knows what one knows that loads everybody."""
        kept, anew = self.loader.load(), load_people(self.engine, CIPHER, self.settings)
        assert len(kept.gallery) == len(anew.gallery)
        assert kept.no_mood == anew.no_mood
        for person, face in self.faces.items():
            assert kept.gallery.name_of(person) == anew.gallery.name_of(person)
            one, other = (enrolled.gallery.identify(face) for enrolled in (kept, anew))
            assert (one.person, one.accepted) == (other.person, other.accepted)
            assert one.threshold == pytest.approx(other.threshold, abs=1e-5)
            assert one.best is not None
            assert other.best is not None
            assert one.best.similarity == pytest.approx(other.best.similarity, abs=1e-6)


@pytest.fixture
def changes(engine: Engine, settings: Settings, enrol: Enrol) -> Changes:
    return Changes(engine, settings, enrol)


def test_after_every_kind_of_change_the_gallery_is_as_if_all_were_loaded_anew(changes: Changes, enrol: Enrol) -> None:
    with writing(changes.engine) as session:
        people.rename(session, changes.ids[3], "Zoë", at=START, actor="tester")
    changes.as_loaded_anew()
    changes.enrol_again(changes.ids[40])
    new = changes.face()
    changes.faces[enrol("Somebody new", new)] = new
    changes.as_loaded_anew()
    with writing(changes.engine) as session:
        people.set_active(session, changes.ids[7], False, at=START, actor="tester")
        consents.set_consent(session, changes.ids[8], "face", False, at=START, actor="tester")
        consents.set_consent(session, changes.ids[9], "mood", True, at=START, actor="tester")
        look_alikes.replace_for(session, changes.ids[10], [(changes.ids[11], 0.9)], at=START)
    changes.as_loaded_anew()
    with writing(changes.engine) as session:
        people.set_active(session, changes.ids[7], True, at=START, actor="tester")
        erase(session, changes.ids[99], at=START, actor="tester")
    changes.as_loaded_anew()


def test_a_gallery_may_become_empty_and_fill_again(changes: Changes, enrol: Enrol) -> None:
    with writing(changes.engine) as session:
        for person in changes.ids:
            people.set_active(session, person, False, at=START, actor="tester")
    gallery = changes.loader.load().gallery
    assert len(gallery) == 0
    assert gallery.identify(changes.face()).person is None
    changes.faces = {}
    new = changes.face()
    changes.faces[enrol("Somebody new", new)] = new
    changes.as_loaded_anew()


def test_only_templates_that_changed_are_opened(changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    open_embeddings = TemplateCipher.open_embeddings

    def count(cipher: TemplateCipher, sealed: Sequence[bytes], owners: Sequence[bytes]) -> NDArray[np.float32]:
        opened.append(len(sealed))
        return open_embeddings(cipher, sealed, owners)

    monkeypatch.setattr(TemplateCipher, "open_embeddings", count)
    with writing(changes.engine) as session:
        people.rename(session, changes.ids[3], "Zoë", at=START, actor="tester")
    changes.loader.load()
    assert opened == []
    changes.enrol_again(changes.ids[40])
    changes.loader.load()
    assert opened == [1, 1], "one person, both encoders"


def test_a_template_that_was_moved_is_left_out_then_as_well(changes: Changes) -> None:
    with writing(changes.engine) as session:
        one, other = (session.get_one(MeanTemplateRow, (person, ENCODER_NAME)) for person in changes.ids[:2])
        one.embedding = other.embedding
    assert len(changes.loader.load().gallery) == 99
    changes.as_loaded_anew()
    assert changes.loader.load().gallery.name_of(changes.ids[0]) is None


def test_another_key_is_one_clear_sentence(engine: Engine, settings: Settings, enrol: Enrol) -> None:
    enrol("Ada", unit_vector(RANDOM))
    with pytest.raises(DatabaseError) as caught:
        load_people(engine, TemplateCipher(bytes(32)), settings)
    assert str(caught.value).endswith(".")
    assert "key" in str(caught.value)
