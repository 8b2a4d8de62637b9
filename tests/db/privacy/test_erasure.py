"""Erasing, merging and exporting a person; a new key; backups; retention."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine

from db import backup
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, scrub, writing
from db.errors import DatabaseDamaged, DatabaseError, InvalidRecord, WrongKey
from db.faces import templates
from db.ids import new_id
from db.key_store import load_cipher
from db.observations import moods, sightings
from db.people import consents, people
from db.people.gallery import load_gallery
from db.people.listing import list_people
from db.privacy import erasure, merges, retention, rotation
from db.privacy.retention import Retention
from db.proof.heads import HEADS_FILE
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.records.people import Person
from db.records.privacy import Expired
from db.verification import ledger_check
from db.verification.verdict import verify
from tests.db.doors import AT, CIPHER
from tests.db.rows import enrol_image, newest_entries, newest_events, purge

FACE = np.linspace(-1, 1, 128, dtype=np.float32)
HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def _live(engine: Engine, name: str, image: str = "a", *, cipher: TemplateCipher = CIPHER) -> Person:
    """A person with a bit of everything."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        person = people.add_person(session, name, notes=f"notes on {name}", at=AT, actor="desk")
        enrol_image(session, cipher, person.id, FACE, AT, image=image * 64, chip=f"chip of {name}".encode())
        templates.set_mean_template(session, cipher, person.id, encoder="test-1", embedding=FACE, members=1, at=AT)
        templates.set_portrait(session, cipher, person.id, f"portrait of {name}".encode(), at=AT)
        consents.set_consent(session, person.id, "mood", False, at=AT, actor="desk")
        seen = SightingRecord(new_id(), kiosk, 1, AT, AT, 3, person.id, person.id, 0.9, None, None, 0.5)
        sightings.add(session, cipher, seen)
        moods.add(session, kiosk, MoodSample(AT, person.id, seen.id, None, None, "happy", HAPPY))
        event = NewEvent(new_id(), "check_in", person.id, AT, "UTC", kiosk, "face", "door", AT, sighting=seen.id)
        ledger.append(session, event)
        people.rename(session, person.id, f"{name} the Second", at=AT, actor="desk")
    return person


def test_an_erased_person_is_gone_and_the_chain_still_verifies(engine: Engine) -> None:
    ada = _live(engine, "Ada")
    _live(engine, "Bob")
    with writing(engine) as session:
        receipt = erasure.erase(session, ada.id, at=AT, actor="desk")
    assert (receipt.templates, receipt.sightings, receipt.mood_samples, receipt.consents) == (1, 1, 1, 1)
    assert receipt.events_kept == 1
    with reading(engine) as session:
        assert ledger_check.verify(session).whole
        assert [event.person for event in newest_events(session)][-1] is None
        assert [person.name for person in load_gallery(session, CIPHER, "test-1")] == ["Bob the Second"]
        assert moods.count(session) == 1
        assert not [entry for entry in newest_entries(session) if "Ada" in json.dumps(dict(entry.detail))]
    with pytest.raises(InvalidRecord), writing(engine) as session:
        erasure.erase(session, ada.id, at=AT, actor="desk")


def test_no_trace_of_an_erased_person_is_left_in_the_files(sqlite: Engine) -> None:
    ada = _live(sqlite, "Adalovelace")
    _live(sqlite, "Bob")
    with reading(sqlite) as session:
        traces = [b"Adalovelace", ada.id.hex.encode()]
    file = Path(str(sqlite.url.database))

    def files() -> bytes:
        return b"".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))

    assert all(trace in files() for trace in traces)
    with writing(sqlite) as session:
        erasure.erase(session, ada.id, at=AT, actor="desk")
    assert scrub(sqlite)
    assert not any(trace in files() for trace in traces)
    assert b"Bob" in files()


def test_merging_moves_everything(engine: Engine) -> None:
    ada, twin = _live(engine, "Ada", "a"), _live(engine, "Ada B", "b")
    with writing(engine) as session:
        merges.merge(session, CIPHER, twin.id, ada.id, at=AT, actor="desk")
    with reading(engine) as session:
        assert [entry.person.id for entry in list_people(session)] == [ada.id]
        members = templates.load_members(session, CIPHER, ada.id, "test-1")
        assert len({member.template.content_hash for member in members}) == 2
        assert templates.load_chip(session, CIPHER, members[1].template.id) == b"chip of Ada B"
        assert len(ledger.of_person(session, ada.id)) == 2
        assert len(sightings.between(session, AT, AT + timedelta(days=1), person=ada.id)) == 2
        assert consents.current(session, ada.id, "mood") is False
        assert ledger_check.verify(session).whole
    with pytest.raises(InvalidRecord, match="themselves"), writing(engine) as session:
        merges.merge(session, CIPHER, ada.id, ada.id, at=AT, actor="desk")


def test_an_export_has_everything_and_is_json(engine: Engine) -> None:
    ada = _live(engine, "Ada")
    with reading(engine) as session:
        export = erasure.export_person(session, CIPHER, ada.id)
    data = json.loads(json.dumps(export.data))
    assert data["person"]["name"] == "Ada the Second"
    assert "ada the second" not in json.dumps(data), "names folded for searches are not kept twice in it"
    assert data["templates"][0]["embedding"] == pytest.approx(FACE.tolist())
    assert data["attendance"][0]["kind"] == "check_in"
    assert {name: len(data[name]) for name in ("consents", "sightings", "moods", "mean_templates")} == dict.fromkeys(
        ("consents", "sightings", "moods", "mean_templates"), 1
    )
    assert export.images == {"portrait.jpg": b"portrait of Ada", "face-1.jpg": b"chip of Ada"}


def _visitor(engine: Engine, at: datetime) -> UUID:
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        seen = SightingRecord(new_id(), kiosk, 2, at, at, 3, None, None, 0.3, None, None, 0.5)
        sightings.add(session, CIPHER, seen, embedding=FACE, portrait=b"a stranger")
    return seen.id


def test_an_unknown_visitor_keeps_a_face_until_named_or_discarded(engine: Engine) -> None:
    ada = _live(engine, "Ada")
    named, discarded = _visitor(engine, AT), _visitor(engine, AT + timedelta(hours=1))
    with reading(engine) as session:
        newest, oldest = sightings.visitors(session, CIPHER)
    assert (newest.sighting.id, oldest.sighting.id) == (discarded, named)
    assert newest.embedding is not None
    assert np.array_equal(newest.embedding, FACE)
    assert newest.portrait == b"a stranger"
    with writing(engine) as session:
        sightings.name_visitor(session, named, ada.id, at=AT, actor="desk")
        sightings.discard_visitor(session, discarded, at=AT, actor="desk")
        assert sightings.visitors(session, CIPHER) == []
        assert sightings.count_visitors(session) == 0
        assert len(sightings.between(session, AT, AT + timedelta(days=1))) == 3


def test_retention_deletes_each_kind_after_its_time_and_the_ledger_never(engine: Engine) -> None:
    _live(engine, "Ada")
    _visitor(engine, AT)
    _visitor(engine, AT + timedelta(days=10))
    now = AT + timedelta(days=20)
    with writing(engine) as session:
        events = ledger.count(session)
        assert retention.expired(session, Retention(30, 30, 30), now) == Expired(0, 0, 0, 0)
        assert purge(session, Retention(15, 30, 30), now, actor="desk") == Expired(1, 1, 0, 0)
        assert sightings.count_visitors(session) == 1
        assert purge(session, Retention(30, 30, 15), now, actor="desk") == Expired(0, 0, 0, 1)
        assert moods.count(session) == 0
        assert len(sightings.between(session, AT, now)) == 2
        assert purge(session, Retention(30, 15, 30), now, actor="desk").sightings == 1
        assert len(sightings.between(session, AT, now)) == 1
        assert ledger.count(session) == events
        assert ledger_check.verify(session).whole
        detail = dict(newest_entries(session)[0].detail)
        assert detail.pop("before")["sightings"] == (now - timedelta(days=15)).isoformat()
        assert detail == {"visitors": 0, "sightings": 1, "moods": 0, "captures": 0, "views": 0}


def test_a_mood_goes_with_its_sighting(engine: Engine) -> None:
    _live(engine, "Ada")
    now = AT + timedelta(days=20)
    with writing(engine) as session:
        assert retention.expired(session, Retention(30, 15, 30), now) == Expired(0, 0, 1, 1)
        purge(session, Retention(30, 15, 30), now, actor="desk")
        assert moods.count(session) == 0


def test_a_new_key_opens_everything_and_the_old_one_nothing(engine: Engine) -> None:
    ada = _live(engine, "Ada")
    _visitor(engine, AT)
    new = TemplateCipher(b"n" * 32)
    with writing(engine) as session:
        assert rotation.reencrypt(session, CIPHER, new, at=AT, actor="desk") == 6
    with reading(engine) as session:
        assert len(load_gallery(session, new, "test-1")) == 1
        assert erasure.export_person(session, new, ada.id).images["portrait.jpg"] == b"portrait of Ada"
        assert sightings.visitors(session, new)[0].portrait == b"a stranger"
        with pytest.raises(WrongKey):
            load_gallery(session, CIPHER, "test-1")
    with pytest.raises(WrongKey), writing(engine) as session:
        rotation.reencrypt(session, CIPHER, new, at=AT, actor="desk")


def test_rotating_survives_a_crash_before_the_key_is_in_place(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _live(sqlite, "Ada", cipher=load_cipher(tmp_path))

    def crash(key: bytes, folder: Path) -> str:
        raise OSError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(rotation, "store_key", crash)
        with pytest.raises(OSError, match="power"):
            rotation.rotate(sqlite, tmp_path, at=AT, actor="desk")
    with reading(sqlite) as session, pytest.raises(WrongKey):
        load_gallery(session, load_cipher(tmp_path), "test-1")
    assert rotation.rotate(sqlite, tmp_path, at=AT, actor="desk").sealed == 0
    with reading(sqlite) as session:
        assert len(load_gallery(session, load_cipher(tmp_path), "test-1")) == 1
    assert not (tmp_path / "template.key.next").exists()


def test_a_database_that_a_rotation_left_out_gets_the_present_key(sqlite: Engine, tmp_path: Path) -> None:
    _live(sqlite, "Ada", cipher=load_cipher(tmp_path))
    rotated = rotation.rotate(open_database(str(tmp_path / "other.sqlite3")), tmp_path, at=AT, actor="desk")
    with reading(sqlite) as session, pytest.raises(WrongKey, match="run it for this one, too"):
        load_gallery(session, load_cipher(tmp_path), "test-1")
    brought = rotation.rotate(sqlite, tmp_path, at=AT, actor="desk")
    assert (brought.key_id, brought.place, brought.before) == (rotated.key_id, str(tmp_path / "template.key"), None)
    with reading(sqlite) as session:
        assert len(load_gallery(session, load_cipher(tmp_path), "test-1")) == 1
    assert verify(sqlite, load_cipher(tmp_path), tmp_path / HEADS_FILE).problems == ()


def test_a_backup_of_a_database_in_use_is_whole(sqlite: Engine, tmp_path: Path) -> None:
    _live(sqlite, "Ada")
    (tmp_path / "backups").mkdir()
    copy = tmp_path / "backups" / "copy.sqlite3"
    with writing(sqlite) as session:
        people.add_person(session, "Not committed yet", at=AT, actor="test")
        assert backup.back_up(sqlite, copy) == copy.stat().st_size
    assert [entry.name for entry in copy.parent.iterdir()] == ["copy.sqlite3"]
    restored = open_database(str(copy))
    with reading(restored) as session:
        assert [entry.person.name for entry in list_people(session)] == ["Ada the Second"]
        assert ledger_check.verify(session).whole
    assert backup.problems(restored) == []
    with pytest.raises(DatabaseError, match="is there already"):
        backup.back_up(sqlite, copy)


def test_a_file_with_broken_pages_is_noticed(sqlite: Engine) -> None:
    for number in range(30):
        _live(sqlite, f"Person {number}")
    scrub(sqlite)
    sqlite.dispose()
    file = Path(str(sqlite.url.database))
    data = bytearray(file.read_bytes())
    data[8192:-4096] = bytes(len(data) - 8192 - 4096)
    file.write_bytes(data)
    with pytest.raises(DatabaseDamaged, match="damaged"), reading(open_database(str(file))) as session:
        list_people(session)


def test_a_quick_look_leaves_references_to_the_full_check(sqlite: Engine) -> None:
    _live(sqlite, "Ada")
    assert backup.problems(sqlite) == backup.problems(sqlite, quick=True) == []
    with closing(sqlite3.connect(str(sqlite.url.database))) as other:
        other.execute("DELETE FROM person")  # a program that does not ask for foreign keys
        other.commit()
    assert backup.problems(sqlite, quick=True) == []
    assert any("refer to a missing person" in problem for problem in backup.problems(sqlite))
