"""Several kiosks on one PostgreSQL: one ledger, one chain, and every door sees what the others wrote."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, select, text

from db import audit
from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import apart, open_database, reading, writing
from db.ids import new_id
from db.people import people
from db.proof import entries
from db.proof.heads import open_with
from db.proof.key import Prover, proof_key, use
from db.schema.proof import ProofRow
from db.verification import ledger_check
from monitor.config import Settings
from monitor.desk.site import Site
from monitor.desk.store import Store
from monitor.domain import Candidate, KioskEvent, Match, MoodScores, Phase, Sighting
from monitor.recording.recorder import Recorder
from tests.db.doors import CIPHER, Door

SITE = TemplateCipher(b"s" * 32)
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MOOD = MoodScores((0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0))


def _seen(person: UUID, minute: int) -> Sighting:
    at = AT + timedelta(minutes=minute)
    match = Match(Candidate(person, "Ada", 0.8), None, 0.5, accepted=True)
    return Sighting(new_id(), Phase.OPENED, 1, at, at, match, MOOD, frames=3)


def test_in_at_one_door_and_out_at_the_other(postgresql: Engine, cipher: TemplateCipher) -> None:
    with writing(postgresql) as session:
        ada = people.add_person(session, "Ada", at=AT, actor="test").id
    told: list[KioskEvent] = []
    for door, role, minute in (("front", "in", 0), ("back", "out", 60), ("back", "out", 90), ("front", "in", 120)):
        settings = Settings(db="unused", kiosk=door, role=role, time_zone="Europe/Berlin")
        recorder = Recorder(postgresql, cipher, settings, publish=told.append, clock=lambda: AT)
        recorder.record(_seen(ada, minute))
        recorder.close()
    assert [str(event.kind) for event in told if event.attendance] == ["check_in", "check_out", "check_in"]
    with reading(postgresql) as session:
        assert [kiosk.name for kiosk in kiosks.all_kiosks(session)] == ["back", "front"]
        assert ledger_check.verify(session).whole


def test_two_doors_at_the_same_moment_write_one_chain(postgresql: Engine, cipher: TemplateCipher) -> None:
    with writing(postgresql) as session:
        crowd = [people.add_person(session, f"P{number}", at=AT, actor="test").id for number in range(20)]
    doors = [
        Recorder(postgresql, cipher, Settings(db="unused", kiosk=name), publish=lambda event: None, clock=lambda: AT)
        for name in ("front", "back")
    ]
    for number, person in enumerate(crowd):
        doors[number % 2].record(_seen(person, 0))
    for door in doors:
        door.close()
    assert [door.lost for door in doors] == [0, 0]
    with reading(postgresql) as session:
        check = ledger_check.verify(session)
    assert (check.whole, check.events) == (True, 20)


def test_two_doors_that_come_to_a_new_centre_at_once_begin_one_proof(
    postgresql: Engine, cipher: TemplateCipher
) -> None:
    other = open_database(postgresql.url.render_as_string(hide_password=False))
    use(postgresql, Prover(proof_key(cipher), None))
    with ThreadPoolExecutor(1) as second:
        with writing(postgresql) as session:
            entries.adopt(session)
            coming = second.submit(open_with, other, TemplateCipher(b"b" * 32), None, own=False)
            while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not coming.done()
        coming.result()
    with reading(postgresql) as session:
        assert session.scalars(select(ProofRow.kind).order_by(ProofRow.seq)).all() == ["ledger", "begun"]
    other.dispose()


def test_a_door_that_its_own_database_woke_does_not_ask_a_centre_that_tells_of_news(
    postgresql: Engine, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_with(postgresql, SITE, None, own=False)
    open_with(door.engine, CIPHER, None)
    site, now = Site(Store(door.engine, CIPHER), SITE), door.at + timedelta(hours=5)
    ada = door.enrol("Ada")
    for _ in range(3):
        site.step(door.engine, postgresql, now, door.at)
    asked: list[str] = []
    event.listen(postgresql, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with monkeypatch.context() as quiet:
        quiet.setattr(Site, "_came", lambda _: False)
        with writing(door.engine) as session:
            audit.note(session, "back up", at=door.at, actor="desk")
        assert site.wait(60.0, lambda _: True)
    site.step(door.engine, postgresql, now, door.at)
    assert not asked
    office = apart(postgresql)
    with writing(office) as session:
        people.rename(session, ada, "Ada L.", at=door.at, actor="desk")
    office.dispose()
    assert site.wait(60.0, lambda _: True)
    site.step(door.engine, postgresql, now, door.at)
    with reading(door.engine) as session:
        assert people.get_person(session, ada).name == "Ada L."
    site.close()
