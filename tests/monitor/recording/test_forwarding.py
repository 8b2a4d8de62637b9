"""`muster db forward`: one round, rounds for ever, and what is said when the server is away."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from db.attendance import kiosks, ledger
from db.engine import open_database, reading, writing
from db.errors import DatabaseBusy, DatabaseDamaged, DatabaseUnavailable
from db.forwarding.send import Forwarded
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent
from monitor.cli.data.database import app
from monitor.errors import UsageError
from monitor.recording import forwarding
from monitor.recording.forwarding import forward_for_ever
from tests.db.doors import origins

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def door(tmp_path: Path) -> Engine:
    engine = open_database(str(tmp_path / "door.sqlite3"))
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        person = people.add_person(session, "Ada", at=AT, actor="test").id
        ledger.append(session, NewEvent(new_id(), "check_in", person, AT, "UTC", kiosk, "face", "door", AT))
    return engine


@pytest.fixture
def centre(tmp_path: Path) -> str:
    file = str(tmp_path / "centre.sqlite3")
    open_database(file).dispose()
    return file


class Rounds:
    """A clock that a wait moves on; ends after so many rounds."""

    def __init__(self, rounds: int) -> None:
        self.now, self.left = AT, rounds
        self.waited: list[float] = []
        self.sent: list[Forwarded] = []
        self.said: list[str] = []

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.left -= 1
        return self.left > 0

    def run(self, source: Engine, url: str, every: float = 30.0) -> None:
        forward_for_ever(
            source,
            url,
            every=every,
            clock=lambda: self.now,
            wait=self.wait,
            sent=self.sent.append,
            trouble=self.said.append,
        )


def _events(file: str) -> int:
    with reading(open_database(file)) as session:
        return ledger.count(session)


def test_following_sends_once_and_says_so_once(door: Engine, centre: str) -> None:
    rounds = Rounds(4)
    rounds.run(door, centre)
    assert rounds.sent == [Forwarded(people=1, events=1)]
    assert (rounds.waited, rounds.said) == ([30.0] * 4, [])
    assert _events(centre) == 1


def test_a_shared_database_that_cannot_be_used_is_closed_again(
    door: Engine, centre: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again every 5 minutes, for days."""
    opened: list[Engine] = []
    real = open_database

    def kept(url: str, **options: bool) -> Engine:
        opened.append(real(url, **options))
        with opened[-1].connect():
            pass
        return opened[-1]

    def refuse(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("The database cannot be reached.")

    monkeypatch.setattr(forwarding, "open_database", kept)
    monkeypatch.setattr(forwarding, "of_engine", lambda _: object())
    monkeypatch.setattr(forwarding, "begin", refuse)
    with pytest.raises(DatabaseUnavailable):
        forwarding.open_shared(door, centre)
    assert opened[0].pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_server_that_is_away_is_waited_for_longer_and_longer(
    door: Engine, centre: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = Rounds(40)
    real = open_database

    def away_at_first(url: str, *, upgrade: bool) -> Engine:
        if len(rounds.waited) < 38:
            raise DatabaseUnavailable("The database cannot be reached; check the server and the network.")
        return real(url, upgrade=upgrade)

    monkeypatch.setattr(forwarding, "open_database", away_at_first)
    rounds.run(door, centre)
    away, pauses = rounds.waited[:38], [30.0, *rounds.waited[:38]]
    assert all(longer <= 34 + 0.1 * sum(away[:before]) for before, longer in enumerate(away))
    assert pauses == sorted(pauses)
    assert rounds.waited[-3:] == [300, 30, 30]
    assert rounds.said == ["The database cannot be reached; check the server and the network."]
    assert rounds.sent == [Forwarded(people=1, events=1)]


def test_that_people_changed_meanwhile_is_said_only_where_the_next_try_fails_too(door: Engine, centre: str) -> None:
    faults = [True, False, True, True, False]
    rounds = Rounds(len(faults))

    def step(*_: object) -> Forwarded:
        if faults.pop(0):
            raise DatabaseBusy("People changed; try again.")
        assert (rounds.said == []) == (len(faults) > 2)
        return Forwarded()

    forward_for_ever(
        door, centre, every=30.0, clock=lambda: AT, wait=rounds.wait, sent=rounds.sent.append,
        trouble=rounds.said.append, step=step,
    )  # fmt: skip
    assert rounds.said == ["People changed; try again."]


def test_a_whole_round_comes_first_and_then_once_a_day(
    door: Engine, centre: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def send(source: Engine, target: Engine, *, now: datetime, since: datetime | None) -> Forwarded:
        asked.append(since is None)
        return Forwarded()

    monkeypatch.setattr(forwarding, "forward", send)
    rounds = Rounds(10)
    rounds.run(door, centre, every=6 * 3600)
    assert asked == [True, False, False, False, True, False, False, False, True, False]
    assert rounds.sent == []


def test_what_waiting_does_not_help_against_ends_it(door: Engine, tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    with pytest.raises(DatabaseDamaged, match="muster db upgrade"):
        Rounds(3).run(door, str(tmp_path / "empty.sqlite3"))


def test_what_has_to_be_done_there_by_hand_is_said_once_also_when_nothing_was_sent(
    door: Engine, centre: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = new_id()
    rest = [Forwarded(), Forwarded(erased_here=(ada,)), Forwarded(erased_here=(ada,)), Forwarded()]
    monkeypatch.setattr(forwarding, "forward", lambda *_, **__: rest.pop(0))
    rounds = Rounds(4)
    rounds.run(door, centre)
    assert rounds.sent == [Forwarded(erased_here=(ada,))]


def _run(door: Engine, *words: str) -> Result:
    config = Path(str(door.url.database)).with_name("muster.toml")
    config.touch()
    return CliRunner().invoke(app, [*words, "--db", str(door.url.database), "--config", str(config)])


def test_the_command_sends_and_both_ends_verify(door: Engine, centre: str, tmp_path: Path) -> None:
    (tmp_path / "centre.toml").touch()
    done = json.loads(_run(door, "forward", centre, "--json").stdout)
    counts = {"people": 1, "consents": 0, "events": 1, "sightings": 0, "changed": 0, "moods": 0}
    changes = {"merged": 0, "updated": 0, "erased": 0, "erased_here": [], "merged_here": [], "numbers_taken": []}
    assert done == counts | changes
    assert "Sent 0 attendance events" in _run(door, "forward", centre).stdout
    here = json.loads(_run(door, "verify", "--json").stdout)
    there = json.loads(
        CliRunner().invoke(app, ["verify", "--json", "--db", centre, "--config", str(tmp_path / "centre.toml")]).stdout
    )
    assert (here["whole"], here["forwarded"]) == (True, [])
    (chain,) = there["forwarded"]
    assert (there["whole"], chain["events"], chain["head"]) == (True, 1, here["head"])


@pytest.mark.parametrize("more", [(), ("--follow",)])
def test_a_kiosk_does_not_forward_to_itself(door: Engine, monkeypatch: pytest.MonkeyPatch, more: tuple[str]) -> None:
    monkeypatch.setattr("monitor.cli.data.site.Event.wait", lambda *_: True)
    monkeypatch.chdir(Path(str(door.url.database)).parent)
    for same in (str(door.url.database), "door.sqlite3"):
        assert isinstance(_run(door, "forward", same, *more).exception, UsageError)
    with reading(door) as session:
        assert origins(session) == []


def test_a_server_that_is_away_is_one_sentence(door: Engine) -> None:
    error = _run(door, "forward", "postgresql://me:secret@127.0.0.1:1/muster").exception
    assert isinstance(error, DatabaseUnavailable)
    assert "cannot be reached" in str(error)
    assert "secret" not in str(error)


def test_a_shared_database_that_is_not_there_is_said_to_be_the_urls_fault(door: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no database at .*nowhere; correct the URL"):
        forwarding.open_shared(door, str(tmp_path / "nowhere"))
