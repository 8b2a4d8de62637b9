"""Error rates, what they say about a gallery, and the evaluation beside the classic recipe."""

import errno
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import comb
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.observations import sightings
from db.people import people
from db.records.observations import SightingRecord
from enroll.evaluation.calibration import Calibration, calibrate
from enroll.evaluation.curves import draw_gallery, draw_identification, save_gallery, save_identification
from enroll.evaluation.evaluate import LabelledFaces, evaluate
from enroll.evaluation.left_out import EnrolledPeople
from enroll.evaluation.rates import Rate, Trials, paired, roc
from enroll.evaluation.what_if import WhatIf, what_if
from enroll.people.store import Enrolment
from monitor.errors import MusterError, UsageError
from monitor.vision.encoder import Embeddings, unit
from monitor.vision.matching.threshold import DLIB, JOINED
from tests.enroll.conftest import MadeUp


def gallery(made_up: MadeUp, count: int = 12, images: int = 4, spread: float = 0.02) -> EnrolledPeople:
    names = tuple(f"person {number}" for number in range(count))
    members = tuple(np.stack([made_up.embedding(name, spread) for _ in range(images)]) for name in names)
    return enrolled(names, members)


def enrolled(
    names: Sequence[str], members: Sequence[Embeddings], extra_margins: tuple[float, ...] | None = None
) -> EnrolledPeople:
    return EnrolledPeople(
        tuple(uuid4() for _ in names), tuple(names), tuple(members), extra_margins or (0.0,) * len(names)
    )


def judged(made_up_gallery: EnrolledPeople, strangers: Embeddings | None = None, **more: Any) -> Calibration:
    nobody = np.empty((0, 128), np.float32)
    return calibrate(made_up_gallery, nobody if strangers is None else strangers, target_fpir=0.01, margin=0.01, **more)


def test_an_interval_holds_the_rate_and_narrows_with_more_trials() -> None:
    few, many = Rate(1, 10), Rate(100, 1000)
    for rate in (few, many):
        low, high = rate.interval
        assert low <= rate.value <= high
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]


def test_a_rate_without_trials_promises_nothing() -> None:
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_the_threshold_for_an_fpir_is_the_lowest_that_keeps_it() -> None:
    trials = Trials(np.arange(100) / 100, np.ones(100), np.ones(100, bool))
    threshold = trials.threshold_at(0.05)
    assert trials.fpir(threshold).count == 5
    assert trials.fpir(np.nextafter(threshold, 0) - 1e-9).count == 6


def test_two_recipes_are_compared_by_the_probes_that_only_one_of_them_misses() -> None:
    strangers, first = np.linspace(0, 0.5, 100), np.ones(40, bool)
    one = Trials(strangers, np.where(np.arange(40) < 3, 0.1, 0.9), first)
    other = Trials(strangers, np.where((np.arange(40) >= 2) & (np.arange(40) < 15), 0.1, 0.9), first)
    found = paired(one, other, 0.01)
    assert (found.only_one, found.only_other) == (2, 12)
    assert found.chance == pytest.approx(2 * sum(comb(14, k) for k in range(3)) / 2**14)
    assert paired(one, one, 0.01).chance == 1


def test_the_curve_agrees_with_the_rates_at_its_thresholds() -> None:
    random = np.random.default_rng(5)
    trials = Trials(random.random(50), random.random(80) + 0.3, random.random(80) > 0.1)
    fpir, fnir = trials.curve()
    for wanted in (0.0, 0.1, 0.5):
        place = int(np.searchsorted(fpir, wanted))
        assert fnir[place] == pytest.approx(trials.fnir(trials.threshold_at(wanted)).value)


def test_the_roc_rises_from_nothing_to_everything() -> None:
    random = np.random.default_rng(5)
    fmr, tmr = roc(random.random(100) + 0.5, random.random(400))
    assert (np.diff(fmr) >= 0).all()
    assert (np.diff(tmr) >= 0).all()
    assert (fmr[-1], tmr[-1]) == (1.0, 1.0)


def test_a_clear_gallery_expects_few_errors_and_a_stricter_target_asks_for_more(made_up: MadeUp) -> None:
    found = judged(gallery(made_up))
    in_force = next(one for one in found.targets if one.target == 0.01)
    assert in_force.fpir.value == 0
    assert in_force.fnir.value == 0
    assert in_force.fnir.trials == 48
    thresholds = [one.threshold for one in found.targets]
    assert thresholds == sorted(thresholds, reverse=True)


def test_the_riskiest_pair_and_the_weakest_person_come_first(made_up: MadeUp) -> None:
    given = gallery(made_up)
    twin = np.stack([made_up.embedding("person 3") for _ in range(3)])
    lonely = made_up.embedding("lonely")[None]
    given = enrolled((*given.names, "twin", "lonely"), (*given.members, twin, lonely))
    found = judged(given)
    assert {found.pairs[0].one, found.pairs[0].other} == {"person 3", "twin"}
    lonely_one = next(one for one in found.weak if one.name == "lonely")
    assert (lonely_one.images, lonely_one.needed) == (1, 2)
    assert (lonely_one.misses, lonely_one.expected) == (None, 0)
    assert found.weak[0].name in ("twin", "person 3"), "each is taken for the other"
    assert found.spread is not None
    assert found.spread[0] < 0.01 < 0.5 < found.spread[1] == found.weak[0].expected


def test_pairs_are_found_across_blocks_of_a_large_gallery(made_up: MadeUp) -> None:
    count = 1100
    given = gallery(made_up, count=count, images=1)
    given = enrolled((*given.names, "twin"), (*given.members, made_up.embedding("person 2", 0.001)[None]))
    (pair,) = judged(given, most=1).pairs
    assert (pair.one, pair.other) == ("person 2", "twin")


def test_a_person_with_an_extra_margin_is_named_more_rarely(made_up: MadeUp) -> None:
    plain = gallery(made_up)
    careful = enrolled(plain.names, plain.members, (1.0, *[0.0] * 11))
    missed = [next(one.fnir for one in judged(given).targets if one.target == 0.01) for given in (plain, careful)]
    assert [rate.count for rate in missed] == [0, 4]


def test_the_curve_of_a_gallery_falls_and_is_drawn(made_up: MadeUp, tmp_path: Path) -> None:
    found = judged(gallery(made_up))
    assert [one.threshold for one in found.curve] == sorted((one.threshold for one in found.curve), reverse=True)
    assert [one.fnir.value for one in found.curve] == sorted((one.fnir.value for one in found.curve), reverse=True)
    drawn = draw_gallery(found.curve, DLIB.threshold_for(0.01, 12), width=70)
    assert max(map(len, drawn.splitlines())) <= 70
    assert all(label in drawn for label in ("FPIR expected", "FPIR seen", "FNIR seen"))
    assert "strangers given" not in drawn
    save_gallery(found.curve, DLIB.threshold_for(0.01, 12), tmp_path / "curves.svg")
    assert "threshold in force" in (tmp_path / "curves.svg").read_text()


def test_given_strangers_are_counted(made_up: MadeUp) -> None:
    given = gallery(made_up)
    strangers = np.stack([made_up.embedding("person 1"), made_up.embedding("a stranger")])
    in_force = next(one for one in judged(given, strangers).targets if one.target == 0.01)
    assert (in_force.strangers.count, in_force.strangers.trials) == (1, 2)


def test_a_gallery_of_one_can_be_judged(made_up: MadeUp) -> None:
    assert judged(gallery(made_up, count=1)).pairs == ()


def labelled(made_up: MadeUp, count: int = 15, images: int = 3) -> LabelledFaces:
    rows = [(person, made_up.embedding(str(person), 0.03)) for person in range(count) for _ in range(images)]
    flipped = np.stack([embedding for _, embedding in rows])
    return LabelledFaces(np.array([person for person, _ in rows]), flipped * np.float32(1.4), unit(flipped))


def test_both_recipes_are_tried_on_the_same_probes(made_up: MadeUp) -> None:
    muster, classic = evaluate(labelled(made_up), enrolled=1, target_fpir=0.01, margin=0.01, encoders="both")
    assert muster.people == classic.people == 15
    assert len(muster.trials.genuine) == len(classic.trials.genuine) == 30
    assert muster.trials.rank1.value == 1
    assert muster.fnir.value == 0
    assert muster.default_fpir.value == 0


def test_an_evaluation_needs_probes(made_up: MadeUp) -> None:
    with pytest.raises(UsageError, match="too few"):
        evaluate(labelled(made_up, images=1), enrolled=1, target_fpir=0.01, margin=0.01, encoders="both")


def test_a_full_disk_leaves_the_figure_of_before(
    made_up: MadeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _data: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "curves.svg").write_text("before")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MusterError, match="cannot be written"):
        save_gallery(judged(gallery(made_up)).curve, 0.93, tmp_path / "curves.svg")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("curves.svg", "before")]


def test_curves_are_drawn_in_the_terminal_and_as_a_figure(made_up: MadeUp, tmp_path: Path) -> None:
    recipes = evaluate(labelled(made_up), enrolled=1, target_fpir=0.01, margin=0.01, encoders="both")
    drawn = draw_identification(recipes, width=70)
    assert "Muster" in drawn
    assert max(map(len, drawn.splitlines())) <= 70
    save_identification(recipes, tmp_path / "curves.svg")
    assert "Identification among 15 people" in (tmp_path / "curves.svg").read_text()
    with pytest.raises(UsageError, match="known figure format"):
        save_identification(recipes, tmp_path / "curves.nonsense")


def under_a_stricter_target(engine: Engine, start: datetime) -> WhatIf:
    given: Any = {"before": 0.01, "after": 0.0001, "margin": 0.01, "size": 20, "extra_margins": {}}
    with reading(engine) as session:
        return what_if(session, start, start + timedelta(days=1), **given)


def test_what_if_tells_which_sightings_would_change(engine: Engine, cipher: TemplateCipher, details: Enrolment) -> None:
    strict = DLIB.threshold_for(0.0001, 20) - DLIB.threshold_for(0.01, 20)
    with writing(engine) as session:
        anna = people.add_person(session, "Anna", at=details.at, actor="tester").id
        door = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=details.at)
        for number, similarity in enumerate((0.99, 0.95 + strict / 2, 0.90)):
            sightings.add(session, cipher, sighting(door.id, anna, similarity, details.at + timedelta(minutes=number)))
    found = under_a_stricter_target(engine, details.at)
    assert found.sightings == 3
    assert [(one.person, one.named) for one in found.changes] == [("Anna", False)]


def test_what_if_judges_each_sighting_on_the_scale_of_its_encoders(
    engine: Engine, cipher: TemplateCipher, details: Enrolment
) -> None:
    """0.70 with a threshold of 0.66 passes a stricter target's by dlib's curve, which moves by 0.02, not by both's."""
    moved = {curve: curve.threshold_for(0.0001, 20) - curve.threshold_for(0.01, 20) for curve in (DLIB, JOINED)}
    assert moved[DLIB] < 0.04 < moved[JOINED]
    with writing(engine) as session:
        anna = people.add_person(session, "Anna", at=details.at, actor="tester").id
        door = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=details.at)
        for encoders in ("dlib", "both"):
            one = sighting(door.id, anna, 0.70, details.at)
            sightings.add(session, cipher, replace(one, person=anna, threshold=0.66, encoders=encoders))
    found = under_a_stricter_target(engine, details.at)
    (change,) = found.changes
    assert not change.named
    assert change.threshold == pytest.approx(0.66 + moved[JOINED])


def sighting(kiosk: UUID, person: UUID, similarity: float, at: datetime) -> SightingRecord:
    named = person if similarity >= 0.95 else None
    return SightingRecord(uuid4(), kiosk, 1, at, at, 9, named, person, similarity, None, None, 0.95)


@pytest.fixture
def command() -> typer.Typer:
    """`muster calibrate`."""
    from monitor.cli.gallery.calibrate import calibrate as command

    alone = typer.Typer()
    alone.command()(command)
    return alone


def test_the_command_calibrates_an_enrolled_gallery(
    tmp_path: Path, people_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, command: typer.Typer
) -> None:
    from monitor.cli.people.enroll import app as enroll_app

    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    db = ["--db", f"sqlite:///{tmp_path}/cli.sqlite3", "--json"]
    folder = people_folder(Anna=["s1/1", "s1/2"], Ben=["s2/1", "s2/2"])
    assert CliRunner().invoke(enroll_app, ["import", str(folder), *db, "--workers", "1"]).exit_code == 0
    record = json.loads(CliRunner().invoke(command, db).stdout)
    assert (record["people"], record["images"]) == (2, 4)
    assert {one["person"] for one in record["weak"]} == {"Anna", "Ben"}


def test_the_command_evaluates_a_folder_of_known_people_without_a_database(
    tmp_path: Path, people_folder: Callable[..., Path], command: typer.Typer
) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2"], Ben=["s2/1", "s2/2"])
    (folder / "Ben" / "broken.jpg").write_bytes(b"")
    call = ["--evaluate", str(folder), "--db", f"sqlite:///{tmp_path}/none.sqlite3"]
    told = CliRunner().invoke(command, call).stdout
    assert "2 people enrolled with one picture each, 2 probes; on 1 picture no face was found." in told
    muster, classic, last = (
        json.loads(line) for line in CliRunner().invoke(command, [*call, "--json"]).stdout.splitlines()
    )
    assert muster["rank1"] == classic["rank1"] == 1
    assert [Path(one).name for one in last["summary"]["missed"]] == ["broken.jpg"]
    assert not (tmp_path / "none.sqlite3").exists()


def test_the_target_that_was_tried_can_be_kept(
    tmp_path: Path, people_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, command: typer.Typer
) -> None:
    from monitor.cli.people.enroll import app as enroll_app

    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    monkeypatch.delenv("MUSTER_TARGET_FPIR", raising=False)
    file = tmp_path / "muster.toml"
    file.write_text('# ours\nsite = "x"  # here\ntarget_fpir = 0.01\n')
    common = ["--db", f"sqlite:///{tmp_path}/cli.sqlite3", "--config", str(file)]

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, [*words, *common])

    folder = people_folder(Anna=["s1/1"], Ben=["s2/1"])
    CliRunner().invoke(enroll_app, ["import", str(folder), *common, "--workers", "1"])
    assert isinstance(run("--save").exception, UsageError)
    assert "The curves are in" in run("--figure", str(tmp_path / "curves.png")).stdout
    assert isinstance(run("--figure", str(tmp_path / "curves")).exception, UsageError)
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    assert isinstance(run("--what-if", "2", "--save").exception, UsageError)
    tried = run("--what-if", "0.002").stdout
    assert "--save writes this target" in tried
    assert "Anna: 1 image, misses unknown; add 2" in tried
    assert "target_fpir = 0.01\n" in file.read_text()
    assert json.loads(run("--what-if", "0.002", "--save", "--json").stdout)["saved"] == str(file)
    assert file.read_text() == '# ours\nsite = "x"  # here\ntarget_fpir = 0.002\n'
    monkeypatch.setenv("MUSTER_TARGET_FPIR", "0.01")
    assert "MUSTER_TARGET_FPIR is set and overrides" in run("--what-if", "0.003", "--save").stdout
