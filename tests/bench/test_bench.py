"""The bench measures what it says, on the same input for both sides; no figure itself is asserted."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from monitor.bench import run, startup
from monitor.bench.clips import Clip, sample, simulated_clip, write_clip
from monitor.bench.flow import measure_flow, measure_undecided, open_door
from monitor.bench.measure import Measure
from monitor.bench.run import QUICK, run_bench
from monitor.bench.vision import measure_detection
from monitor.cli.main import app
from monitor.domain import RgbImage
from monitor.errors import MusterError, SourceError, UsageError
from monitor.sources.simulated.people import cast, photo

TINY = replace(QUICK, chips=2, people=(300,), seconds=0.4)


def silent(_: str) -> None: ...


class NoLoop:
    """Stands for the classic loop, and counts what it is given."""

    def __init__(self) -> None:
        self.frames = 0

    def process(self, rgb: RgbImage) -> int:
        assert rgb.shape == (480, 640, 3)
        self.frames += 1
        return 0


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Clip]:
    folder = tmp_path_factory.mktemp("clips")
    known = tuple(one for one in cast(1) if one.name)
    return {faces: simulated_clip(folder, known, faces, TINY.seconds) for faces in (1, 5)}


def test_a_ratio_above_1_is_better_whichever_way_the_figure_goes() -> None:
    assert Measure("speed", 60, 5, "frames/s", more_is_better=True).ratio == pytest.approx(12)
    assert Measure("time", 2, 24, "ms").ratio == pytest.approx(12)
    assert Measure("time", 30, 15, "ms").ratio == pytest.approx(0.5)


def test_a_measure_in_json_has_the_five_fields() -> None:
    record = Measure("time", 1.23456789, 5, "ms").as_json()
    assert record == {"name": "time", "value": 1.235, "baseline": 5.0, "ratio": 4.05, "unit": "ms"}


@pytest.mark.parametrize("faces", [1, 5])
def test_the_simulated_clips_show_as_many_faces_as_they_say(clips: dict[int, Clip], faces: int) -> None:
    frames = sample(clips[faces], 2)
    time, found = measure_detection(frames, clips[faces].name)
    assert found.value == faces * len(frames)
    assert time.unit == "ms/frame"


def test_frames_are_sampled_evenly(tmp_path: Path) -> None:
    file = tmp_path / "grey.mp4"
    write_clip(file, (np.full((48, 64, 3), 8 * n, np.uint8) for n in range(30)))
    greys = [float(frame.mean()) / 8 for frame in sample(Clip(file, "grey"), 5)]
    steps = np.diff(greys)
    assert 5 <= len(greys) <= 10
    assert steps.min() > 0.5 * steps.max() > 0


def test_the_whole_flow_runs_on_every_frame_and_the_loop_on_each_sampled_one(
    clips: dict[int, Clip], tmp_path: Path
) -> None:
    person = next(one for one in cast(1) if one.name)
    door = open_door(tmp_path, {str(person.name): [photo(one) for one in person.enrolment[:3]]})
    loop = NoLoop()
    frames = sample(clips[1], 3)
    measures = list(measure_flow(door, clips[1], loop, frames, rounds=2))  # type: ignore[arg-type]
    door.engine.dispose()
    assert loop.frames == len(frames)
    names = [f"whole flow{how}, {clips[1].name}" for how in ("", " with liveness 'ask'")]
    assert [one.name for one in measures] == names
    assert all(one.value > 0 and one.unit == "frames/s" for one in measures)


def test_of_an_undecided_face_each_judged_frame_is_timed_and_an_empty_clip_has_none(
    clips: dict[int, Clip], tmp_path: Path
) -> None:
    loop = NoLoop()
    frames = sample(clips[1], 1)
    (measure,) = measure_undecided(clips[1], loop, frames)  # type: ignore[arg-type]
    assert measure.value > 0
    assert loop.frames == len(frames)
    nobody = simulated_clip(tmp_path, (), 0, 0.1)
    assert not list(measure_undecided(nobody, loop, frames))  # type: ignore[arg-type]


def test_time_and_peak_memory_of_a_process_are_its_own() -> None:
    small = startup._run([sys.executable, "-I", "-c", "print('up')"])
    large = startup._run([sys.executable, "-I", "-c", "x = bytearray(200_000_000); print('up')"])
    assert small.seconds > 0
    assert small.peak is not None
    assert large.peak is not None
    assert large.peak - small.peak > 150_000_000


def test_a_process_that_fails_is_no_measure() -> None:
    with pytest.raises(MusterError, match="failed"):
        startup._run([sys.executable, "-c", "print('up'); raise SystemExit(3)"])


def test_a_part_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="encoder, flow, liveness, empty, detection, matching, startup"):
        list(run_bench(["speed"], say=silent))


@pytest.mark.parametrize("parts", [(), ("startup",), ("matching", "flow")])
def test_without_the_classic_loop_it_is_said_how_to_get_it(
    parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.bench.run.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="uv run --extra bench muster bench"):
        next(run_bench(parts, say=silent))


def test_a_clip_that_cannot_be_read_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    begun: list[str] = []
    with pytest.raises(SourceError):
        list(run_bench(["matching"], [tmp_path / "missing.mp4"], TINY, say=begun.append))
    assert not begun


def test_the_command_prints_a_json_object_a_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "QUICK", TINY)
    parts = ["--only", "matching", "--only", "encoder"]
    result = CliRunner().invoke(app, ["bench", "--quick", "--json", *parts])
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in result.stdout.splitlines()]
    one_by_one, together = "encoder, ORL faces", f"encoder, {TINY.chips} chips a call, ORL faces"
    names = ["matching, 300 people", "memory of the gallery", one_by_one, together]
    assert [record["name"] for record in records] == [*names, "encoder's largest difference, ORL faces"]
    assert all(set(record) == {"name", "value", "baseline", "ratio", "unit"} for record in records)
    table = CliRunner().invoke(app, ["bench", "--quick", "--only", "matching"])
    assert "matching, 300 people" in table.stdout
