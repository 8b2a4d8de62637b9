"""`muster visitors`: what the desk does with unknown faces, from a script."""

import json
from datetime import timedelta

import cv2
import pytest
from typer.testing import CliRunner, Result

from db.attendance import ledger
from db.crypto import owner
from db.engine import reading, writing
from db.observations import sightings
from db.people import consents, people
from db.schema.observations import SightingRow
from monitor.cli.main import app
from monitor.cli.people.consents import consents_of
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo
from tests.monitor.world import World


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """Types a command on the database of the small world."""
    monkeypatch.setattr("monitor.cli.options.Run.open_store", lambda *_, **__: (world.engine, world.cipher))
    return Run()


class Run:
    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["visitors", *words])

    def ids(self) -> list[str]:
        return [json.loads(line)["visitor"] for line in self("list", "--json").stdout.splitlines()]


@pytest.fixture
def real_faces(world: World, orl_photo: Photo, blazeface: FaceDetector) -> None:
    """Pictures of somebody's face in place of the drawn ones."""
    with writing(world.engine) as session:
        for image, row in enumerate(session.query(SightingRow).filter(SightingRow.portrait.is_not(None)), start=1):
            photo = orl_photo(1, image)
            jpeg = cv2.imencode(".jpg", face_chip(photo, blazeface.detect(photo)[0]))[1].tobytes()
            row.portrait = world.cipher.seal(jpeg, owner(SightingRow.portrait, row.id))


def test_a_visitor_of_three_days_is_one_line_with_the_end_of_its_id(run: Run) -> None:
    (only,) = run.ids()
    line = next(line for line in run("list").stdout.splitlines() if only[-8:] in line)
    assert line.split()[1:3] == ["3", "3"]


@pytest.mark.usefixtures("real_faces")
def test_a_visitor_is_named_by_the_end_of_the_id(run: Run, world: World) -> None:
    (only,) = run.ids()
    done = run("name", only[-8:].upper(), "Mary Shelley", "--consent", "face", "--json")
    record = json.loads(done.stdout)
    assert (record["person"], record["namesakes"]) == ("Mary Shelley", 1)
    assert record["taken"] >= 1
    assert run.ids() == []
    with reading(world.engine) as session:
        (mary,) = people.find_by_name(session, "Mary Shelley")
        assert (consents.current(session, mary.id, "face"), consents.current(session, mary.id, "mood")) == (True, None)


@pytest.mark.usefixtures("real_faces")
def test_a_visitor_is_merged_with_somebody_only_by_force_where_the_faces_differ(run: Run, world: World) -> None:
    (only,) = run.ids()
    refused = run("merge", only[-8:], "hopper")
    assert "add --force if they are" in str(refused.exception)
    assert run.ids() == [only]
    done = run("merge", only[-8:], "hopper", "--force")
    assert "The visitor is Grace Hopper now" in done.stdout
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0


def test_faces_are_discarded_and_the_sightings_stay(run: Run, world: World) -> None:
    (only,) = run.ids()
    assert run("discard", only).stdout == "3 faces deleted.\n"
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0
        assert session.query(SightingRow).filter(SightingRow.person_id.is_(None)).count() >= 3
    assert run("list").stdout == "No unknown faces are kept.\n"


@pytest.mark.parametrize("words", [("discard", "nobody"), ("name", "", "Mary"), ("merge", "zz", "hopper")])
def test_a_visitor_who_is_not_there_is_said_with_how_many_there_are(run: Run, words: tuple[str, ...]) -> None:
    failed = run(*words)
    assert "there is 1 visitor; see 'muster visitors list'" in str(failed.exception)
    assert len(run.ids()) == 1


def test_the_option_of_consents_may_be_repeated() -> None:
    assert consents_of(["face", "mood, face"]) == consents_of(["face,mood"]) == ("face", "mood")
    assert consents_of(None) == ()


def test_an_unknown_consent_is_refused_before_anything_is_changed(run: Run) -> None:
    (only,) = run.ids()
    assert "Unknown consent 'all'" in str(run("name", only, "Mary", "--consent", "all").exception)
    assert run.ids() == [only]


@pytest.mark.usefixtures("real_faces")
@pytest.mark.parametrize("wished", [True, False])
def test_who_is_named_came_in_when_they_were_seen_today_if_that_is_wished(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, wished: bool
) -> None:
    (only,) = run.ids()
    with reading(world.engine) as session:
        last = max(one.first_at for one in session.query(SightingRow).filter(SightingRow.portrait.is_not(None)))
    monkeypatch.setenv("MUSTER_TIME_ZONE", world.settings.time_zone)
    monkeypatch.setattr("monitor.cli.options.Run.at", last + timedelta(hours=1))
    done = run("name", only[-8:], "Mary Shelley", *["--arrived"] * wished)
    assert f"Mary Shelley was seen today at {last.astimezone(world.settings.zone):%H:%M}" in done.stderr
    assert ("with --arrived" not in done.stderr) == wished
    with reading(world.engine) as session:
        (mary,) = people.find_by_name(session, "Mary Shelley")
        assert [(one.kind, one.at) for one in ledger.of_person(session, mary.id)] == [("check_in", last)] * wished
