"""Files that are damaged in thousands of ways; under `HYPOTHESIS_PROFILE=explore` in 1,000 for each of ten parsers."""

import gzip
import io
import os
import re
import signal
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from uuid import uuid4

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import open_database, reading
from db.errors import DatabaseError
from db.people.listing import list_people
from enroll.imports.exported import exported_identity
from enroll.imports.run import open_batch
from monitor.config_sources import load_settings
from monitor.errors import ImageError, MusterError
from monitor.vision.images import read_image
from tests.faults.fuzz import mutations
from tests.faults.fuzz.mutations import EDITS, Edit, damaged
from training.emotion.data.fer2013 import load_fer2013

SECONDS = 5
"""Of the processor's time that one file may take."""

fuzz = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class Hang(BaseException):
    """A file took too long; not an Exception, so that no parser catches it."""


@contextmanager
def answered() -> Iterator[None]:
    """The block ends within its time; an error is one sentence, and no other exception leaves it."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"not done after {SECONDS} s of the processor's time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with one_sentence():
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def one_sentence() -> Iterator[None]:
    try:
        yield
    except MusterError as error:
        text = str(error)
        assert text.endswith((".", "?")), text
        assert "Traceback" not in text
        assert len(text) < 1000, text


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, bytes], Path]]:
    """Writes a file into a folder of its own; at the end nothing else has appeared anywhere near it."""
    inside, scratch = tmp_path / "inside", tmp_path / "scratch"
    inside.mkdir()
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    written: set[Path] = set()

    def write(name: str, content: bytes) -> Path:
        for file in written:
            file.unlink(missing_ok=True)
        written.clear()
        path = inside / name
        path.write_bytes(content)
        written.add(path)
        return path

    yield write
    left = {path for path in tmp_path.rglob("*") if path not in (inside, scratch)} - written
    assert {path for path in left if not re.fullmatch(r".*-(wal|shm|journal)", path.name)} == set()


def import_all(path: Path) -> None:
    """What an import does with a path, up to the faces."""
    with open_batch(path) as batch:
        for person in batch.people:
            for picture in person.pictures:
                with suppress(ImageError), picture.at_hand() as file:
                    read_image(file)


@fuzz
@given(kind=st.sampled_from(sorted(mutations.pictures())), edits=EDITS)
def test_pictures(write: Callable[[str, bytes], Path], kind: str, edits: list[Edit]) -> None:
    path = write(f"picture.{kind}", damaged(mutations.pictures()[kind], edits))
    with answered():
        read_image(path)


@fuzz
@given(content=st.binary(max_size=400), kind=st.sampled_from(["jpg", "tga", "pcx", "tif", "gif"]))
def test_pictures_of_any_bytes(write: Callable[[str, bytes], Path], content: bytes, kind: str) -> None:
    path = write(f"picture.{kind}", content)
    with answered():
        read_image(path)


@fuzz
@given(which=st.integers(0, 2), edits=EDITS)
def test_archives(write: Callable[[str, bytes], Path], which: int, edits: list[Edit]) -> None:
    path = write("people.zip", damaged(mutations.archives()[which], edits))
    with answered():
        import_all(path)


@fuzz
@given(names=st.lists(st.text(max_size=30), max_size=4), size=st.integers(0, 40))
def test_names_in_archives(write: Callable[[str, bytes], Path], names: list[str], size: int) -> None:
    jpg = mutations.pictures()["jpg"]
    with suppress(ValueError, UnicodeEncodeError):
        path = write("people.zip", mutations.zipped({f"{name}.jpg": jpg[:size] for name in names}))
        with answered():
            import_all(path)


@fuzz
@given(which=st.integers(0, 3), edits=EDITS)
def test_lists(write: Callable[[str, bytes], Path], which: int, edits: list[Edit]) -> None:
    path = write("people.csv", damaged(mutations.LISTS[which], edits))
    with answered():
        import_all(path)


@fuzz
@given(which=st.integers(0, 1), edits=EDITS)
def test_workbooks(write: Callable[[str, bytes], Path], which: int, edits: list[Edit]) -> None:
    path = write("people.xlsx", damaged(mutations.workbooks()[which], edits))
    with answered():
        import_all(path)


@fuzz
@given(which=st.integers(0, 4), edits=EDITS)
def test_training_data(write: Callable[[str, bytes], Path], which: int, edits: list[Edit]) -> None:
    path = write("fer2013", damaged(mutations.tables()[which], edits))
    with answered():
        load_fer2013(path)


@fuzz
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_what_an_export_says_of_its_person(content: bytes) -> None:
    with answered():
        exported_identity(content)


@fuzz
@given(edits=EDITS)
def test_configuration_files(write: Callable[[str, bytes], Path], edits: list[Edit]) -> None:
    whole = b'site = "Harbour"\nmin_face = 40\ntarget_fpir = 0.01\n[quality]\nsharpness = 0.1\nyaw = 20\n'
    path = write("muster.toml", damaged(whole, edits))
    with answered():
        load_settings(path)


@fuzz
@given(
    edits=st.lists(EDITS, min_size=1, max_size=3).map(lambda parts: [edit for part in parts for edit in part]),
    header=st.booleans(),
)
def test_databases(write: Callable[[str, bytes], Path], migrated: Path, edits: list[Edit], header: bool) -> None:
    whole = migrated.read_bytes()
    broken = damaged(whole[:100], edits)[:100].ljust(100, b"\0") + whole[100:] if header else damaged(whole, edits)
    path = write(f"{uuid4().hex}.sqlite3", broken)
    with answered(), without_its_logs(path):
        engine = open_database(str(path))
        try:
            with reading(engine) as session:
                list_people(session)
        finally:
            engine.dispose()


@contextmanager
def without_its_logs(path: Path) -> Iterator[None]:
    """Removes SQLite's own files beside the database afterwards."""
    try:
        yield
    finally:
        for suffix in ("-wal", "-shm", "-journal"):
            with suppress(OSError):
                os.unlink(f"{path}{suffix}")


def test_a_cell_at_the_far_end_of_a_sheet_takes_neither_time_nor_memory(write: Callable[[str, bytes], Path]) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        for row in (["name", "file"], ["Anna", "a.jpg"]):
            sheet.append(row)
        sheet["XFD1048576"] = "x"

    path = write("people.xlsx", mutations.workbook(fill))
    with answered(), open_batch(path) as batch:
        assert [person.identity.name for person in batch.people] == ["Anna"]


def test_a_workbook_that_unpacks_without_end_is_refused(write: Callable[[str, bytes], Path]) -> None:
    path = write("people.xlsx", mutations.zipped({"[Content_Types].xml": b" " * 2**26}))
    with pytest.raises(MusterError, match="far more than a list needs"), open_batch(path):
        pass


@pytest.mark.parametrize("cell", ["x" * 131_073, '"' + "x" * 2**20 + "x" * 2**20 + '"'], ids=["long", "endless"])
def test_a_cell_longer_than_the_csv_readers_limit(write: Callable[[str, bytes], Path], cell: str) -> None:
    path = write("people.csv", f"file,name\na.jpg,{cell}\n".encode())
    with answered():
        import_all(path)


def test_an_entry_without_a_name_and_one_that_points_out_of_the_archive(write: Callable[[str, bytes], Path]) -> None:
    content = bytearray(mutations.archives()[1])
    directory = content.index(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = b"\xf0\xff\xff\x7f"
    path = write("people.zip", bytes(content))
    with answered():
        import_all(path)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = ""
        archive.writestr(info, b"x")
        archive.writestr("Anna.jpg", mutations.pictures()["jpg"])
    path = write("people.zip", file.getvalue())
    with answered(), open_batch(path) as batch:
        assert [person.identity.name for person in batch.people] == ["Anna"]


def test_a_compressed_table_with_a_broken_stream(write: Callable[[str, bytes], Path]) -> None:
    content = bytearray(gzip.compress(mutations.tables()[0]))
    content[12:30] = b"\xaa" * 18
    path = write("fer2013", bytes(content))
    with pytest.raises(MusterError, match="cannot be read as CSV"):
        load_fer2013(path)


@pytest.mark.parametrize("content", [b"hello" * 200, b"SQLite format 3\0" + b"\xff" * 4080], ids=["text", "header"])
def test_a_file_that_is_not_a_database(write: Callable[[str, bytes], Path], content: bytes) -> None:
    path = write("muster.sqlite3", content)
    with pytest.raises(DatabaseError, match="is not a database"):
        open_database(str(path))
    assert path.read_bytes() == content
