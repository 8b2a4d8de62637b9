"""Face templates at rest: sealed, bound to their row, and one clear sentence for a wrong key."""

import base64
import logging
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text, update

from db.crypto import TemplateCipher, bind_key, owner
from db.engine import reading, writing
from db.errors import DatabaseDamaged, DatabaseError, WrongKey
from db.faces import templates
from db.people import people
from db.people.gallery import load_gallery
from db.privacy.sealed_columns import sealed_columns
from db.schema.doors import SitePepperRow
from db.schema.faces import MeanTemplateRow
from tests.db.doors import AT, CIPHER

FACE = np.linspace(-1, 1, 128, dtype=np.float32)
OTHER_KEY = TemplateCipher(b"\x07" * 32)


def test_what_was_sealed_comes_back() -> None:
    sealed, second = CIPHER.seal_embedding(FACE, "row 1")
    assert second is None
    assert np.array_equal(CIPHER.open_embedding(sealed, None, "row 1"), FACE)
    assert FACE.tobytes()[:16] not in sealed


def test_both_encoders_parts_are_sealed_apart_and_come_back_together() -> None:
    both = np.random.default_rng(3).standard_normal(256).astype(np.float32)
    sealed, second = CIPHER.seal_embedding(both, "row 1")
    assert second is not None
    assert CIPHER.open_embedding(sealed, second, "row 1") == pytest.approx(both, rel=1e-6)
    first = CIPHER.open_embedding(sealed, None, "row 1")
    assert first == pytest.approx(both[:128] * np.sqrt(2), rel=1e-6)
    with pytest.raises(DatabaseDamaged, match="changed or moved"):
        CIPHER.open_embedding(second, sealed, "row 1")


def test_sealing_twice_gives_different_bytes() -> None:
    assert CIPHER.seal(b"face", "row") != CIPHER.seal(b"face", "row")


def test_a_sealed_value_cannot_move_to_another_row() -> None:
    sealed, _ = CIPHER.seal_embedding(FACE, "row 1")
    with pytest.raises(DatabaseDamaged, match="changed or moved"):
        CIPHER.open_embedding(sealed, None, "row 2")


def test_what_older_versions_sealed_stays_bound_to_the_same_words() -> None:
    bound = {owner(column, "ID") for column, _ in sealed_columns() if column.class_ is not SitePepperRow}
    faces = {f"{table}.embedding ID" for table in ("face_template", "growth_capture", "kept_view", "mean_template")}
    faces |= {f"{one} second" for one in faces} | {"sighting.embedding ID", "sighting.embedding ID second"}
    chips = {f"{table}.chip ID" for table in ("face_template", "growth_capture", "kept_view")}
    assert bound == faces | chips | {"portrait.jpeg ID", "sighting.portrait ID"}


def test_a_flipped_bit_is_noticed() -> None:
    sealed = bytearray(CIPHER.seal(b"face", "row"))
    sealed[-1] ^= 1
    with pytest.raises(DatabaseDamaged):
        CIPHER.open(bytes(sealed), "row")


def test_another_key_is_named_as_such() -> None:
    with pytest.raises(WrongKey, match="another key"):
        OTHER_KEY.open(CIPHER.seal(b"face", "row"), "row")


@pytest.mark.parametrize("face", [np.zeros(127, np.float32), np.full(128, np.nan, np.float32)])
def test_what_is_no_embedding_is_not_stored(face: np.ndarray) -> None:
    with pytest.raises(DatabaseError, match="embedding"):
        CIPHER.seal_embedding(face, "row")


def test_the_key_never_shows() -> None:
    assert bytes(range(32)).hex() not in repr(CIPHER)
    assert base64.b64encode(bytes(range(32))).decode() not in repr(vars(CIPHER))


def test_a_database_remembers_its_key(engine: Engine) -> None:
    with writing(engine) as session:
        bind_key(session, CIPHER, AT)
    with pytest.raises(WrongKey), writing(engine) as session:
        bind_key(session, OTHER_KEY, AT)


def test_nobody_enrols_with_a_wrong_key(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test")
        _set_mean(session, CIPHER, ada.id)
    with pytest.raises(WrongKey), writing(sqlite) as session:
        _set_mean(session, OTHER_KEY, ada.id)
    with reading(sqlite) as session, pytest.raises(WrongKey, match="MUSTER_KEY"):
        load_gallery(session, OTHER_KEY, "test-1")


def test_a_swapped_or_damaged_template_shuts_out_its_person_and_nobody_else(
    sqlite: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with writing(sqlite) as session:
        names = ("Ada", "Bob", "Cleo", "Dora")
        ada, bob, cleo, dora = (people.add_person(session, name, at=AT, actor="test").id for name in names)
        _set_mean(session, CIPHER, cleo)
        _set_mean(session, CIPHER, dora)
        _set_mean(session, CIPHER, ada)
        _set_mean(session, CIPHER, bob)
        stolen = session.get(MeanTemplateRow, (ada, "test-1"))
        assert stolen is not None
        session.execute(
            update(MeanTemplateRow).where(MeanTemplateRow.person_id == bob).values(embedding=stolen.embedding)
        )
        session.execute(
            update(MeanTemplateRow).where(MeanTemplateRow.person_id == cleo).values(embedding=b"\x01 of another key")
        )
    with reading(sqlite) as session:
        assert [one.name for one in load_gallery(session, CIPHER, "test-1")] == ["Ada", "Dora"]
    assert f"The template of the person {bob} was changed or moved" in caplog.text
    assert f"The template of the person {cleo} was changed or moved" in caplog.text


def test_faces_are_never_in_the_file_or_the_log(sqlite: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with writing(sqlite) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test")
        _set_mean(session, CIPHER, ada.id)
        templates.set_portrait(session, CIPHER, ada.id, b"JPEG of Ada", at=AT)
    with sqlite.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    data = Path(str(sqlite.url.database)).read_bytes()
    assert FACE.tobytes()[:16] not in data
    assert b"JPEG of Ada" not in data
    assert "JPEG of Ada" not in caplog.text


def _set_mean(session, cipher, person) -> None:  # type: ignore[no-untyped-def]
    templates.set_mean_template(session, cipher, person, encoder="test-1", embedding=FACE, members=1, at=AT)
