"""Neither the hash nor the name of a picture in the database tells who is enrolled from it."""

import hashlib
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from db.crypto import TemplateCipher
from db.engine import reading, scrub, writing
from db.faces import templates
from db.key_store import load_key
from db.people import people
from db.privacy import merges, rotation
from db.proof import images
from db.proof.heads import open_with
from db.records.faces import Template
from db.schema.faces import TemplateRow
from tests.db.doors import AT, CIPHER
from tests.db.rows import enrol_image

FACE = np.linspace(-1, 1, 128, dtype=np.float32)
HASH = hashlib.sha256(b"a picture of Ada").hexdigest()
FILE = "staff/Ada Lovelace 1.JPG"


def _enrol(engine: Engine, cipher: TemplateCipher, name: str, source: str = FILE) -> Template:
    with writing(engine) as session:
        person = people.add_person(session, name, at=AT, actor="desk").id
        return enrol_image(session, cipher, person, FACE, AT, image=HASH, source=source)


def _owners(engine: Engine, cipher: TemplateCipher) -> set[str]:
    """Who is found by the picture."""
    with reading(engine) as session:
        key = images.secret(session, cipher)
        assert key is not None
        return set(templates.owners_of_images(session, [images.keyed(key, HASH)]).values())


def _of_before(engine: Engine) -> None:
    """The rows as version 0.8 wrote them."""
    with writing(engine) as session:
        session.execute(text("DELETE FROM proof_key"))
        for row in session.query(TemplateRow).all():
            row.content_hash, row.source = HASH, FILE


def test_a_stolen_database_has_neither_the_hash_nor_the_name(sqlite: Engine) -> None:
    kept = _enrol(sqlite, CIPHER, "Ada")
    assert (len(kept.content_hash), len(kept.source), kept.source[-4:]) == (64, 12, ".jpg")
    assert _enrol(sqlite, CIPHER, "Bob", "camera, left").source == "camera, left"
    assert _enrol(sqlite, CIPHER, "Cleo", "door, 2026-03-02 08:00 UTC").source == "door, 2026-03-02 08:00 UTC"
    assert _owners(sqlite, CIPHER) <= {"Ada", "Bob", "Cleo"} != set()
    scrub(sqlite)
    content = Path(str(sqlite.url.database)).read_bytes()
    assert HASH.encode() not in content
    assert b"Lovelace" not in content


def test_what_the_version_before_wrote_is_keyed_when_it_is_opened_and_still_known(
    engine: Engine, tmp_path: Path
) -> None:
    one = _enrol(engine, CIPHER, "Ada")
    two = _enrol(engine, CIPHER, "Ada L.")
    _of_before(engine)
    with writing(engine) as session:
        merges.merge(session, CIPHER, two.person, one.person, at=AT, actor="desk")
    open_with(engine, CIPHER, tmp_path)
    assert _owners(engine, CIPHER) == {"Ada"}
    with reading(engine) as session:
        (kept,) = templates.list_templates(session, one.person)
    assert kept.source == images.label(_secret(engine), FILE)
    if engine.dialect.name == "sqlite":
        scrub(engine)
        content = Path(str(engine.url.database)).read_bytes()
        assert HASH.encode() not in content
        assert b"Lovelace" not in content
    with writing(engine) as session:
        again = enrol_image(session, CIPHER, one.person, FACE, AT, image=HASH, source=FILE)
    assert again.id == kept.id


def _secret(engine: Engine) -> bytes:
    with reading(engine) as session:
        key = images.secret(session, CIPHER)
    assert key is not None
    return key


def test_a_picture_is_known_again_after_a_new_key(sqlite: Engine, tmp_path: Path) -> None:
    cipher = TemplateCipher(load_key(tmp_path))
    open_with(sqlite, cipher, tmp_path)
    _enrol(sqlite, cipher, "Ada")
    rotation.rotate(sqlite, tmp_path, at=AT, actor="desk")
    assert _owners(sqlite, TemplateCipher(load_key(tmp_path))) == {"Ada"}
