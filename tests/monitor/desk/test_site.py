"""Two kiosks with databases and keys of their own, as one site: by the commands that a user has."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.errors import DatabaseUnavailable, InvalidRecord, WrongKey
from db.faces import templates
from db.forwarding import doors as doors_of_site
from db.forwarding import site_key
from db.forwarding.send import Forwarded
from db.ids import new_id
from db.key_store import load_cipher
from db.people import people
from db.proof.heads import HEADS_FILE, open_with
from db.proof.key import of_engine
from db.schema.forwarding import SiteEventRow
from db.verification import verdict
from monitor.attendance.days import Period
from monitor.cli.data.database import app
from monitor.cli.data.kiosks import app as kiosks_app
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.desk.programs.around import programs_around
from monitor.desk.site import Site, follow_beside, follow_for_ever
from monitor.desk.store import Store
from monitor.doctor.check import Check, Status
from monitor.doctor.connections import connections
from monitor.domain import Candidate, KioskEvent, Match, Phase, Sighting
from monitor.pipeline.gallery_loader import load_people
from monitor.recording.forwarding import open_shared
from monitor.recording.recorder import Recorder
from monitor.vision.encoder import ENCODER_NAME

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FACE = np.full(128, 128**-0.5, np.float32)


class Kiosk:
    """A folder with configuration, keys and a database."""

    def __init__(self, folder: Path, name: str, centre: str) -> None:
        folder.mkdir()
        self.folder, self.name, self.centre = folder, name, centre
        self.config = folder / "muster.toml"
        self.config.touch()
        self.db = str(folder / "muster.sqlite3")
        self.engine = open_database(self.db)
        self.cipher = load_cipher(folder)
        open_with(self.engine, self.cipher, folder)
        self.told: list[KioskEvent] = []

    @property
    def settings(self) -> Settings:
        return Settings(db=self.db, kiosk=self.name, time_zone="UTC")

    def run(self, *words: str) -> dict[str, object]:
        done = CliRunner().invoke(app, [*words, "--db", self.db, "--config", str(self.config), "--json"])
        if done.exception:
            raise done.exception
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def site_check(self) -> Check:
        """What doctor and the System screen say of the site."""
        settings = self.settings.model_copy(update={"forward": self.centre})
        with reading(self.engine) as session:
            (found,) = connections(session, settings, AT + timedelta(hours=9))
        return found

    def follow(self) -> dict[str, object]:
        return self.run("follow", self.centre, "--once")

    def enrol(self, name: str) -> UUID:
        with writing(self.engine) as session:
            person = people.add_person(session, name, at=AT - timedelta(days=9), actor="desk").id
            templates.add_template(
                session, self.cipher, person, content_hash="0" * 64, encoder=ENCODER_NAME, embedding=FACE, quality={},
                source="a.jpg", at=AT,
            )  # fmt: skip
            templates.refresh_means(session, self.cipher, person, at=AT)
        return person

    def see(self, person: UUID, hours: float) -> list[str]:
        """Somebody comes into view; gives what they are told."""
        at = AT + timedelta(hours=hours)
        match = Match(Candidate(person, "", 0.8), None, 0.5, accepted=True)
        self.told.clear()
        recorder = Recorder(self.engine, self.cipher, self.settings, publish=self.told.append, clock=lambda: at)
        recorder.record(Sighting(new_id(), Phase.OPENED, 1, at, at, match, None, frames=3))
        recorder.close()
        return [str(event.kind) for event in self.told]


@pytest.fixture
def centre(tmp_path: Path) -> str:
    file = str(tmp_path / "centre.sqlite3")
    open_database(file).dispose()
    return file


@pytest.fixture
def doors(tmp_path: Path, centre: str) -> tuple[Kiosk, Kiosk]:
    front, back = Kiosk(tmp_path / "front", "front", centre), Kiosk(tmp_path / "back", "back", centre)
    made = front.run("site-key")
    assert back.run("site-key", str(made["file"]))["key_id"] == made["key_id"]
    return front, back


def test_enrolled_at_the_front_and_known_in_at_the_front_and_out_at_the_back(
    doors: tuple[Kiosk, Kiosk], centre: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front, back = doors
    (tmp_path / "centre.toml").touch()
    monkeypatch.setattr("monitor.cli.options.Run.at", AT + timedelta(hours=9))
    ada = front.enrol("Ada")
    front.follow()
    assert back.follow()["brought"] == {
        "people": 1, "changed": 0, "merged": 0, "erased": 0, "consents": 0, "events": 0, "rows": {"template": 1},
    }  # fmt: skip
    assert len(load_people(back.engine, back.cipher, back.settings).gallery) == 1
    assert front.see(ada, 0) == ["sighting", "check_in"]
    front.follow()
    back.follow()
    assert back.see(ada, 8) == ["sighting", "check_out"]
    back.follow()
    front.follow()
    for one in (front, back):
        (day,) = attendance(one.engine, one.settings, Period(AT.date(), AT.date()), AT + timedelta(hours=9))
        assert (day.person.name, day.summary.minutes) == ("Ada", 8 * 60)
        assert verdict.verify(one.engine, one.cipher, None).problems == ()
    words = ["verify", "--json", "--db", centre, "--config", str(tmp_path / "centre.toml")]
    assert json.loads(CliRunner().invoke(app, words).stdout)["whole"]


def test_seen_at_both_doors_within_a_minute_is_one_arrival(doors: tuple[Kiosk, Kiosk]) -> None:
    front, back = doors
    ada = front.enrol("Ada")
    front.see(ada, 0)
    for one in (front, back):
        site = Site(Store(one.engine, one.cipher), site_key.load(one.folder))
        site.round(open_shared(one.engine, one.centre), AT, None)
    assert back.see(ada, 1 / 60) == ["sighting"]


def test_a_step_with_nothing_new_only_looks(doors: tuple[Kiosk, Kiosk], monkeypatch: pytest.MonkeyPatch) -> None:
    front, _ = doors
    front.enrol("Ada")
    said: list[int] = []
    site = Site(Store(front.engine, front.cipher), site_key.load(front.folder), lambda done: said.append(done.brought))
    shared = open_shared(front.engine, front.centre)
    for seconds in range(4):
        site.step(front.engine, shared, AT + timedelta(seconds=seconds), AT)
    assert said == [0]
    monkeypatch.setattr(Site, "round", None)
    assert site.step(front.engine, shared, AT + timedelta(seconds=9), AT) == Forwarded()
    site.close()


def test_without_a_site_key_and_with_a_second_one_it_says_what_to_do(tmp_path: Path, centre: str) -> None:
    alone = Kiosk(tmp_path / "alone", "alone", centre)
    with pytest.raises(WrongKey, match="muster db site-key"):
        alone.follow()
    alone.run("site-key")
    other = tmp_path / "other.key"
    other.write_bytes(site_key.make(tmp_path).read_bytes())
    with pytest.raises(InvalidRecord, match="another site key"):
        alone.run("site-key", str(other))
    assert isinstance(site_key.load(alone.folder), TemplateCipher)
    with reading(alone.engine) as session:
        assert people.count_people(session) == 0


def test_a_kiosk_with_the_setting_follows_beside_the_door_and_says_once_what_is_wrong(
    doors: tuple[Kiosk, Kiosk], centre: str
) -> None:
    front, back = doors
    ada = front.enrol("Ada")
    front.see(ada, 0)
    said: list[str] = []
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) < 4

    key = front.folder / "site.key"
    aside = key.rename(front.folder / "aside")
    by: Any = {"clock": lambda: AT + timedelta(hours=9), "trouble": said.append}
    follow_beside(Store(front.engine, front.cipher), centre, front.folder, pause=lambda _: False, **by)
    assert said == [f"This kiosk does not follow its site. {site_key.NONE_YET}"]
    assert (found := front.site_check()).status is Status.WARN
    assert found.sentence == site_key.NONE_YET
    aside.rename(key)
    for one in doors:
        pauses.clear()
        with programs_around(
            one.engine, one.settings,
            site=lambda told, one=one: follow_beside(  # type: ignore[misc]
                Store(one.engine, one.cipher), centre, one.folder, pause=pause, **by
            ),
        ):  # fmt: skip
            pass
    assert len(said) == 1
    with reading(back.engine) as session:
        assert people.count_people(session) == 1
        assert session.scalar(select(func.count()).select_from(SiteEventRow)) == 1
        known = doors_of_site.here(session)
    assert known is not None
    assert known.trouble is None
    assert front.site_check().status is Status.OK
    listed = CliRunner().invoke(kiosks_app, ["list", "--db", centre, "--config", str(front.config)]).stdout
    assert "front" in listed
    assert "none of its own" in listed


def test_a_centre_that_is_away_is_said_until_it_is_back(doors: tuple[Kiosk, Kiosk]) -> None:
    front, _ = doors
    away, found, said = Path(f"{front.centre}.away"), [front.site_check().status], list[str]()

    def pause(_: float) -> bool:
        now = front.site_check().status
        if now != found[-1]:
            found.append(now)
            if now is Status.OK and len(found) < 4:
                Path(front.centre).rename(away)
            elif now is Status.WARN:
                away.rename(front.centre)
        return len(found) < 4

    follow_for_ever(
        Store(front.engine, front.cipher), front.centre, site_key.load(front.folder),
        clock=lambda: AT + timedelta(hours=9), pause=pause, trouble=said.append, every=0.001,
    )  # fmt: skip
    assert found == [Status.WARN, Status.OK, Status.WARN, Status.OK], "never in touch, in touch, away, back"
    assert len(said) == 1


def settled(door: Kiosk) -> tuple[Site, Engine]:
    """What follows the site at a door that has nothing to tell any more, and the centre."""
    site = Site(Store(door.engine, door.cipher), site_key.load(door.folder))
    shared = open_shared(door.engine, door.centre)
    for _ in range(3):
        site.step(door.engine, shared, AT, AT)
    return site, shared


def test_what_was_written_while_the_centre_was_away_ends_no_pause_and_is_sent_at_once_when_it_is_back(
    doors: tuple[Kiosk, Kiosk],
) -> None:
    front, _ = doors
    site, shared = settled(front)
    Path(front.centre).rename(f"{front.centre}.away")
    front.enrol("Ada")
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            site.step(front.engine, shared, AT, AT)
    paused: list[float] = []
    assert not site.wait(60.0, lambda seconds: paused.append(seconds) or len(paused) < 3)  # type: ignore[func-returns-value]
    Path(f"{front.centre}.away").rename(front.centre)
    assert site.step(front.engine, shared, AT, AT).people == 1
    site.close()


def test_a_site_waits_until_something_is_written_here(doors: tuple[Kiosk, Kiosk]) -> None:
    front, _ = doors
    site, _ = settled(front)
    paused: list[float] = []

    def pause(seconds: float) -> bool:
        paused.append(seconds)
        if len(paused) == 3:
            front.enrol("Ada")
        return len(paused) < 10

    assert site.wait(60.0, pause)
    assert len(paused) == 3
    assert not site.wait(60.0, lambda _: False), "the end is told at once"
    site.close()


def test_what_is_written_while_a_round_reports_ends_the_next_wait(
    doors: tuple[Kiosk, Kiosk], monkeypatch: pytest.MonkeyPatch
) -> None:
    front, _ = doors
    site, shared = settled(front)
    reached = doors_of_site.reached

    def report(*told: Any) -> None:
        reached(*told)
        front.enrol("Ada")

    monkeypatch.setattr(doors_of_site, "reached", report)
    site.step(front.engine, shared, AT + timedelta(minutes=2), AT)
    paused: list[float] = []
    assert site.wait(60.0, lambda seconds: paused.append(seconds) or len(paused) < 3)  # type: ignore[func-returns-value]
    site.close()


def test_the_first_commit_of_a_day_may_be_a_rounds(doors: tuple[Kiosk, Kiosk]) -> None:
    front, _ = doors
    site, shared = settled(front)
    prover = of_engine(front.engine)
    assert prover is not None
    prover.noted = None
    known = (front.folder / HEADS_FILE).read_text()
    site.step(front.engine, shared, AT + timedelta(minutes=2), AT)
    assert (front.folder / HEADS_FILE).read_text().startswith(known + "{")
    site.close()
