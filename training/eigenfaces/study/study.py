"""The whole study: runs all steps or some of them, and writes the report, its numbers and its figures."""

import json
import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from pathlib import Path
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
"""Receives the title of the current step, the number of steps done (with fractions), and the number of steps."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the study."""

    title: str
    """For the progress bar."""
    run: Callable[[Study], Section]


STEPS = {
    "faces": Step("Faces", faces_section),
    "split": Step("Split", split_section),
    "toy": Step("PCA on two dimensions", toy_section),
    "projection": Step("Faces on two components", projection_section),
    "components": Step("Number of components", components_section),
    "eigenfaces": Step("Eigenfaces", eigenfaces_section),
    "svc": Step("Support vector machine", svc_section),
    "classifiers": Step("Six classifiers, leave-one-out", classifiers_section),
    "leak": Step("Data leak", leak_section),
    "search": Step("Nested grid search", search_section),
    "lda": Step("LDA as reduction", fisher_section),
    "best": Step("Best pipeline, leave-one-out", best_section),
    "curves": Step("Precision, recall, ROC", curves_section),
    "methods": Step("All methods, deep embedding", methods_section),
    "verification": Step("Verification", verification_section),
    "robustness": Step("Robustness", robustness_section),
    "model": Step("Saving the model", model_section),
}
"""Every step by its name, in the order of the report."""

_TEMPLATE = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True, slots=True)
class StudyRun:
    """The files of a study."""

    folder: Path
    report: Path
    """One HTML file that contains its figures."""
    numbers: Path
    """JSON with everything that the report shows."""
    contents: Mapping[str, Any]
    """The contents of the JSON."""


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
        folder: the run folder; it is created.
        settings: the defaults if None.
        steps: names out of `STEPS`; all steps if empty. They run in the order of the report.
        progress: called at the beginning of every step, during long steps and in the end.

    Raises:
        UsageError: an unknown step, or settings that do not fit the faces.
        DataError: the folder cannot be written.
    """
    wanted = _ordered(steps)
    place = 0

    def done(part: float) -> None:
        progress(STEPS[wanted[place]].title, place + min(part, 0.99), len(wanted))

    study = Study(faces, folder, settings or StudySettings(), done)
    _make_folder(folder)
    started = datetime.now(UTC)
    sections = {}
    # The matrices are small: threads of the linear algebra would cost more time than they save.
    with threadpool_limits(1), warnings.catch_warnings():
        # The robustness step trains with one image per person on purpose.
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
        for place, step in enumerate(wanted):  # noqa: B007 - `done` reads the place
            done(0.0)
            sections[step] = STEPS[step].run(study)
    progress("Done", len(wanted), len(wanted))
    return _write(study, sections, started)


def _ordered(steps: Sequence[str]) -> list[str]:
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        raise UsageError(f"There is no step {unknown[0]!r}; choose from {', '.join(STEPS)}.")
    return [step for step in STEPS if not steps or step in steps]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        why = error.strerror
        raise DataError(f"{folder} cannot be written ({why}); choose another folder with --output.") from None


def _write(study: Study, sections: Mapping[str, Section], started: datetime) -> StudyRun:
    contents = {
        "title": "Eigenfaces",
        "source": study.faces.source,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
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
    # The page is made from the JSON alone.
    report = render_page(_TEMPLATE, json.loads(text), study.folder / "report.html")
    return StudyRun(study.folder, report, numbers, contents)


def _headlines(sections: Mapping[str, Section]) -> list[dict[str, Any]]:
    """The numbers on top of the report, of the steps that ran."""
    places = (
        ("Classic eigenfaces + SVC", "hold-out", "svc", ("accuracy",)),
        ("LDA + logistic regression, as in the notebook", "hold-out", "lda", ("notebook", "hold_out")),
        ("Best classical pipeline", "hold-out", "best", ("hold_out",)),
        ("Best classical pipeline", "leave-one-out", "best", ("leave_one_out",)),
        ("Deep embedding", "equal error rate", "verification", ("Deep embedding", "eer")),
    )
    return [
        {"name": name, "measure": measure, "value": reduce(getitem, keys, sections[step].numbers)}
        for name, measure, step, keys in places
        if step in sections
    ]
