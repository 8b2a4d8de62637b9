"""Where the installation's key is kept, and one sentence for one that is malformed or damaged."""

import base64
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.errors import DatabaseError, WrongKey
from db.key_store import cipher_of, load_cipher
from db.proof.heads import open_with


def test_a_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = load_cipher(tmp_path / "settings")
    file = tmp_path / "settings" / "template.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_cipher(tmp_path / "settings").key_id == made.key_id
    assert [entry.name for entry in file.parent.iterdir()] == ["template.key"]


def test_the_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = load_cipher(tmp_path)
    monkeypatch.setenv("MUSTER_KEY", base64.b64encode(b"k" * 32).decode())
    assert load_cipher(tmp_path).key_id == TemplateCipher(b"k" * 32).key_id != from_file.key_id


@pytest.mark.parametrize("given", ["short", "not base64!", base64.b64encode(b"k" * 31).decode()])
def test_a_malformed_key_is_one_sentence_that_does_not_repeat_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("MUSTER_KEY", given)
    with pytest.raises(DatabaseError, match="MUSTER_KEY is not 32 bytes") as caught:
        load_cipher(tmp_path)
    assert given not in str(caught.value)


def test_a_damaged_key_file_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "template.key").write_bytes(b"\xff\xfe broken")
    with pytest.raises(DatabaseError, match=r"template\.key"):
        load_cipher(tmp_path)
    assert (tmp_path / "template.key").read_bytes() == b"\xff\xfe broken"


def test_a_database_whose_key_is_not_here_gets_no_new_one(sqlite: Engine, tmp_path: Path) -> None:
    made = cipher_of(sqlite, tmp_path)
    open_with(sqlite, made, tmp_path)
    assert cipher_of(sqlite, tmp_path).key_id == made.key_id
    (tmp_path / "template.key").unlink()
    with pytest.raises(WrongKey, match=r"is not here; put it into .*template\.key again"):
        cipher_of(sqlite, tmp_path)
    assert not (tmp_path / "template.key").exists()
