"""Trials of liveness: what is counted, and what a photograph before the camera comes to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from enroll.people.images import enrol_from_images
from monitor.config import Settings
from monitor.desk.liveness_trials import ARTEFACTS, PERSON, LivenessTrials, Presentation, Result, rates
from monitor.domain import Frame, Question, RgbImage
from tests.monitor.stage import Photo

CIPHER = TemplateCipher(bytes(32))
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def given(kind: str, **results: int) -> list[Presentation]:
    return [Presentation(kind, Result(name), None, {}) for name, count in results.items() for _ in range(count)]


def test_the_rates_are_those_of_iso_30107() -> None:
    living = given(PERSON, let_in=18, refused=1, not_recognised=1)
    people, prints = rates([*living, *given(ARTEFACTS[0], let_in=1, refused=3, not_recognised=6)])
    assert (people.kind, people.classified.count, people.classified.trials) == (PERSON, 1, 19)
    assert people.door.value == pytest.approx(0.1)
    assert (prints.classified.count, prints.classified.trials) == (1, 4)
    assert prints.door.value == pytest.approx(0.1)
    assert prints.riapar == pytest.approx(0.2)
    record = prints.record()
    assert record["apcer"]["value"] == 0.25
    assert 0 <= record["apcer"]["interval"][0] < 0.25 < record["apcer"]["interval"][1] <= 1


def test_without_living_people_there_is_no_riapar_and_what_was_not_shown_is_left_out() -> None:
    (screens,) = rates(given(ARTEFACTS[3], refused=2))
    assert screens.riapar is None
    assert screens.record()["iapar"]["value"] == 0


class Still:
    """A camera before which one picture stands."""

    name, live = "still", False
    warning: str | None = None

    def __init__(self, rgb: RgbImage, fps: int = 15) -> None:
        self._rgb, self._fps = rgb, fps
        self._random = np.random.default_rng(2)

    def open(self) -> None:
        self._index = 0

    def read(self) -> Frame:
        seconds = self._index / self._fps
        self._index += 1
        noise = self._random.integers(-3, 4, self._rgb.shape)
        rgb = np.clip(self._rgb.astype(np.int16) + noise, 0, 255).astype(np.uint8)
        return Frame(self._index - 1, AT + timedelta(seconds=seconds), seconds, rgb)

    def close(self) -> None:
        pass


@pytest.fixture
def enrolled(sqlite: Engine, orl_photo: Photo) -> Engine:
    pictures = {"Ada": [orl_photo(1, image) for image in (1, 3, 7)]}
    enrol_from_images(sqlite, CIPHER, pictures, at=AT, actor="test", consent=("face",))
    return sqlite


def test_a_photograph_is_recognised_asked_twice_and_refused(enrolled: Engine, orl_photo: Photo) -> None:
    trials = LivenessTrials(enrolled, CIPHER, Settings(db="unused", time_zone="UTC"))
    asked: list[Question | None] = []
    shown = trials.present(ARTEFACTS[0], Still(orl_photo(1, 9), fps=4), asked.append)
    assert (shown.result, shown.person) == (Result.REFUSED, "Ada")
    assert len([one for one in asked if one in (Question.LEFT, Question.RIGHT)]) >= 1
    assert shown.evidence["failed_2"] == "no turn"


def test_a_stranger_is_not_recognised(enrolled: Engine, orl_photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.desk.liveness_trials.PATIENCE", 5.0)
    trials = LivenessTrials(enrolled, CIPHER, Settings(db="unused", time_zone="UTC"))
    assert trials.present(PERSON, Still(orl_photo(9, 1), fps=4), lambda _: None).result is Result.NOT_RECOGNISED


def test_the_command_refuses_an_empty_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from db.engine import open_database
    from monitor.cli.gallery.calibrate import calibrate as command

    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    url = f"sqlite:///{tmp_path}/m.sqlite3"
    open_database(url).dispose()
    alone = typer.Typer()
    alone.command()(command)
    result = CliRunner().invoke(alone, ["--liveness", "--db", url])
    assert "enrol the people of the photographs first" in str(result.exception)
