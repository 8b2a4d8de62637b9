"""The study's model for use outside it: the best classical pipeline on aligned chips, saved without pickle."""

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
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.best import CopyFolds, candidates

MODEL_FILE = "model.skops"
TARGET_FPIR = 0.01
_FORMAT = "muster-eigenfaces-1"
_OUR_TYPES = frozenset(f"{kind.__module__}.{kind.__qualname__}" for kind in (FaceFeatures, CosineDiscriminant))


@dataclass(frozen=True, slots=True, eq=False)
class StudyModel:
    """Names faces like a gallery does, with what a study has learnt."""

    pipeline: Pipeline
    names: tuple[str, ...]
    threshold: float
    """Cosine; measured to name 1 % of strangers (FPIR)."""

    def identify(self, chips: NDArray[np.uint8]) -> list[Match]:
        """Who is on aligned face chips.

        Args:
            chips: uint8 (n, 150, 150, 3) RGB, as `monitor.vision.chips.face_chip` cuts them.

        Returns:
            One match a chip, as from a gallery; a person's id follows from the name.
        """
        if chips.ndim != 4 or chips.shape[1:] != (150, 150, 3):
            raise ValueError(f"chips are uint8 (n, 150, 150, 3), not {chips.shape}")
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


def save_study_model(model: StudyModel, path: Path) -> Path:
    """Write a model with skops; reading it back runs no code from the file."""
    contents = {"format": _FORMAT, "pipeline": model.pipeline, "names": list(model.names), "threshold": model.threshold}
    skops.io.dump(contents, path)
    return path


def load_study_model(run: Path) -> StudyModel:
    """The model that a study has saved.

    Args:
        run: the run folder of `muster train eigenfaces`, or the model file in it.

    Raises:
        ModelError: there is no model, it is damaged, or it holds types that a study never saves.
    """
    path = run / MODEL_FILE if run.is_dir() else run
    if not path.is_file():
        raise ModelError(f"{run} holds no study model; make one with: muster train eigenfaces --step model.")
    try:
        foreign = sorted(set(skops.io.get_untrusted_types(file=path)) - _OUR_TYPES)
    except Exception as error:  # noqa: BLE001 - a damaged file can raise anything at all
        raise ModelError(
            f"{path} is no study model or is damaged ({type(error).__name__}); run the study again."
        ) from None
    if foreign:
        raise ModelError(f"{path} holds types that a study never saves ({', '.join(foreign[:3])}); it is not loaded.")
    try:
        contents: Any = skops.io.load(path, trusted=sorted(_OUR_TYPES))
        if contents["format"] != _FORMAT or not isinstance(contents["pipeline"], Pipeline):
            raise ModelError(f"{path} is of another version; run the study again.")
        return StudyModel(contents["pipeline"], tuple(contents["names"]), float(contents["threshold"]))
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise ModelError(
            f"{path} is no study model or is damaged ({type(error).__name__}); run the study again."
        ) from None


def model_section(study: Study) -> Section:
    """Learn from all aligned images, choose the threshold with strangers, save."""
    pixels, target = chip_pixels(study.once(study_chips)), study.target
    best = study.once(candidates)[0]
    shape = (SIDE, SIDE)
    held = best.pipeline(shape).fit(pixels[study.train], target[study.train])
    accuracy = float(held.score(pixels[study.test], target[study.test]))
    strangers, enrolled, right = _open_set_scores(study, pixels)
    threshold = float(np.quantile(strangers, 1 - TARGET_FPIR, method="higher"))
    fnir = float(np.mean(~right | (enrolled < threshold)))
    model = StudyModel(best.pipeline(shape).fit(pixels, target), study.faces.names, threshold)
    path = save_study_model(model, study.folder / MODEL_FILE)
    numbers = {
        "file": path.name,
        "bytes": path.stat().st_size,
        "hold_out_on_chips": accuracy,
        "threshold": threshold,
        "target_fpir": TARGET_FPIR,
        "fnir": fnir,
        "strangers": len(strangers),
        "enrolled_probes": len(enrolled),
        "types": sorted(skops.io.get_untrusted_types(file=path)),
    }
    text = (
        f"For use on camera images the best pipeline learns once more, from all {len(target)} images, but cut "
        "and aligned exactly as "
        f"Muster cuts faces. On such chips its hold-out accuracy is {percent(accuracy)}.",
        "Its threshold comes from strangers: people are left out of the learning in turn, and the threshold "
        f"{threshold:.3f} names "
        f"{percent(TARGET_FPIR)} of them; at that price {percent(fnir)} of the enrolled people's held-out "
        "images are not named.",
        f"Try it: muster identify --method eigenfaces --model {study.folder.name} IMAGE",
    )
    columns = (("measure", "text"), ("value", "percent"))
    rows = (
        ("hold-out accuracy on chips", accuracy),
        ("strangers named (FPIR)", TARGET_FPIR),
        ("enrolled people not named (FNIR)", fnir),
    )
    return Section("The saved model", text, numbers, (Table("Identification, open set", columns, rows),))


def _open_set_scores(study: Study, pixels: NDArray[np.float64]) -> tuple[Any, Any, Any]:
    """Best similarities of strangers, those of enrolled people's held-out images, and whether these were right."""
    folds = CopyFolds(pixels, study.target, study.once(candidates)[0].pipeline((SIDE, SIDE)))
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
