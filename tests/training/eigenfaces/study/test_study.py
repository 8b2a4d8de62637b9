"""The study on four people of ORL: numbers by another route, no leak, a whole report. Then Olivetti, where it is."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn import config_context
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneOut, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from monitor.errors import DataError, ModelError, UsageError
from training import report
from training.eigenfaces.context import Study, StudySettings
from training.eigenfaces.deep import study_chips
from training.eigenfaces.load import FaceSet, load_olivetti
from training.eigenfaces.steps import best, compare, fisher, robustness, search
from training.eigenfaces.steps.best import Configuration
from training.eigenfaces.study.model import load_study_model
from training.eigenfaces.study.study import STEPS, StudyRun, run_study
from training.report import render_page

SETTINGS = StudySettings(jobs=1)


@pytest.fixture(scope="module")
def run(faces: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    quick = config_context(assume_finite=True, skip_parameter_validation=True)
    with pytest.MonkeyPatch.context() as patch, quick:
        patch.setattr(best, "FEATURE_SETS", (("grey",), ("hog", "lbp")))
        patch.setattr(best, "COMPONENTS", (10, 120))
        patch.setattr(best, "SPLITS", 3)
        patch.setattr(robustness, "REPEATS", 2)
        patch.setattr(robustness, "LEVELS", {kind: (0.0, levels[-1]) for kind, levels in robustness.LEVELS.items()})
        patch.setitem(search.GRIDS, "SVM", {"classifier__C": [1, 100], "classifier__gamma": [0.001, 0.01]})
        patch.setattr(compare, "TIMED_IMAGES", 2)
        patch.setattr(report, "DPI", 50)
        return run_study(faces, tmp_path_factory.mktemp("study") / "run", settings=SETTINGS)


def numbers(run: StudyRun, step: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run.numbers.read_text(encoding="utf-8"))["sections"][step]["numbers"]
    return found


def test_the_hold_out_of_the_svm_is_right_by_plain_linear_algebra(run: StudyRun, faces: FaceSet) -> None:
    known, asked, known_people, people = train_test_split(
        faces.pixels, faces.target, test_size=0.3, stratify=faces.target, random_state=0
    )
    components = run.contents["components"]
    centre = known.mean(axis=0)
    _, lengths, directions = np.linalg.svd(known - centre, full_matrices=False)
    whiten = directions[:components].T / lengths[:components] * np.sqrt(len(known) - 1)
    predicted = SVC().fit((known - centre) @ whiten, known_people).predict((asked - centre) @ whiten)
    assert numbers(run, "svc")["accuracy"] == pytest.approx(np.mean(predicted == people))


def test_leave_one_out_on_coordinates_is_leave_one_out_on_pixels(run: StudyRun, faces: FaceSet) -> None:
    pca = PCA(run.contents["components"], whiten=True, svd_solver="full")
    scores = cross_val_score(
        make_pipeline(pca, LinearDiscriminantAnalysis()), faces.pixels, faces.target, cv=LeaveOneOut()
    )
    assert numbers(run, "classifiers")["LDA"]["leave_one_out"] == pytest.approx(scores.mean())


def test_the_notebooks_pipeline_is_lda_and_logistic_regression_with_nothing_between(
    run: StudyRun, faces: FaceSet
) -> None:
    known, asked, known_people, people = train_test_split(
        faces.pixels, faces.target, test_size=0.3, stratify=faces.target, random_state=0
    )
    lda = LinearDiscriminantAnalysis().fit(known, known_people)
    classifier = LogisticRegression(max_iter=1000).fit(lda.transform(known), known_people)
    expected = classifier.score(lda.transform(asked), people)
    assert numbers(run, "lda")["notebook"]["hold_out"] == pytest.approx(expected)
    (headline,) = (line for line in run.contents["headlines"] if "notebook" in line["name"])
    assert headline["value"] == pytest.approx(expected)


def test_as_many_eigenfaces_are_drawn_as_are_asked_for(faces: FaceSet, tmp_path: Path) -> None:
    heights = {}
    for count in (5, 27):
        run = run_study(faces, tmp_path, settings=StudySettings(jobs=1, eigenfaces=count), steps=["eigenfaces"])
        with Image.open(tmp_path / "eigenfaces.png") as picture:
            heights[count] = picture.height
        assert len(numbers(run, "eigenfaces")["explained_variance_ratio"]) == count
    assert heights[27] > 2.5 * heights[5]


def test_the_best_pipeline_scores_the_same_when_fitted_afresh(run: StudyRun, faces: FaceSet) -> None:
    found = numbers(run, "best")
    chosen = found["chosen"]
    pipeline = Configuration(tuple(chosen["features"]), chosen["copies"], chosen["components"], 0, 0).pipeline(
        faces.shape
    )
    held = numbers(run, "split")["test_indices"]
    known = np.setdiff1d(np.arange(len(faces.target)), held)
    pipeline.fit(faces.pixels[known], faces.target[known])
    assert found["hold_out"] == pytest.approx(np.mean(pipeline.predict(faces.pixels[held]) == faces.target[held]))
    assert found["right"] + len(found["wrong_images"]) == found["of"] == len(held)


def test_verification_counts_every_pair_of_held_out_people(run: StudyRun, faces: FaceSet) -> None:
    for name in ("Eigenfaces", "Best pipeline", "Deep embedding"):
        found = numbers(run, "verification")[name]
        assert found["pairs_genuine"] == sum(found["genuine"]) == len(faces.names) * 45
        assert found["pairs_impostor"] == sum(found["impostor"]) == (1 + 1) * 100


def test_the_report_shows_every_step_from_the_json_alone(run: StudyRun, tmp_path: Path) -> None:
    contents = json.loads(run.numbers.read_text(encoding="utf-8"))
    assert list(contents["sections"]) == list(STEPS)
    template = Path(run_study.__code__.co_filename).with_name("report.html.jinja")
    again = render_page(template, contents, run.folder / "again.html")
    assert again.read_bytes() == run.report.read_bytes()


def test_the_report_needs_no_other_file_and_no_name_can_break_it(run: StudyRun) -> None:
    page = run.report.read_text(encoding="utf-8")
    assert set(re.findall(r'src="([^:]*:)', page)) == {"data:"}
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_every_picture_of_the_report_lies_in_the_run_folder(run: StudyRun) -> None:
    for section in run.contents["sections"].values():
        for picture in section["pictures"]:
            assert (run.folder / picture["file"]).read_bytes().startswith(b"\x89PNG")


def test_the_saved_model_names_the_people_it_has_learnt(run: StudyRun, faces: FaceSet, tmp_path: Path) -> None:
    model = load_study_model(run.folder)
    matches = model.identify(study_chips(Study(faces, tmp_path, SETTINGS))[::3])
    named = [match.best.name for match in matches if match.best]
    assert named == [faces.names[person] for person in faces.target[::3]]
    assert any(match.accepted for match in matches)
    assert all(match.accepted == (match.best.similarity >= model.threshold) for match in matches if match.best)
    assert all(
        match.runner_up and match.runner_up.similarity <= match.best.similarity for match in matches if match.best
    )
    assert model.identify(np.empty((0, 150, 150, 3), np.uint8)) == []


def test_noise_is_nobody(run: StudyRun) -> None:
    chips = np.random.default_rng(0).integers(0, 256, (5, 150, 150, 3), dtype=np.uint8)
    assert not any(match.person for match in load_study_model(run.folder).identify(chips))


def test_a_model_is_not_loaded_when_missing_damaged_or_foreign(run: StudyRun, tmp_path: Path) -> None:
    import skops.io

    with pytest.raises(ModelError, match="holds no study model"):
        load_study_model(tmp_path)
    damaged = tmp_path / "damaged.skops"
    damaged.write_bytes((run.folder / "model.skops").read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        load_study_model(damaged)
    foreign = tmp_path / "foreign.skops"
    skops.io.dump({"format": "muster-eigenfaces-1", "pipeline": Path("x")}, foreign)
    with pytest.raises(ModelError, match="types that a study never saves"):
        load_study_model(foreign)
    other = tmp_path / "other.skops"
    skops.io.dump({"format": "of tomorrow", "pipeline": 1}, other)
    with pytest.raises(ModelError, match="of another version"):
        load_study_model(other)


def test_wishes_that_make_no_sense_are_refused_in_a_sentence(faces: FaceSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"too small for 500 components; choose 1 to"):
        run_study(faces, tmp_path, settings=StudySettings(components=500))
    with pytest.raises(UsageError, match="Subject 99 does not exist; subjects are numbered 0 to 3"):
        run_study(faces, tmp_path, settings=StudySettings(subjects=(0, 99)))
    with pytest.raises(UsageError, match=r"have 27 eigenfaces, not 28; choose 1 to 27"):
        run_study(faces, tmp_path, settings=StudySettings(eigenfaces=28))
    with pytest.raises(UsageError, match=r"no step 'nonsense'"):
        run_study(faces, tmp_path, steps=["nonsense"])
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        run_study(faces, tmp_path / "file", steps=["toy"])


def test_steps_run_alone_and_progress_reaches_the_end(faces: FaceSet, tmp_path: Path) -> None:
    heard: list[tuple[str, float, int]] = []
    run = run_study(
        faces, tmp_path, settings=SETTINGS, steps=["split", "faces"], progress=lambda *now: heard.append(now)
    )
    assert list(run.contents["sections"]) == ["faces", "split"]
    assert heard[0][1:] == (0.0, 2)
    assert heard[-1] == ("Done", 2, 2)
    assert [part for _, part, _ in heard] == sorted(part for _, part, _ in heard)


def test_olivetti_gives_the_classic_number(shared_data: Path, tmp_path: Path) -> None:
    study = Study(load_olivetti(shared_data), tmp_path, SETTINGS)
    run = run_study(study.faces, tmp_path, settings=SETTINGS, steps=["svc"])
    assert (numbers(run, "svc")["right"], numbers(run, "svc")["of"]) == (110, 120)
    notebook = study.fitted(fisher.pipeline(study, fisher.NOTEBOOK, fisher.MOST_DIMENSIONS))
    assert study.accuracy(notebook) == pytest.approx(0.95)
