"""The doors of a site as the centre knows them: how far each is, its key, and copies with a chain of their own."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from typer.testing import CliRunner

from db.attendance import ledger
from db.crypto import bound_key
from db.engine import open_database, reading, writing
from db.errors import DatabaseUnavailable, InvalidRecord
from db.forwarding import doors
from db.forwarding.send import forward
from db.proof import chains
from db.proof.heads import open_with
from db.verification import ledger_check
from monitor.cli.data.kiosks import app
from monitor.desk.doors import add_key, all_doors, revoke_key
from tests.db.doors import CIPHER, Door


def test_a_door_says_how_far_it_is_and_since_when(engine: Engine, door: Door, at: datetime) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    forward(door.engine, engine, now=at)
    (known,) = all_doors(engine)
    assert (known.kiosk, known.waiting, known.waiting_since, known.seen_at) == ("door", 0, None, at)
    assert known.version
    door.see(ada, 10)
    door.see(ada, 20)
    with reading(door.engine) as here, writing(engine) as there:  # the round that is cut off after this
        doors.report(here, there, chains.of(door.engine), at + timedelta(hours=1))
    (late,) = all_doors(engine)
    assert (late.waiting, late.waiting_since, late.seen_at) == (2, at + timedelta(minutes=10), at + timedelta(hours=1))
    forward(door.engine, engine, now=at + timedelta(hours=2))
    assert all_doors(engine)[0].waiting == 0


def test_a_copied_database_is_told_what_to_do_and_sends_under_a_chain_of_its_own(
    engine: Engine, door: Door, at: datetime, tmp_path: Path
) -> None:
    ada = door.enrol("Ada")
    door.see(ada)
    forward(door.engine, engine, now=at)
    door.engine.dispose()
    shutil.copy(tmp_path / "door.sqlite3", tmp_path / "copy.sqlite3")
    copy = Door(tmp_path / "copy.sqlite3", at)
    door.see(ada, 10)
    copy.see(ada, 20)
    forward(door.engine, engine, now=at)
    with pytest.raises(InvalidRecord, match="'muster db new-chain' gives a copy a chain of its own"):
        forward(copy.engine, engine, now=at)
    with writing(copy.engine) as session:
        before, after = chains.known(session), chains.renew(session, at=at, actor="desk")
    assert before != after
    for one in (copy, door, copy):
        one.see(ada, 30)
        forward(one.engine, engine, now=at)
        with reading(one.engine) as session:
            assert ledger_check.verify(session).whole
    with reading(engine) as session:
        assert ledger.count(session) == 6, "what both have is there once"
        assert ledger_check.verify(session).whole
        for chain, events in ((before, 3), (after, 4)):
            assert chain is not None
            found = ledger_check.verify_forwarded(session, chain)
            assert (found.whole, found.events) == (True, events)
    copy.engine.dispose()


def test_a_file_has_no_keys(sqlite: Engine, at: datetime) -> None:
    with pytest.raises(InvalidRecord, match="users of a PostgreSQL server"):
        add_key(sqlite, "centre.sqlite3", "front", at=at, actor="desk")


def test_each_kiosk_comes_with_its_key_until_that_is_revoked(
    postgresql: Engine, door: Door, at: datetime, tmp_path: Path
) -> None:
    admin = postgresql.url.render_as_string(hide_password=False)
    (tmp_path / "muster.toml").touch()
    words = ["add", "Front door", "--db", admin, "--config", str(tmp_path / "muster.toml"), "--json"]
    address = json.loads(CliRunner().invoke(app, words).stdout)["forward"]
    with reading(postgresql) as session:
        assert bound_key(session) is None, "the faces there are the site key's, not the administrator's"
    open_with(postgresql, CIPHER, None, own=False)
    with pytest.raises(InvalidRecord, match="already"):
        add_key(postgresql, admin, "Front door", at=at, actor="desk")
    login = make_url(address).username
    ada = door.enrol("Ada")
    door.see(ada)
    mine = open_database(address, upgrade=False)
    open_with(mine, CIPHER, None, own=False)
    try:
        forward(door.engine, mine, now=at)
        (known,) = all_doors(postgresql)
        assert (known.kiosk, known.key, known.revoked_at) == ("door", "Front door", None)
        with mine.connect() as connection, pytest.raises(DatabaseUnavailable, match="may not write"):
            connection.execute(text("UPDATE door_key SET revoked_at = NULL"))
        revoke_key(postgresql, "Front door", at=at, actor="desk")
        (known,) = all_doors(postgresql)
        assert known.revoked_at == at
        door.see(ada, 10)
        with pytest.raises(DatabaseUnavailable):
            forward(door.engine, mine, now=at)
        assert all_doors(postgresql)[0].waiting == 0
        with pytest.raises(InvalidRecord, match="no key"):
            revoke_key(postgresql, "Front door", at=at, actor="desk")
    finally:
        mine.dispose()
        server = create_engine(postgresql.url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {login}"))
            connection.execute(text(f"DROP ROLE {login}"))
        server.dispose()
