"""The import from end to end, on real faces."""

import json
import zipfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import enroll.people.enrol
from db import audit, changes
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.people import consents, people
from db.people.gallery import load_gallery
from db.people.listing import list_people
from enroll.faces.acceptance import Acceptance, accept_images
from enroll.faces.examine import Examiner
from enroll.imports.run import import_batch, open_batch
from enroll.people.gallery_index import GalleryIndex
from enroll.people.images import enrol_from_images
from enroll.people.report import PersonReport
from enroll.people.store import Enrolment, Identity
from monitor.cli.people.enroll import app
from monitor.cli.people.people import app as people_app
from monitor.desk.people.export_and_erase import erase, export_zip
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.images import read_image
from tests.enroll.conftest import NOW, MadeUp

Import: TypeAlias = Callable[..., dict[str, PersonReport]]
MakeFolder: TypeAlias = Callable[..., Path]


@pytest.fixture
def run(engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner) -> Import:
    """Imports a path with the session's examiner; returns the reports by person."""

    def run(
        path: Path, *, dry_run: bool = False, given: Enrolment = details, **options: Any
    ) -> dict[str, PersonReport]:
        with open_batch(path, **options) as batch:
            reports = import_batch(
                batch, engine, cipher, given, dry_run=dry_run, make_examiner=lambda: examiner, workers=1
            )
            return {report.person: report for report in reports}

    return run


def enrolled(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {one.person.name: one.templates for one in list_people(session)}


def test_people_are_enrolled_with_templates_that_recognise_them(
    run: Import, engine: Engine, cipher: TemplateCipher, people_folder: MakeFolder, orl: Path, examiner: Examiner
) -> None:
    reports = run(people_folder(Anna=["s1/1", "s1/2", "s1/3"], Ben=["s2/1", "s2/2", "s2/3"]))
    assert {name: report.accepted for name, report in reports.items()} == {"Anna": 3, "Ben": 3}
    probe = examiner.examine(read_image(orl / "s2/9.pgm"))[0].embedding
    with reading(engine) as session:
        gallery = load_gallery(session, cipher, ENCODER_NAME)
    assert max(gallery, key=lambda one: float(one.embedding @ probe)).name == "Ben"
    assert all(one.members == 3 for one in gallery)


def test_the_same_import_again_changes_nothing(run: Import, engine: Engine, people_folder: MakeFolder) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2"])
    run(folder)
    with reading(engine) as session:
        person = people.find_by_name(session, "Anna")[0]
        before = templates.list_templates(session, person.id)
    again = run(folder)["Anna"]
    with reading(engine) as session:
        assert templates.list_templates(session, person.id) == before
    assert (again.accepted, again.unchanged, again.rejected) == (0, 2, ())


def test_later_images_join_the_person(run: Import, engine: Engine, people_folder: MakeFolder) -> None:
    """And kiosks learn of it: their galleries are loaded again when an entry of the audit log comes."""
    run(people_folder(Anna=["s1/1", "s1/2"]))
    with reading(engine) as session:
        before = changes.heads(session).people
    report = run(people_folder(Anna=["s1/5"]))["Anna"]
    assert (report.accepted, report.unchanged) == (1, 2)
    assert enrolled(engine) == {"Anna": 3}
    with reading(engine) as session:
        assert changes.heads(session).people != before
        assert audit.newest(session, 1)[0].action == "add template"


def test_a_mislabelled_and_an_unreadable_image_are_named_and_left_out(run: Import, people_folder: MakeFolder) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2", "s1/3", "s8/1"])
    (folder / "Anna" / "text.jpg").write_text("no picture")
    report = run(folder)["Anna"]
    assert report.accepted == 3
    reasons = {one.image.rsplit("/", 1)[1]: one.reason for one in report.rejected}
    assert "somebody else" in reasons["s8_1.pgm"]
    assert reasons["text.jpg"].startswith("The file is not an image")


def test_somebody_who_is_enrolled_under_another_name_is_reported(run: Import, people_folder: MakeFolder) -> None:
    run(people_folder(Anna=["s1/1", "s1/2"]))
    report = run(people_folder(Zoe=["s1/5", "s1/6"]))["Zoe"]
    assert [one.name for one in report.alike] == ["Anna"]
    assert report.alike[0].similarity > 0.85
    assert report.alike[0].almost_surely_one


def test_check_says_the_same_and_writes_nothing(run: Import, engine: Engine, people_folder: MakeFolder) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2"], Zoe=["s1/5", "s1/6"])
    reports = run(folder, dry_run=True)
    assert reports["Anna"].accepted == 2
    assert [one.name for one in reports["Zoe"].alike] == ["Anna"]
    assert enrolled(engine) == {}


def test_nobody_is_made_without_a_usable_image(run: Import, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "people" / "Anna").mkdir(parents=True)
    (tmp_path / "people" / "Anna" / "1.png").write_bytes(b"")
    assert run(tmp_path / "people")["Anna"].accepted == 0
    assert enrolled(engine) == {}


def test_consent_and_group_are_written_down(
    run: Import, engine: Engine, people_folder: MakeFolder, details: Enrolment
) -> None:
    agreed = Enrolment(details.at, "Hanna at the desk", ("face", "mood"))
    done = run(people_folder(Anna=["s1/1"]), given=agreed, group="Kitchen")
    assert not done["Anna"].consent_missing
    with reading(engine) as session:
        person = people.find_by_name(session, "Anna")[0]
        decisions = consents.history(session, person.id)
    assert person.group == "Kitchen"
    assert [(one.kind, one.given, one.recorded_by) for one in decisions] == [
        ("face", True, "Hanna at the desk"),
        ("mood", True, "Hanna at the desk"),
    ]


def test_an_import_takes_no_refusal_back(
    run: Import, engine: Engine, people_folder: MakeFolder, details: Enrolment
) -> None:
    run(people_folder(Anna=["s1/1"]))
    with writing(engine) as session:
        anna = people.find_by_name(session, "Anna")[0].id
        consents.set_consent(session, anna, "mood", False, at=details.at, actor="desk")
    agreed = Enrolment(details.at, "Hanna at the desk", ("face", "mood"))
    (warning,) = run(people_folder(Anna=["s1/2"]), given=agreed)["Anna"].warnings
    assert 'refused "mood"' in warning
    with reading(engine) as session:
        assert consents.decisions(session, [anna]) == {(anna, "face"): True, (anna, "mood"): False}


def test_an_import_that_is_stopped_has_whole_people_only(
    engine: Engine, cipher: TemplateCipher, details: Enrolment, examiner: Examiner, people_folder: MakeFolder
) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2"], Ben=["s2/1", "s2/2"], Cleo=["s3/1", "s3/2"])
    with open_batch(folder) as batch:
        reports = import_batch(batch, engine, cipher, details, make_examiner=lambda: examiner, workers=1)
        next(reports)
        assert isinstance(reports, Generator)
        reports.close()
    assert enrolled(engine) == {"Anna": 2}


def test_two_imports_at_once_make_nobody_twice(
    engine: Engine, cipher: TemplateCipher, details: Enrolment, made_up: MadeUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [made_up.examination("1.jpg", "Anna"), made_up.examination("2.jpg", "Anna")]
    both, accept = Barrier(2, timeout=0.5), accept_images

    def accept_together(*given: Any) -> Acceptance:
        with suppress(BrokenBarrierError):  # one waits for the other in vain, where it cannot come so far
            both.wait()
        return accept(*given)

    monkeypatch.setattr(enroll.people.enrol, "accept_images", accept_together)
    with ThreadPoolExecutor(2) as threads:
        imports = [
            threads.submit(
                enroll.people.enrol.enrol_person, engine, cipher, GalleryIndex(), Identity("Anna"), pictures, details
            )
            for _ in range(2)
        ]
        reports = [one.result() for one in imports]

    assert enrolled(engine) == {"Anna": 2}
    with reading(engine) as session:
        assert len(list_people(session)) == 1
    assert sorted((one.accepted, one.unchanged) for one in reports) == [(0, 2), (2, 0)]


def test_several_people_of_one_name_are_not_mixed_up(
    run: Import, engine: Engine, details: Enrolment, people_folder: MakeFolder
) -> None:
    with writing(engine) as session:
        for number in ("1", "2"):
            people.add_person(session, "Anna", at=details.at, actor="tester", number=number)
    report = run(people_folder(Anna=["s1/1"]))["Anna"]
    assert report.accepted == 0
    assert "by number" in (report.problem or "")


def test_an_impossible_name_or_number_is_refused_with_its_reason(
    run: Import, people_folder: MakeFolder, tmp_path: Path, orl: Path
) -> None:
    (tmp_path / "list.csv").write_text(f"file,name,number\na.pgm,{'x' * 501},\na.pgm,Anna,{'7' * 41}\n")
    (tmp_path / "a.pgm").write_bytes((orl / "s1/1.pgm").read_bytes())
    for report, told in zip(run(tmp_path / "list.csv").values(), ("501 characters", "41 characters"), strict=True):
        assert told in report.rejected[0].reason


def test_people_are_enrolled_from_pictures_in_memory(
    engine: Engine, cipher: TemplateCipher, orl: Path, examiner: Examiner, details: Enrolment
) -> None:
    pictures = {name: [read_image(orl / f"{name}/{number}.pgm") for number in (1, 2)] for name in ("s1", "s2")}
    reports = enrol_from_images(engine, cipher, pictures, at=details.at, actor="demo", examiner=examiner)
    assert [report.accepted for report in reports] == [2, 2]
    assert enrolled(engine) == {"s1": 2, "s2": 2}


def test_the_command_prints_an_account_in_json(
    tmp_path: Path, people_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    folder = people_folder(Anna=["s1/1", "s1/2"], Ben=["s2/1"])
    (folder / "Ben" / "broken.jpg").write_bytes(b"")
    call = ["import", str(folder), "--db", f"sqlite:///{tmp_path}/cli.sqlite3", "--json", "--workers", "1"]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 3
    anna, ben, last = (json.loads(line) for line in result.stdout.splitlines())
    assert (anna["person"], anna["images"], anna["accepted"], anna["rejected"]) == ("Anna", 2, 2, [])
    assert ben["rejected"][0]["image"].endswith("broken.jpg")
    assert last["summary"]["people"] == 2
    assert last["summary"]["rejected"] == 1
    assert (ben["consent_missing"], last["summary"]["consent_missing"]) == (True, 2)
    told = CliRunner().invoke(app, [*call[:4], "--workers", "1"])
    assert "Consent missing: 2 people. They are recognised, no mood is kept." in told.stdout
    told = CliRunner().invoke(app, [*call[:4], "--workers", "1", "--consent", "face"])
    assert "Not asked about moods yet: 2 people. They are recognised, no mood is kept." in told.stdout
    listed = CliRunner().invoke(people_app, ["list", "--consent-missing", *call[2:5]])
    assert [json.loads(line)["person"] for line in listed.stdout.splitlines()] == ["Anna", "Ben"]


def test_the_command_checks_without_making_a_database(tmp_path: Path, people_folder: MakeFolder) -> None:
    folder = people_folder(Anna=["s1/1", "s1/2"])
    call = ["check", str(folder), "--db", f"sqlite:///{tmp_path}/cli.sqlite3", "--workers", "1"]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 0, result.output
    assert "2 pictures would be taken" in result.stdout
    assert not (tmp_path / "cli.sqlite3").exists()


def test_the_account_has_a_line_for_who_has_no_name_and_one_for_the_sum(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("file,name,group\nface.jpg,,A group\n")
    (tmp_path / "face.jpg").write_bytes(b"")
    call = ["check", str(tmp_path / "list.csv"), "--db", f"sqlite:///{tmp_path}/cli.sqlite3"]
    result = CliRunner().invoke(app, call)
    _, columns, nobody, reason, last = result.stdout.splitlines()
    assert columns == "Columns: file = file, name = name, group = group."
    assert nobody == "No name: 0 of 1 taken"
    assert "gives this picture no name" in reason
    assert last.startswith("0 people, 0 pictures would be taken, 0 enrolled before, 1 not taken; ")
    assert result.exit_code == 3


def test_an_import_that_finds_nothing_makes_no_database(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "missing"):
        result = CliRunner().invoke(app, ["import", str(path), "--db", f"sqlite:///{tmp_path}/cli.sqlite3"])
        assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "cli.sqlite3").exists()


def test_the_limits_in_the_configuration_file_are_obeyed(tmp_path: Path, people_folder: MakeFolder) -> None:
    (tmp_path / "strict.toml").write_text("[quality]\ninter_eye_distance = 500\n")
    folder = people_folder(Anna=["s1/1"])
    config = ["--config", str(tmp_path / "strict.toml"), "--db", f"sqlite:///{tmp_path}/cli.sqlite3"]
    result = CliRunner().invoke(app, ["check", str(folder), *config, "--json", "--workers", "1"])
    assert result.exit_code == 3
    anna = json.loads(result.stdout.splitlines()[0])
    assert "500 are needed" in anna["rejected"][0]["reason"]


def test_the_folder_of_somebody_enrolled_adds_to_them_whatever_its_files_are_called(
    run: Import, engine: Engine, tmp_path: Path, orl: Path
) -> None:
    def put(folder: str, **files: str) -> Path:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name, image in files.items():
            (tmp_path / folder / f"{name}.pgm").write_bytes((orl / f"{image}.pgm").read_bytes())
        return tmp_path / folder

    run(put("people/Anna Öztürk", A000014_0001="s1/1", A000014_0002="s1/2").parent)
    report = run(put("people/Anna Öztürk", A000014_0003="s1/3", IMG_1234="s1/4"))["Anna Öztürk"]
    assert (report.accepted, report.unchanged, report.rejected) == (2, 2, ())
    assert enrolled(engine) == {"Anna Öztürk": 4}


@pytest.mark.parametrize(("names", "refused"), [("012", True), ("123", True), ("135", False), ("7", False)])
def test_pictures_that_are_only_counted_name_nobody(
    run: Import, people_folder: MakeFolder, names: str, refused: bool
) -> None:
    folder = people_folder(Carl=[f"s1/{number}" for number, _ in enumerate(names, start=1)]) / "Carl"
    for file, name in zip(sorted(folder.iterdir()), names, strict=True):
        file.rename(folder / f"{name}x{file.suffix}")
    for file in folder.iterdir():
        file.rename(file.with_name(file.name.replace("x", "")))
    if not refused:
        assert {*run(folder, dry_run=True)} == {*names}, "personnel numbers"
        return
    with pytest.raises(UsageError, match=r"say who \(--person NAME\)"):
        run(folder, dry_run=True)
    assert [*run(folder, dry_run=True, only="Carl")] == ["Carl"]


def test_a_picture_that_is_enrolled_for_somebody_else_is_said_to_be_known(
    run: Import, engine: Engine, people_folder: MakeFolder
) -> None:
    run(people_folder(Anna=["s1/1", "s1/2"]))
    for dry_run in (True, False):
        report = run(people_folder(Zoe=["s1/1"]), dry_run=dry_run)["Zoe"]
        assert report.accepted == 0
        assert "enrolled for Anna already" in report.rejected[0].reason
    assert enrolled(engine) == {"Anna": 2}


@pytest.mark.parametrize("unpacked", [False, True])
def test_an_export_of_muster_enrols_the_person_that_it_is_about(
    run: Import, engine: Engine, cipher: TemplateCipher, people_folder: MakeFolder, tmp_path: Path, unpacked: bool
) -> None:
    run(people_folder(Anna=["s1/1", "s1/2", "s1/3"]))
    with reading(engine) as session:
        (anna,) = people.find_by_name(session, "Anna")
    export_zip(engine, cipher, anna, tmp_path / "muster-Anna.zip", at=NOW, actor="tester")
    erase(engine, anna, at=NOW, actor="tester")
    path = tmp_path / "muster-Anna.zip"
    if unpacked:
        path = tmp_path / "export"
        zipfile.ZipFile(tmp_path / "muster-Anna.zip").extractall(path)
    reports = run(path)
    assert {name: report.accepted for name, report in reports.items()} == {"Anna": 3}
    assert enrolled(engine) == {"Anna": 3}
