"""The door opens for a live check-in of the right people at the right time, and for nothing else."""

import os
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db.engine import reading
from db.schema.audit import AuditRow
from monitor.config import Settings
from monitor.config_outbound import Opener
from monitor.desk.people import changes
from monitor.desk.programs import opener
from monitor.desk.programs.around import programs_around
from monitor.domain import EventKind, KioskEvent
from monitor.errors import UsageError
from tests.monitor.desk.programs.receiver import Receiver, running
from tests.monitor.world import NOW, World, came


def program(folder: Path, code: str = "", *, name: str = "opener.py") -> str:
    """A command that writes what it was told into the file `opened`, and then does more."""
    file = folder / name
    told = "os.environ['MUSTER_EVENT'] + ' ' + os.environ['MUSTER_PERSON']"
    file.write_text(f"import os, sys, time\nopen({str(folder / 'opened')!r}, 'a').write({told} + '\\n')\n{code}\n")
    return f"{sys.executable} -S {file}"


def settings(world: World, **values: Any) -> Settings:
    return world.settings.model_copy(update={"opener": Opener(**{"timeout": 60} | values)})


def opened(folder: Path) -> list[str]:
    file = folder / "opened"
    return file.read_text().splitlines() if file.exists() else []


def noted(world: World) -> list[tuple[str, Any]]:
    query = select(AuditRow).where(AuditRow.action.like("open%")).order_by(AuditRow.id)
    with reading(world.engine) as session:
        return [(row.action, row.person_id) for row in session.scalars(query)]


def ask(world: World, chosen: Settings, event: KioskEvent, *, live: bool = True) -> str | None:
    return opener.on_event(world.engine, chosen, event, lambda: world.now, live=live)


def test_a_live_check_in_opens_the_door_and_the_audit_log_says_so(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path))
    assert ask(world, chosen, came(world)) is None
    person = world.ids["Radia Perlman"]
    assert opened(tmp_path) == [f"check_in {person}"]
    assert noted(world) == [("opened", person)]


@pytest.mark.parametrize(
    "kind", [EventKind.UNKNOWN, EventKind.NOT_LIVE, EventKind.SIGHTING, EventKind.CHECK_OUT, EventKind.SOURCE_BACK]
)
def test_nothing_but_a_check_in_opens_it(world: World, tmp_path: Path, kind: EventKind) -> None:
    chosen = settings(world, command=program(tmp_path))
    event = KioskEvent(kind, NOW, world.ids["Radia Perlman"], "Radia Perlman", track=1)
    assert ask(world, chosen, event) is None
    assert (opened(tmp_path), noted(world)) == ([], [])


def test_without_liveness_only_a_pin_opens_it(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path))
    assert "liveness = off" in str(ask(world, chosen, came(world), live=False))
    assert ask(world, chosen, came(world, track=None), live=False) is None
    assert [action for action, _ in noted(world)] == ["opener refused", "opened"]


@pytest.mark.parametrize(
    ("rules", "opens"),
    [
        ({"groups": ("Networks",)}, True),
        ({"groups": ("Orbits", "Types")}, False),
        ({"hours": "09:00-10:00"}, True),  # it is 09:58 in Berlin, on a Monday
        ({"hours": "10:00-18:00"}, False),
        ({"hours": "22:00-09:59"}, True),
        ({"hours": "22:00-09:58"}, False),
        ({"days": "mon"}, True),
        ({"days": "sat,sun"}, False),
    ],
)
def test_group_hours_and_days_decide(world: World, tmp_path: Path, rules: dict[str, Any], opens: bool) -> None:
    fault = ask(world, settings(world, command=program(tmp_path), **rules), came(world))
    assert (fault is None, bool(opened(tmp_path))) == (opens, opens)


def test_a_check_in_that_was_written_late_opens_nothing(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path))
    assert "late" in str(ask(world, chosen, came(world, at=NOW - timedelta(minutes=2))))
    assert opened(tmp_path) == []


def test_who_waited_long_in_view_before_the_check_in_comes_in(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path))
    waited = replace(came(world, at=NOW - timedelta(minutes=2)), in_view=NOW - timedelta(seconds=1))
    assert ask(world, chosen, waited) is None
    assert len(opened(tmp_path)) == 1


def test_who_is_not_active_any_more_does_not_come_in(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path))
    changes.change(world.engine, world.ids["Radia Perlman"], active=False, at=NOW, actor="desk")
    assert "not active" in str(ask(world, chosen, came(world)))
    assert opened(tmp_path) == []


def test_a_part_that_the_program_leaves_behind_closes_the_relay(world: World, tmp_path: Path) -> None:
    """The part that stays has the program's standard error open until the test has looked."""
    go, done = tmp_path / "go", tmp_path / "done"
    os.mkfifo(go)
    os.mkfifo(done)
    part = f"open({str(go)!r}).read(); open({str(done)!r}, 'w').write('closed again')"
    left = f"import subprocess\nsubprocess.Popen([sys.executable, '-S', '-c', {part!r}])"
    assert ask(world, settings(world, command=program(tmp_path, left)), came(world)) is None
    assert len(opened(tmp_path)) == 1
    go.write_text("")
    assert done.read_text() == "closed again"


def test_a_full_disk_keeps_no_door_shut(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    chosen = settings(world, command=program(tmp_path))
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert ask(world, chosen, came(world)) is None


def test_the_program_does_not_get_the_key_of_the_faces(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_KEY", "the key of all faces")
    shown = f"open({str(tmp_path / 'variables')!r}, 'w').write(' '.join(os.environ))"
    assert ask(world, settings(world, command=program(tmp_path, shown)), came(world)) is None
    variables = (tmp_path / "variables").read_text().split()
    assert {"PATH", "MUSTER_EVENT", "MUSTER_AT", "MUSTER_DOOR", "MUSTER_PERSON"} <= set(variables)
    assert "MUSTER_KEY" not in variables


def test_a_program_that_fails_hangs_or_is_missing_is_said_and_ended(world: World, tmp_path: Path) -> None:
    failing = settings(world, command=program(tmp_path, "sys.exit('the relay is stuck')"))
    assert ask(world, failing, came(world)) == (
        f"The door stays shut. The program {sys.executable} failed with exit code 1 (the relay is stuck)."
    )
    hanging = settings(world, command=program(tmp_path, "time.sleep(3600)"), timeout=0.5)
    assert "did not end within 0.5 seconds" in str(ask(world, hanging, came(world)))
    missing = settings(world, command="/nowhere/opener --open")
    assert "The program /nowhere/opener cannot be run" in str(ask(world, missing, came(world)))
    assert [action for action, _ in noted(world)] == ["opener failed"] * 3


def test_no_shell_reads_the_command(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=f"{program(tmp_path)} ; touch {tmp_path / 'stolen'}")
    assert ask(world, chosen, came(world)) is None
    assert not (tmp_path / "stolen").exists()


def test_an_address_is_called_signed_and_with_an_id(world: World) -> None:
    with running(Receiver()) as receiver:
        chosen = settings(world, url=receiver.url, secret="whsec_" + "A" * 43 + "=")
        event = came(world)
        assert ask(world, chosen, event) is None
        receiver.answers = lambda _: 500
        assert ask(world, chosen, came(world)) == "The door stays shut. It answered 500 Internal Server Error."
    headers, _ = receiver.got[0]
    assert headers["webhook-id"] == str(event.attendance)
    assert headers["webhook-signature"].startswith("v1,")


def test_beside_a_kiosk_the_door_opens_without_anybody_waiting(world: World) -> None:
    called = threading.Event()

    def answers(_: int) -> int:
        called.set()
        return 200

    with running(Receiver(answers)) as receiver:
        chosen = settings(world, url=receiver.url)
        with programs_around(world.engine, chosen, lambda: world.now, live=True) as hear:
            hear(came(world))
            assert called.wait(60)


def test_somebody_opens_by_hand_whatever_the_hours(world: World, tmp_path: Path) -> None:
    chosen = settings(world, command=program(tmp_path), hours="20:00-21:00")
    assert opener.open_by_hand(world.engine, chosen, at=NOW, actor="desk") is None
    assert [line.split()[0] for line in opened(tmp_path)] == ["by_hand"]
    assert noted(world) == [("open by hand", None), ("opened", None)]
    with pytest.raises(UsageError, match="There is no opener"):
        opener.open_by_hand(world.engine, world.settings, at=NOW, actor="desk")


@pytest.mark.parametrize(
    "wrong", [{"hours": "9 to 5"}, {"days": "monday"}, {"url": "file:///etc"}, {"command": "a 'b"}]
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Opener(**wrong)
