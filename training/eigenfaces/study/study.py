"""The whole study: its steps in order, run together or alone, and what they leave behind."""

import json
import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sklearn
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from monitor.errors import DataError, UsageError
from training.eigenfaces.context import Study, StudySettings
from training.eigenfaces.load import FaceSet
from training.eigenfaces.section import Section
from training.eigenfaces.steps.best import best_section
from training.eigenfaces.steps.classifiers import classifiers_section, leak_section, svc_section
from training.eigenfaces.steps.compare import methods_section
from training.eigenfaces.steps.curves import curves_section
from training.eigenfaces.steps.faces import faces_section, split_section
from training.eigenfaces.steps.fisher import fisher_section
from training.eigenfaces.steps.pca import components_section, eigenfaces_section, projection_section, toy_section
from training.eigenfaces.steps.robustness import robustness_section
from training.eigenfaces.steps.search import search_section
from training.eigenfaces.steps.verification import verification_section
from training.eigenfaces.study.model import model_section
from training.report import render_page

Progress = Callable[[str, float, int], None]
"""Told what is under way, how many steps are done (with a part of the one under way), and of how many."""

STEPS: Mapping[str, Callable[[Study], Section]] = MappingProxyType(
    {
        "faces": faces_section,
        "split": split_section,
        "toy": toy_section,
        "projection": projection_section,
        "components": components_section,
        "eigenfaces": eigenfaces_section,
        "svc": svc_section,
        "classifiers": classifiers_section,
        "leak": leak_section,
        "search": search_section,
        "lda": fisher_section,
        "best": best_section,
        "curves": curves_section,
        "methods": methods_section,
        "verification": verification_section,
        "robustness": robustness_section,
        "model": model_section,
    }
)
"""Every step by name, in the order of the report."""

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "faces": "Looking at the faces",
        "split": "Dividing them",
        "toy": "PCA on a toy",
        "projection": "Two components",
        "components": "How many components",
        "eigenfaces": "Eigenfaces",
        "svc": "Support vector machine",
        "classifiers": "Six classifiers, leave-one-out",
        "leak": "The leak",
        "search": "Nested grid search",
        "lda": "LDA as reduction",
        "best": "Choosing the best pipeline, leave-one-out",
        "curves": "Precision, recall, ROC",
        "methods": "All methods, deep embedding",
        "verification": "Verification",
        "robustness": "Robustness",
        "model": "Saving the model",
    }
)

_TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True, slots=True)
class StudyRun:
    """What a study has left behind."""

    folder: Path
    report: Path
    """Self-contained HTML."""
    numbers: Path
    """JSON with everything that the report shows."""
    contents: Mapping[str, Any]
    """What the JSON holds."""


def run_study(
    faces: FaceSet,
    folder: Path,
    *,
    settings: StudySettings | None = None,
    steps: Sequence[str] = (),
    progress: Progress = lambda title, done, total: None,
) -> StudyRun:
    """Run a study, or some of its steps, and write report.html, study.json and the PNGs.

    Args:
        folder: where to write; made when missing.
        steps: names out of `STEPS`; all when empty. They run in the order of the report.

    Raises:
        UsageError: an unknown step, or settings that do not fit the faces.
        DataError: the folder cannot be written.
    """
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        raise UsageError(f"There is no step {unknown[0]!r}; choose from {', '.join(STEPS)}.")
    wanted = [step for step in STEPS if not steps or step in steps]
    at = {"index": 0}

    def done(part: float) -> None:
        progress(TITLES[wanted[at["index"]]], at["index"] + min(part, 0.99), len(wanted))

    study = Study(faces, folder, settings or StudySettings(), done)
    _make_folder(folder)
    started = datetime.now(UTC)
    sections = {}
    # The matrices are small: threads inside the linear algebra cost more than they bring, above all on a busy machine.
    with threadpool_limits(1), warnings.catch_warnings():
        # One image of each person is what a part of the robustness step asks for.
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
        for index, step in enumerate(wanted):
            at["index"] = index
            done(0.0)
            sections[step] = STEPS[step](study)
    seconds = (datetime.now(UTC) - started).total_seconds()
    progress("Done", len(wanted), len(wanted))
    return _write(study, sections, started, seconds)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror}); choose another folder with --output."
        ) from None


def _write(study: Study, sections: Mapping[str, Section], started: datetime, seconds: float) -> StudyRun:
    contents = {
        "title": "Eigenfaces",
        "source": study.faces.source,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "scikit_learn": sklearn.__version__,
        "python": platform.python_version(),
        "components": study.components,
        "seed": study.settings.seed,
        "headlines": _headlines(sections),
        "sections": {name: asdict(section) for name, section in sections.items()},
    }
    numbers = study.folder / "study.json"
    text = json.dumps(contents, indent=1, ensure_ascii=False, allow_nan=False)
    numbers.write_text(text, encoding="utf-8", errors="backslashreplace")
    # The page is made from what the JSON holds and from nothing else.
    report = render_page(_TEMPLATE, json.loads(text), study.folder / "report.html")
    return StudyRun(study.folder, report, numbers, contents)


def _headlines(sections: Mapping[str, Section]) -> list[dict[str, Any]]:
    """The few numbers on top of the report, as far as their steps were run."""
    places = (
        ("Classic eigenfaces + SVC", "hold-out", "svc", "accuracy"),
        ("Best classical pipeline", "hold-out", "best", "hold_out"),
        ("Best classical pipeline", "leave-one-out", "best", "leave_one_out"),
    )
    found = [
        {"name": name, "measure": measure, "value": sections[step].numbers[key]}
        for name, measure, step, key in places
        if step in sections
    ]
    if "verification" in sections:
        eer = sections["verification"].numbers["Deep embedding"]["eer"]
        found.append({"name": "Deep embedding", "measure": "equal error rate", "value": eer})
    return found
