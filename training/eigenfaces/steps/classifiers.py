"""Steps 7, 8 and 12: the support vector machine, six classifiers side by side, and the classic data leak."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import HEAT_MAP_COLOURS, bars, heat_map, person_labels
from training.eigenfaces.protocol import Estimator, SharedPca, eigenface_pipeline, leave_one_out
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.report import percent


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
    folds: list[float]
    leaky_folds: list[float]
    """On these folds too, but with the PCA fitted on all images first, as in the classic notebook."""
    leave_one_out: float

    @property
    def mean(self) -> float:
        """Over the folds."""
        return float(np.mean(self.folds))

    def as_json(self) -> Numbers:
        """Without the leaky folds."""
        spread = {"mean": self.mean, "deviation": float(np.std(self.folds))}
        return {"hold_out": self.hold_out, "folds": self.folds, **spread, "leave_one_out": self.leave_one_out}


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


AVERAGES = ("macro avg", "weighted avg")


def report_table(report: Numbers, names: tuple[str, ...], caption: str = "Full classification report") -> ReportTable:
    """scikit-learn's classification report as a folded table."""
    # "micro avg" replaces "accuracy" when a person is never predicted, so neither is shown.
    keys = [*((name, str(person)) for person, name in enumerate(names)), *((each, each) for each in AVERAGES)]
    parts = ("precision", "recall", "f1-score")
    rows = [(name, *(float(report[key][part]) for part in parts), int(report[key]["support"])) for name, key in keys]
    headings = columns("person", number=("precision", "recall", "F1"), text=("images",))
    return ReportTable(caption, headings, tuple(rows), strong=(len(names), len(names) + 1), folded=True)


SVCS: dict[str, dict[str, Any]] = {
    "SVC()": {},
    "SVC(gamma='auto')": {"gamma": "auto"},
    "SVC(C=1000, gamma=0.0001)": {"C": 1000, "gamma": 0.0001},
    "SVC(kernel='linear')": {"kernel": "linear"},
}


def svc_section(study: Study) -> Section:
    """The classic SVC on whitened components: accuracy, report, confusion matrix."""
    names = study.faces.names
    fitted = {
        name: study.fitted(eigenface_pipeline(SVC(**settings), study.components)) for name, settings in SVCS.items()
    }
    variants = {name: study.accuracy(model) for name, model in fitted.items()}
    n: Numbers = {
        "accuracy": variants["SVC()"],
        "components": study.components,
        "variants": variants,
        **hold_out_numbers(study, fitted["SVC()"].predict(study.pixels[study.test])),
    }
    caption = "Other settings on this split (for comparison; nothing is chosen from them)"
    others = ReportTable(caption, columns("classifier", percent=("hold-out",)), tuple(variants.items()), strong=(0,))
    title = f"SVC on the hold-out: {n['right']} of {n['of']} right"
    figure = heat_map(np.array(n["confusion"]), person_labels(names, short=True), title)
    picture = study.picture("svc_confusion", figure, f"Confusion matrix. {HEAT_MAP_COLOURS}")
    text = paragraphs(f"""
        SVC() on {n["components"]} whitened components recognises {n["right"]} of {n["of"]} held-out images.
        That is {percent(n["accuracy"])}, or {n["accuracy"]:.2f} with the two decimals of the classic notebook.

        The scikit-learn of the notebook had the default gamma='auto', which is 1 / number of components.
        Whitened components have a variance of 1, so today's default gamma='scale' is equal up to rounding.
        The PCA uses the full solver: the default solver is randomised at this size, and its last digits vary.
    """)
    return Section("Support vector machine", text, n, (others, report_table(n["report"], names)), (picture,))


def classifier_scores(study: Study) -> dict[str, Scores]:
    """Hold-out, 5 shuffled folds, these folds with the leak, and leave-one-out, of the six classifiers."""
    points, target, folds = study.coordinates, study.target, study.folds
    candidates = classifiers(study.settings.seed)
    leaked = PCA(study.components, whiten=True, svd_solver="full").fit_transform(points)
    shared = SharedPca(candidates, points, target, study.components)
    single = leave_one_out(shared, target, jobs=study.settings.jobs, done=study.done)
    scores = {}
    for name, classifier in candidates.items():
        pipeline = eigenface_pipeline(classifier, study.components)
        honest = cross_val_score(pipeline, points, target, cv=folds)
        leaky = cross_val_score(classifier, leaked, target, cv=folds)
        held = study.accuracy(study.fitted(clone(pipeline)))
        scores[name] = Scores(held, honest.tolist(), leaky.tolist(), single[name])
    return scores


def classifiers_section(study: Study) -> Section:
    """Six classifiers on whitened components."""
    scores = study.once(classifier_scores)
    best = max(scores, key=lambda name: scores[name].mean)
    numbers = {name: s.as_json() for name, s in scores.items()}
    keys = ("hold_out", "mean", "deviation", "leave_one_out")
    shown = dict(zip(("hold-out", f"{FOLDS} folds", "± deviation", "leave-one-out"), keys, strict=True))
    rows = tuple((name, *(n[key] for key in keys)) for name, n in numbers.items())
    headings, strong = columns("classifier", percent=tuple(shown)), (list(scores).index(best),)
    table = ReportTable("Six classifiers; every fold fits its own PCA", headings, rows, strong)
    series = {title: [n[key] for n in numbers.values()] for title, key in shown.items() if key != "deviation"}
    picture = study.picture("classifiers", bars("Accuracy", list(scores), series), "Six classifiers, three scores.")
    images = len(study.target)
    text = paragraphs(f"""
        {best} is best over {FOLDS} folds with {percent(scores[best].mean)}.
        Its leave-one-out accuracy is {percent(scores[best].leave_one_out)}.
        Leave-one-out fits {images} PCAs and {images} models of each kind, each without its one test image.
        Whitening gives late, noisy components the weight of early ones.
        Methods that weigh all components equally lose by it, k-NN most of all.
    """)
    return Section("Six classifiers", text, numbers, (table,), (picture,))


REDUCED = "LDA reduction, then logistic regression"


def supervised_leak(study: Study) -> tuple[float, float]:
    """Mean accuracy of PCA, LDA and logistic regression: all fitted in the fold; PCA and LDA fitted on all images."""
    reduction = make_pipeline(PCA(study.components, svd_solver="full"), LinearDiscriminantAnalysis())
    classifier = LogisticRegression(max_iter=1000)
    points, target, folds = study.coordinates, study.target, study.folds
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
        "leaky_folds": {name: s.leaky_folds for name, s in scores.items()},
    }
    series = {"fitted in the fold": list(honest.values()), "fitted on all images first": list(leaky.values())}
    rows = tuple((name, honest[name], leaky[name], gain[name]) for name in honest)
    headings = columns("classifier", percent=(*series, "difference"))
    table = ReportTable(f"{FOLDS} folds, seed {study.settings.seed}", headings, rows, strong=(len(rows) - 1,))
    figure = bars("Equal folds with and without the leak", list(honest), series)
    picture = study.picture("leak", figure, "Accuracy with and without the leak.")
    return Section("The data leak", _leak_text(gain, honest, leaky), numbers, (table,), (picture,))


def _leak_text(gain: dict[str, float], honest: dict[str, float], leaky: dict[str, float]) -> tuple[str, ...]:
    six = [name for name in gain if name != REDUCED]
    higher, lowest = [name for name in six if gain[name] > 0], min(six, key=gain.__getitem__)
    found = f"Here the leak raises the scores of {', '.join(higher)}." if higher else "Here it raises none of the six."
    if gain[lowest] < 0:
        found += f"""
        It lowers others, {lowest} most: {percent(leaky[lowest])} instead of {percent(honest[lowest])}.
        A whitening that knows every face enlarges all of them equally along the late, noisy components.
        So a leaky score can be too high or too low."""
    return paragraphs(f"""
        The classic notebook fitted PCA and whitening on all images and made the folds afterwards.
        The test images thus took part in learning the components that recognise them: a data leak.
        Such a score is not valid for a camera at a door, which does not have tomorrow's faces.

        {found}

        The leak can be larger when the reduction also learns from the names.
        With PCA and LDA fitted on all images first, logistic regression
        seems to reach {percent(leaky[REDUCED])} instead of {percent(honest[REDUCED])}.
        All other steps of this report fit scaling, PCA and LDA inside the fold, in a scikit-learn Pipeline.
    """)
