"""Several kiosks on one PostgreSQL: one ledger, one chain, and every door sees what the others wrote."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, select, text

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.ids import new_id
from db.people import people
from db.proof import entries
from db.proof.heads import open_with
from db.proof.key import Prover, proof_key, use
from db.schema.proof import ProofRow
from db.verification import ledger_check
from monitor.config import Settings
from monitor.domain import Candidate, KioskEvent, Match, MoodScores, Phase, Sighting
from monitor.recording.recorder import Recorder

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
