"""The best pipeline: chosen without the hold-out, and equal inside and outside of the folds."""

from pathlib import Path

import numpy as np
import pytest

from training.eigenfaces.context import Study, StudySettings
from training.eigenfaces.load import FaceSet, load_olivetti
from training.eigenfaces.steps import best
from training.eigenfaces.steps.best import Configuration, CopyFolds

SETTINGS = StudySettings(jobs=1)
CHOSEN = Configuration(("hog", "lbp", "wide lbp"), "mirrored and shifted", 120, 0.0, 0.0)


def test_no_choice_depends_on_the_hold_out(faces: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best, "FEATURE_SETS", (("grey",), ("hog",)))
    monkeypatch.setattr(best, "COMPONENTS", (10, 120))
    monkeypatch.setattr(best, "SPLITS", 5)
    study = Study(faces, tmp_path, SETTINGS)
    images = faces.images.copy()
    images[study.test] = np.random.default_rng(1).random(images[study.test].shape)
    spoiled = Study(FaceSet(images, faces.target, faces.names, faces.source), tmp_path, SETTINGS)
    assert best.configurations(study) == best.configurations(spoiled)


def test_a_fold_gives_what_the_whole_pipeline_gives(faces: FaceSet) -> None:
    pipeline = CHOSEN.pipeline(faces.shape)
    folds = CopyFolds(faces.pixels, faces.target, pipeline)
    asked = np.arange(0, len(faces.target), 3)
    known = np.setdiff1d(np.arange(len(faces.target)), asked)
    pipeline.fit(faces.pixels[known], faces.target[known])
    scores = folds.fit(known).decision_function(folds.probes(asked))
    np.testing.assert_allclose(scores, pipeline.decision_function(faces.pixels[asked]), atol=2e-3)


def test_the_chosen_pipeline_reaches_96_percent_on_olivettis_hold_out(shared_data: Path, tmp_path: Path) -> None:
    study = Study(load_olivetti(shared_data), tmp_path, SETTINGS)
    fitted = CHOSEN.pipeline(study.faces.shape).fit(study.pixels[study.train], study.target[study.train])
    assert fitted.score(study.pixels[study.test], study.target[study.test]) >= 0.96
