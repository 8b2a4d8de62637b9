"""The saved model of the study: the best classical pipeline on aligned chips, stored without pickle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import skops.io
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline

from monitor.domain import Candidate, Match
from monitor.errors import ModelError
from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.deep import chip_pixels, study_chips
from training.eigenfaces.discriminant import CosineDiscriminant
from training.eigenfaces.features import SIDE, FaceFeatures
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.best import CopyFolds, configurations
from training.report import percent

MODEL_FILE = "model.skops"
TARGET_FPIR = 0.01
_FORMAT = "muster-eigenfaces-1"
_OUR_TYPES = frozenset(f"{kind.__module__}.{kind.__qualname__}" for kind in (FaceFeatures, CosineDiscriminant))


@dataclass(frozen=True, slots=True, eq=False)
class StudyModel:
    """Identifies faces with the pipeline of a study; returns matches like a gallery."""

    pipeline: Pipeline
    names: tuple[str, ...]
    threshold: float
    """Cosine similarity, -1 to 1, at which 1 % of strangers get a name (FPIR)."""

    def identify(self, chips: NDArray[np.uint8]) -> list[Match]:
        """The people on chips uint8 (n, 150, 150, 3) RGB, made by `monitor.vision.chips.face_chip`.

        One match per chip, as from a gallery; a person's id is derived from the name.
        """
        if chips.ndim != 4 or chips.shape[1:] != (150, 150, 3):
            raise ValueError(f"chips have the shape (n, 150, 150, 3), not {chips.shape}")
        if len(chips) == 0:
            return []
        scores = self.pipeline.decision_function(chip_pixels(chips))
        people = self.pipeline.classes_
        matches = []
        for row in scores:
            first, second = np.argsort(-row)[:2]
            best, runner_up = (self._candidate(int(people[at]), float(row[at])) for at in (first, second))
            matches.append(Match(best, runner_up, self.threshold, best.similarity >= self.threshold))
        return matches

    def _candidate(self, person: int, similarity: float) -> Candidate:
        name = self.names[person]
        return Candidate(uuid5(NAMESPACE_OID, f"{_FORMAT}:{name}"), name, similarity)


def load_study_model(run: Path) -> StudyModel:
    """The saved model in a run folder of `muster train eigenfaces`, or of this file.

    Raises:
        ModelError: the file is missing, damaged, of another version, or holds types that a study never saves.
    """
    path = run / MODEL_FILE if run.is_dir() else run
    if not path.is_file():
        raise ModelError(f"{run} holds no study model; make one with: muster train eigenfaces --step model.")
    try:
        foreign = sorted(set(skops.io.get_untrusted_types(file=path)) - _OUR_TYPES)
        if foreign:
            some = ", ".join(foreign[:3])
            raise ModelError(f"{path} holds types that a study never saves ({some}). It is not loaded.")
        contents: Any = skops.io.load(path, trusted=sorted(_OUR_TYPES))
        if contents["format"] != _FORMAT or not isinstance(contents["pipeline"], Pipeline):
            raise ModelError(f"{path} is of another version of Muster; run the study again.")
        return StudyModel(contents["pipeline"], tuple(contents["names"]), float(contents["threshold"]))
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file can raise anything at all
        why = type(error).__name__
        raise ModelError(f"{path} is not a study model or is damaged ({why}); run the study again.") from None


def model_section(study: Study) -> Section:
    """Fit the best pipeline on all aligned images, choose the threshold with strangers, save the model."""
    pixels, target = chip_pixels(study.once(study_chips)), study.target
    best, shape = study.once(configurations)[0], (SIDE, SIDE)
    held = best.pipeline(shape).fit(pixels[study.train], target[study.train])
    strangers, enrolled, right = _open_set_scores(study, pixels)
    threshold = float(np.quantile(strangers, 1 - TARGET_FPIR, method="higher"))
    path, names = study.folder / MODEL_FILE, list(study.faces.names)
    # Unlike a pickle, a file of skops can be read without running code from it.
    model = {"pipeline": best.pipeline(shape).fit(pixels, target), "names": names, "threshold": threshold}
    skops.io.dump({"format": _FORMAT, **model}, path)
    numbers: Numbers = {
        "file": path.name,
        "bytes": path.stat().st_size,
        "hold_out_on_chips": float(held.score(pixels[study.test], target[study.test])),
        "threshold": threshold,
        "target_fpir": TARGET_FPIR,
        "fnir": float(np.mean(~right | (enrolled < threshold))),
        "strangers": len(strangers),
        "enrolled_probes": len(enrolled),
        "types": sorted(skops.io.get_untrusted_types(file=path)),
    }
    rows = (
        ("hold-out accuracy on chips", numbers["hold_out_on_chips"]),
        ("strangers with a name (FPIR)", TARGET_FPIR),
        ("images of enrolled people without the right name (FNIR)", numbers["fnir"]),
    )
    table = ReportTable("Open-set identification", columns("measure", percent=("value",)), rows)
    return Section("The saved model", _text(study, numbers), numbers, (table,))


def _text(study: Study, numbers: Numbers) -> tuple[str, ...]:
    accuracy, fpir, fnir = (percent(numbers[key]) for key in ("hold_out_on_chips", "target_fpir", "fnir"))
    return paragraphs(f"""
        For camera images the best pipeline is fitted again, on all {len(study.target)} images.
        The images are cropped and aligned like the faces of the kiosk.
        On such chips its hold-out accuracy is {accuracy}.

        The threshold is chosen with strangers: in every fold some people are left out of the training.
        At the threshold {numbers["threshold"]:.3f}, {fpir} of the images of strangers get a name.
        Then {fnir} of the held-out images of enrolled people do not get the right name.

        Try it: muster identify --method eigenfaces --model {study.folder.name} IMAGE
    """)


def _open_set_scores(study: Study, pixels: NDArray[np.float64]) -> tuple[Any, Any, Any]:
    """Best similarities of strangers' images and of enrolled people's held-out images; whether the latter are right."""
    folds = CopyFolds(pixels, study.target, study.once(configurations)[0].pipeline((SIDE, SIDE)))
    train, test, target = study.train, study.test, study.target
    strangers, enrolled, right = [], [], []
    groups = GroupKFold(min(FOLDS, len(study.faces.names)))
    for known, unknown in groups.split(pixels, groups=target):
        learn, probe = np.intersect1d(known, train), np.intersect1d(known, test)
        model = folds.fit(learn)
        strangers.append(model.decision_function(folds.probes(unknown)).max(axis=1))
        scores = model.decision_function(folds.probes(probe))
        enrolled.append(scores.max(axis=1))
        right.append(model.classes_[scores.argmax(axis=1)] == target[probe])
    return np.concatenate(strangers), np.concatenate(enrolled), np.concatenate(right)
