"""Files are whole or as they were: rights, links, devices, and what a failure leaves."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.errors import MusterError
from monitor.files import unfinished, write_atomically, write_folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.txt"


def rights(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_file_is_replaced_only_when_the_block_ends(file: Path) -> None:
    file.write_text("old")
    with unfinished(file) as part:
        part.write_text("new")
        assert (file.read_text(), part.parent) == ("old", file.parent)
    assert (file.read_text(), list(file.parent.iterdir())) == ("new", [file])


def test_an_error_in_the_block_leaves_the_old_file_and_nothing_beside_it(file: Path) -> None:
    def fail() -> None:
        with unfinished(file) as part:
            part.write_text("half")
            raise ZeroDivisionError

    file.write_text("old")
    with pytest.raises(ZeroDivisionError):
        fail()
    assert (file.read_text(), list(file.parent.iterdir())) == ("old", [file])


def test_what_a_killed_program_left_goes_and_what_another_writes_stays(file: Path) -> None:
    abandoned, fresh = (file.with_name(f".{file.name}.{end}") for end in ("0123abcd", "4567cdef"))
    for part in (abandoned, fresh):
        part.write_text("half")
    os.utime(abandoned, (0, 0))
    write_atomically(file, b"new")
    assert sorted(file.parent.iterdir()) == sorted([file, fresh])


def test_a_writer_that_pauses_for_long_keeps_its_file(file: Path) -> None:
    with unfinished(file) as part:
        part.write_text("slow")
        os.utime(part, (0, 0))
        write_atomically(file, b"fast")
        assert part.exists()
    assert file.read_text() == "slow"


@pytest.mark.parametrize("when", ["write", "sync"])
def test_a_full_disk_leaves_the_old_file_and_is_one_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file.write_text("old")
    owner, name = (Path, "write_bytes") if when == "write" else (os, "fsync")
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(MusterError, match=r"file\.txt cannot be written: No space left on device\.$"):
        write_atomically(file, b"new")
    assert (file.read_text(), list(file.parent.iterdir())) == ("old", [file])


def test_a_folder_in_the_way_is_one_sentence(file: Path) -> None:
    file.mkdir()
    with pytest.raises(MusterError, match="cannot be written"):
        write_atomically(file, b"new")
    assert list(file.parent.iterdir()) == [file]


def test_rights_stay_and_a_private_file_is_its_owners_alone(file: Path) -> None:
    file.write_text("old")
    file.chmod(0o640)
    write_atomically(file, b"new")
    assert rights(file) == 0o640
    with unfinished(file, private=True) as part:
        assert rights(part) == 0o600
    assert rights(file) == 0o600


def test_a_new_file_has_the_rights_that_the_umask_allows(file: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(file, b"new")
    finally:
        os.umask(before)
    assert rights(file) == 0o640


def test_a_link_stays_a_link(file: Path) -> None:
    file.write_text("old")
    link = file.with_name("link")
    link.symlink_to(file)
    write_atomically(link, b"new")
    assert (link.is_symlink(), file.read_text()) == (True, "new")


def test_a_pipe_is_written_to_and_not_replaced(file: Path) -> None:
    os.mkfifo(file)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(file.read_bytes()))
    reader.start()
    write_atomically(file, b"new")
    reader.join()
    assert (read, file.is_fifo()) == ([b"new"], True)


def test_what_is_not_to_be_replaced_stays(file: Path) -> None:
    with unfinished(file, replace=False) as part:
        part.write_text("first")
    with pytest.raises(FileExistsError), unfinished(file, replace=False) as part:
        part.write_text("second")
    assert (file.read_text(), list(file.parent.iterdir())) == ("first", [file])


def test_a_file_system_without_links_gets_a_new_file_but_loses_none(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    file.unlink(missing_ok=True)
    write_atomically(file, b"first", replace=False)
    with pytest.raises(MusterError, match="File exists"):
        write_atomically(file, b"second", replace=False)
    assert (file.read_text(), list(file.parent.iterdir())) == ("first", [file])


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    file = tmp_path / ("ä" * 127)
    write_atomically(file, b"new")
    assert file.read_bytes() == b"new"


def test_two_who_write_at_once_leave_one_whole_file(file: Path) -> None:
    with unfinished(file) as one, unfinished(file) as other:
        one.write_text("one")
        other.write_text("other")
    assert (file.read_text(), list(file.parent.iterdir())) == ("one", [file])


def test_a_folder_gets_all_files_or_none_and_only_its_owner_reads_them(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield "c", b"3"
        raise ZeroDivisionError

    folder = tmp_path / "new" / "faces"
    with pytest.raises(ZeroDivisionError):
        write_folder(folder, broken())
    assert not folder.exists()
    files = write_folder(folder, [("b", b"2"), ("a", b"1")])
    assert [file.read_bytes() for file in files] == [b"1", b"2"]
    assert [rights(one) for one in (folder, *files)] == [0o700, 0o600, 0o600]
    with pytest.raises(ZeroDivisionError):
        write_folder(folder, broken())
    assert sorted(folder.iterdir()) == files
    with pytest.raises(MusterError, match="cannot be written"):
        write_folder(files[0], [("d", b"4")])
