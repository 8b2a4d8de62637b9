"""Export and erasure: what is in the file, and what is left in the database."""

import errno
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from db.crypto import TemplateCipher
from db.engine import reading
from db.records.people import Person
from db.schema.faces import TemplateRow
from enroll.people.store import Enrolment
from monitor.desk.people.export_and_erase import _held, erase, export_name, export_zip
from monitor.errors import MusterError, UsageError
from tests.enroll.conftest import Who, mean_of


def test_an_export_holds_the_data_and_the_images_and_only_its_owner_can_read_it(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], details: Enrolment, tmp_path: Path
) -> None:
    file = tmp_path / "anna.zip"
    images = export_zip(engine, cipher, enrol("Anna"), file, at=details.at, actor="desk")
    assert images == 4
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as archive:
        data = json.loads(archive.read("person.json"))
        assert archive.read("images/face-1.jpg") == b"a face in JPEG"
    assert data["person"]["name"] == "Anna"
    assert len(data["templates"]) == 3


def test_an_export_never_overwrites_a_file(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], details: Enrolment, tmp_path: Path
) -> None:
    (tmp_path / "anna.zip").write_text("precious")
    with pytest.raises(UsageError, match="already"):
        export_zip(engine, cipher, enrol("Anna"), tmp_path / "anna.zip", at=details.at, actor="desk")
    assert (tmp_path / "anna.zip").read_text() == "precious"


def test_a_name_cannot_lead_an_export_out_of_the_folder(engine: Engine, enrol: Callable[..., Person]) -> None:
    assert "/" not in export_name(enrol("../../etc/passwd"))


def test_after_an_erasure_no_file_holds_a_trace(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], who: Who, tmp_path: Path
) -> None:
    anna = enrol("Anna")
    enrol("Ben")
    with reading(engine) as session:
        sealed = session.scalars(select(TemplateRow.embedding).where(TemplateRow.person_id == anna.id)).all()[0]
    files = [tmp_path / "muster.sqlite3", tmp_path / "muster.sqlite3-wal"]
    assert any(sealed[:40] in file.read_bytes() for file in files)
    done = erase(engine, anna, **who)
    assert done.receipt.templates == 3
    assert done.traces_left == 0
    assert not any(sealed[:40] in file.read_bytes() or anna.id.hex.encode() in file.read_bytes() for file in files)
    assert mean_of(engine, cipher, "Ben").members == 3


def test_each_trace_is_found_once_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed faces begin alike; one lies across two of the pieces that are read."""
    monkeypatch.setattr("monitor.desk.people.export_and_erase._CHUNK", 100)
    alike = [b"key id 12" + bytes([number]) * 31 for number in range(4)]
    other, file = b"0197a3bc" * 4, tmp_path / "file"
    file.write_bytes(b"-" * 80 + alike[0] + b"-" * 33 + alike[2] + alike[2] + b"key id 12" + other)
    assert _held(file, [*alike, other, b"nowhere"]) == {alike[0], alike[2], other}
    assert _held(file, []) == set()


def test_what_another_program_keeps_in_the_log_is_found(
    engine: Engine, enrol: Callable[..., Person], who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrol("Anna")
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 1)
    engine.dispose()  # new connections wait no longer for the other program
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM person").fetchall()
        assert erase(engine, anna, **who).traces_left > 0


def test_a_full_disk_leaves_no_half_export(
    engine: Engine,
    cipher: TemplateCipher,
    enrol: Callable[..., Person],
    details: Enrolment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(MusterError, match="No space left on device"):
        export_zip(engine, cipher, enrol("Anna"), tmp_path / "anna.zip", at=details.at, actor="desk")
    assert list(tmp_path.glob("anna*")) == []
