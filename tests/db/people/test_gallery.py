"""Who can be recognised, read column by column on SQLite and PostgreSQL."""

from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, update

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import WrongKey
from db.faces import templates
from db.people import consents, gallery, people
from db.schema.faces import MeanTemplateRow
from tests.db.doors import AT, CIPHER

ENCODER = "test-1"


class Gallery:
    """A database of five people, of whom some can be recognised."""

    def __init__(self, engine: Engine, cipher: TemplateCipher, at: datetime) -> None:
        self.engine, self.cipher, self.at = engine, cipher, at
        self.ids = {name: self._enrol(name, seed) for seed, name in enumerate(("Ada", "Bela", "Cleo", "Dana", "Ede"))}
        with writing(engine) as session:
            people.set_active(session, self.ids["Bela"], False, at=at, actor="test")
            consents.set_consent(session, self.ids["Cleo"], "face", False, at=at, actor="test")
            for days, given in enumerate((True, False)):
                consents.set_consent(
                    session, self.ids["Dana"], "mood", given, at=at + timedelta(days=days), actor="test"
                )
            consents.set_consent(session, self.ids["Ede"], "mood", True, at=at, actor="test")

    def _enrol(self, name: str, seed: int) -> UUID:
        with writing(self.engine) as session:
            one = people.add_person(session, name, at=self.at, actor="test").id
        self.set(one, face(seed, 128 if name == "Ada" else 256))
        return one

    def set(self, one: UUID, embedding: NDArray[np.float32]) -> None:
        with writing(self.engine) as session:
            templates.set_mean_template(
                session, self.cipher, one, encoder=ENCODER, embedding=embedding, members=1, at=self.at
            )

    def opened(self, *only: str) -> gallery.Opened:
        some = [self.ids[name] for name in only] if only else None
        with reading(self.engine) as session:
            (part,) = gallery.opened(session, self.cipher, ENCODER, some)
        return part

    def listed(self) -> gallery.Listed:
        with reading(self.engine) as session:
            return gallery.joined(list(gallery.listed(session, ENCODER)))


def face(seed: int, size: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


@pytest.fixture
def made(engine: Engine) -> Gallery:
    return Gallery(engine, CIPHER, AT)


def test_everybody_who_can_be_recognised_is_read_with_template_and_consent(made: Gallery) -> None:
    part = made.opened()
    assert (part.listed.names, part.listed.name_lengths.tolist()) == (b"AdaDanaEde", [3, 4, 3])
    assert part.listed.ids == b"".join(made.ids[name].bytes for name in ("Ada", "Dana", "Ede"))
    assert part.listed.mood_consent.tolist() == [-1, 0, 1]
    assert part.has_second.tolist() == [False, True, True]
    assert np.array_equal(part.first[0], face(0, 128))
    both = np.sqrt(0.5) * np.concatenate([part.first, part.second], axis=1)
    assert np.allclose(both[1:], [face(3, 256), face(4, 256)], atol=1e-6)
    assert made.opened("Ede", "Bela").listed.names == b"Ede"


def test_a_list_without_templates_tells_whose_template_changed(made: Gallery) -> None:
    before = made.listed()
    assert before.stamps.tolist() == made.opened().listed.stamps.tolist()
    made.set(made.ids["Dana"], face(3, 256))
    after = made.listed()
    assert (before.stamps != after.stamps).tolist() == [False, True, False]
    assert (after.ids, after.names) == (before.ids, before.names)


@pytest.mark.parametrize("damaged", [b"", b"\x01 short", b"\x01" + bytes(60)])
def test_a_damaged_template_shuts_out_its_person_and_nobody_else(made: Gallery, damaged: bytes) -> None:
    with writing(made.engine) as session:
        dana = update(MeanTemplateRow).where(MeanTemplateRow.person_id == made.ids["Dana"])
        session.execute(dana.values(embedding=damaged))
    assert made.opened().listed.names == b"AdaEde"
    assert len(made.listed().stamps) == 3


def test_another_key_is_refused(made: Gallery) -> None:
    made.cipher = TemplateCipher(bytes(32))
    with pytest.raises(WrongKey):
        made.opened()
