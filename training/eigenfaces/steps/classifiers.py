"""Steps 7, 8 and 12: the support vector machine, six classifiers side by side, and the classic data leak."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import bars, canvas, heat_map, name_axes
from training.eigenfaces.protocol import Estimator, SharedPca, eigenface_pipeline, leave_one_out
from training.eigenfaces.section import Numbers, ReportTable, Section, paragraph
from training.report import label, percent


def classifiers(seed: int) -> dict[str, Estimator]:
    """The six of the classic notebook, unfitted, with scikit-learn's defaults."""
    return {
        "LDA": LinearDiscriminantAnalysis(),
        "Logistic regression": LogisticRegression(max_iter=1000),
        "Naive Bayes": GaussianNB(),
        "k-NN": KNeighborsClassifier(),
        "Decision tree": DecisionTreeClassifier(random_state=seed),
        "SVM": SVC(),
    }


@dataclass(frozen=True, slots=True)
class Scores:
    """Accuracies of one classifier; no model has seen its test images, except behind the leaky PCA."""

    hold_out: float
    folds: tuple[float, ...]
    leaky_folds: tuple[float, ...]
    """On these folds too, but with the PCA fitted on all images first, as in the classic notebook."""
    leave_one_out: float

    @property
    def mean(self) -> float:
        """Over the folds."""
        return float(np.mean(self.folds))

    @property
    def deviation(self) -> float:
        """Standard deviation over the folds."""
        return float(np.std(self.folds))


def hold_out_report(study: Study, predicted: NDArray[Any]) -> Numbers:
    """scikit-learn's classification report of predictions for the held-out images."""
    people = list(range(len(study.faces.names)))
    report: Numbers = classification_report(
        study.target[study.test], predicted, labels=people, zero_division=0, output_dict=True
    )
    return report


def hold_out_numbers(study: Study, predicted: NDArray[Any]) -> Numbers:
    """The scores of predictions for the held-out images, in their order."""
    truth, people = study.target[study.test], range(len(study.faces.names))
    return {
        "right": int((predicted == truth).sum()),
        "of": len(truth),
        "report": hold_out_report(study, predicted),
        "confusion": confusion_matrix(truth, predicted, labels=people).tolist(),
    }


def report_table(report: Numbers, names: tuple[str, ...], caption: str = "Full classification report") -> ReportTable:
    """scikit-learn's classification report as a folded table."""
    # "micro avg" replaces "accuracy" when a person is never predicted, so neither is shown.
    keys = [(name, str(person)) for person, name in enumerate(names)]
    keys += [(name, name) for name in ("macro avg", "weighted avg")]
    columns = (("person", "text"), ("precision", "number"), ("recall", "number"), ("F1", "number"), ("images", "text"))
    rows = []
    for name, key in keys:
        scores = (float(report[key][part]) for part in ("precision", "recall", "f1-score"))
        rows.append((name, *scores, int(report[key]["support"])))
    return ReportTable(caption, columns, tuple(rows), strong=(len(rows) - 2, len(rows) - 1), folded=True)


SVCS: dict[str, dict[str, Any]] = {
    "SVC()": {},
    "SVC(gamma='auto')": {"gamma": "auto"},
    "SVC(C=1000, gamma=0.0001)": {"C": 1000, "gamma": 0.0001},
    "SVC(kernel='linear')": {"kernel": "linear"},
}


def svc_section(study: Study) -> Section:
    """The classic SVC on whitened components: accuracy, report, confusion matrix."""
    train, test, names = study.train, study.test, study.faces.names
    fitted = {
        name: eigenface_pipeline(SVC(**settings), study.components).fit(study.pixels[train], study.target[train])
        for name, settings in SVCS.items()
    }
    variants = {name: float(model.score(study.pixels[test], study.target[test])) for name, model in fitted.items()}
    numbers = {
        "accuracy": variants["SVC()"],
        "components": study.components,
        "variants": variants,
        **hold_out_numbers(study, fitted["SVC()"].predict(study.pixels[test])),
    }
    variants_table = ReportTable(
        "Other settings on this split (for comparison; nothing is chosen from them)",
        (("classifier", "text"), ("hold-out", "percent")),
        tuple(variants.items()),
        strong=(0,),
    )
    labels = [label(name.removeprefix("person "), 12) for name in names]
    title = f"SVC on the hold-out: {numbers['right']} of {numbers['of']} right"
    picture = study.picture(
        "svc_confusion", heat_map(np.array(numbers["confusion"]), labels, title), "Confusion matrix."
    )
    tables = (variants_table, report_table(numbers["report"], names))
    return Section("Support vector machine", _svc_text(numbers), numbers, tables, (picture,))


def _svc_text(numbers: Numbers) -> tuple[str, ...]:
    n = numbers
    return (
        paragraph(
            f"SVC() on {n['components']} whitened components recognises {n['right']} of {n['of']} held-out images.",
            f"That is {percent(n['accuracy'])}, or {n['accuracy']:.2f} with the two decimals of the classic notebook.",
        ),
        paragraph(
            "The scikit-learn of the notebook had the default gamma='auto', which is 1 / number of components.",
            "Whitened components have a variance of 1, so today's default gamma='scale' is equal up to rounding.",
            "The PCA uses the full solver: the default solver is randomised at this size, and its last digits vary.",
        ),
    )


def classifier_scores(study: Study) -> dict[str, Scores]:
    """Hold-out, 5 shuffled folds, these folds with the leak, and leave-one-out, of the six classifiers."""
    train, test, target = study.train, study.test, study.target
    candidates = classifiers(study.settings.seed)
    folds = KFold(FOLDS, shuffle=True, random_state=study.settings.seed)
    leaked = PCA(study.components, whiten=True, svd_solver="full").fit_transform(study.coordinates)
    shared = SharedPca(candidates, study.coordinates, target, study.components)
    single = leave_one_out(shared, target, jobs=study.settings.jobs, done=study.done)
    scores = {}
    for name, classifier in candidates.items():
        pipeline = eigenface_pipeline(classifier, study.components)
        honest = cross_val_score(pipeline, study.coordinates, target, cv=folds)
        leaky = cross_val_score(classifier, leaked, target, cv=folds)
        held = clone(pipeline).fit(study.pixels[train], target[train]).score(study.pixels[test], target[test])
        scores[name] = Scores(float(held), tuple(honest.tolist()), tuple(leaky.tolist()), single[name])
    return scores


def classifiers_section(study: Study) -> Section:
    """Six classifiers on whitened components."""
    scores = study.once(classifier_scores)
    best = max(scores, key=lambda name: scores[name].mean)
    numbers = {
        name: {
            "hold_out": s.hold_out,
            "folds": list(s.folds),
            "mean": s.mean,
            "deviation": s.deviation,
            "leave_one_out": s.leave_one_out,
        }
        for name, s in scores.items()
    }
    columns = (
        ("classifier", "text"), ("hold-out", "percent"), (f"{FOLDS} folds", "percent"), ("± deviation", "percent"),
        ("leave-one-out", "percent"),
    )  # fmt: skip
    rows = tuple((name, s.hold_out, s.mean, s.deviation, s.leave_one_out) for name, s in scores.items())
    table = ReportTable("Every fold fits its own PCA", columns, rows, strong=(list(scores).index(best),))
    series = {
        "hold-out": [s.hold_out for s in scores.values()],
        f"{FOLDS} folds": [s.mean for s in scores.values()],
        "leave-one-out": [s.leave_one_out for s in scores.values()],
    }
    picture = study.picture(
        "classifiers", _bars_figure("Accuracy", series, list(scores)), "Six classifiers, three scores."
    )
    images = len(study.target)
    text = paragraph(
        f"{best} is best over {FOLDS} folds with {percent(scores[best].mean)}.",
        f"Its leave-one-out accuracy is {percent(scores[best].leave_one_out)}.",
        f"Leave-one-out fits {images} PCAs and {images} models of each kind, each without its one test image.",
        "Whitening gives late, noisy components the weight of early ones.",
        "Methods that weigh all components equally lose by it, k-NN most of all.",
    )
    return Section("Six classifiers", (text,), numbers, (table,), (picture,))


def _bars_figure(title: str, series: dict[str, list[float]], names: list[str]) -> Figure:
    figure, axes = canvas(10, 4)
    bars(axes[0, 0], names, series)
    name_axes(axes[0, 0], title)
    return figure


REDUCED = "LDA reduction, then logistic regression"


def supervised_leak(study: Study) -> tuple[float, float]:
    """Mean accuracy of PCA, LDA and logistic regression: all fitted in the fold; PCA and LDA fitted on all images."""
    folds = KFold(FOLDS, shuffle=True, random_state=study.settings.seed)
    reduction = make_pipeline(PCA(study.components, svd_solver="full"), LinearDiscriminantAnalysis())
    classifier = LogisticRegression(max_iter=1000)
    points, target = study.coordinates, study.target
    honest = cross_val_score(make_pipeline(reduction, classifier), points, target, cv=folds)
    leaky = cross_val_score(classifier, clone(reduction).fit_transform(points, target), target, cv=folds)
    return float(honest.mean()), float(leaky.mean())


def leak_section(study: Study) -> Section:
    """Cross-validation with a PCA fitted on all images first, as in the notebook, beside one without that leak."""
    scores = study.once(classifier_scores)
    honest = {name: s.mean for name, s in scores.items()}
    leaky = {name: float(np.mean(s.leaky_folds)) for name, s in scores.items()}
    honest[REDUCED], leaky[REDUCED] = supervised_leak(study)
    gain = {name: leaky[name] - honest[name] for name in honest}
    numbers = {
        "honest": honest,
        "leaky": leaky,
        "gain": gain,
        "leaky_folds": {name: list(s.leaky_folds) for name, s in scores.items()},
    }
    columns = (
        ("classifier", "text"), ("fitted in the fold", "percent"), ("fitted on all images first", "percent"),
        ("difference", "percent"),
    )  # fmt: skip
    rows = tuple((name, honest[name], leaky[name], gain[name]) for name in honest)
    table = ReportTable(f"{FOLDS} folds, seed {study.settings.seed}", columns, rows, strong=(len(rows) - 1,))
    series = {"fitted in the fold": list(honest.values()), "fitted on all images first": list(leaky.values())}
    figure = _bars_figure("Equal folds with and without the leak", series, list(honest))
    picture = study.picture("leak", figure, "Accuracy with and without the leak.")
    return Section("The data leak", _leak_text(gain, honest, leaky), numbers, (table,), (picture,))


def _leak_text(gain: dict[str, float], honest: dict[str, float], leaky: dict[str, float]) -> tuple[str, ...]:
    six = [name for name in gain if name != REDUCED]
    higher, lowest = [name for name in six if gain[name] > 0], min(six, key=gain.__getitem__)
    second = [
        f"Here the leak raises the scores of {', '.join(higher)}." if higher else "Here it raises none of the six."
    ]
    if gain[lowest] < 0:
        second += [
            f"It lowers others, {lowest} most: {percent(leaky[lowest])} instead of {percent(honest[lowest])}.",
            "A whitening that knows every face enlarges all of them equally along the late, noisy components.",
            "So a leaky score can be too high or too low.",
        ]
    return (
        paragraph(
            "The classic notebook fitted PCA and whitening on all images and made the folds afterwards.",
            "The test images thus took part in learning the components that recognise them: a data leak.",
            "Such a score is not valid for a camera at a door, which does not have tomorrow's faces.",
        ),
        paragraph(*second),
        paragraph(
            "The leak can be larger when the reduction also learns from the names.",
            "With PCA and LDA fitted on all images first, logistic regression seems to reach "
            f"{percent(leaky[REDUCED])} instead of {percent(honest[REDUCED])}.",
            "All other steps of this report fit scaling, PCA and LDA inside the fold, in a scikit-learn Pipeline.",
        ),
    )
