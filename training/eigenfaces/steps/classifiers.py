"""Steps 7, 8 and 12: the support vector machine, six classifiers side by side, and the leak of the classic "
"notebook."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.model_selection import KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import bars, canvas, heat_map, name_axes
from training.eigenfaces.protocol import Estimator, SharedPca, eigenface_pipeline, leave_one_out
from training.eigenfaces.section import Section, Table, percent
from training.report import label


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
    """How one method did, each score from models that had not seen their test images."""

    hold_out: float
    folds: tuple[float, ...]
    leaky_folds: tuple[float, ...]
    """The same folds with the PCA fitted on all images first, as in the classic notebook."""
    leave_one_out: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.folds))


def report_table(truth: Any, predicted: Any, names: tuple[str, ...], caption: str) -> tuple[Table, dict[str, Any]]:
    """scikit-learn's classification report as a folded table, and as numbers."""
    people = list(range(len(names)))
    numbers = classification_report(truth, predicted, labels=people, zero_division=0, output_dict=True)
    keys = [(names[person], str(person)) for person in people]
    keys += [(name, name) for name in ("macro avg", "weighted avg")]
    # micro avg takes the place of accuracy when a person is missing among the predictions
    columns = (("person", "text"), ("precision", "number"), ("recall", "number"), ("F1", "number"), ("images", "text"))
    rows = tuple(
        (
            name,
            *(float(numbers[key][part]) for part in ("precision", "recall", "f1-score")),
            int(numbers[key]["support"]),
        )
        for name, key in keys
    )
    return Table(caption, columns, rows, strong=(len(rows) - 2, len(rows) - 1), folded=True), numbers


def svc_section(study: Study) -> Section:
    """The classic SVC on whitened components: accuracy, report, confusion."""
    train, test = study.train, study.test
    fitted = eigenface_pipeline(SVC(), study.components).fit(study.pixels[train], study.target[train])
    predicted = fitted.predict(study.pixels[test])
    right = int((predicted == study.target[test]).sum())
    accuracy = float(accuracy_score(study.target[test], predicted))
    variants = {
        "SVC()": SVC(),
        "SVC(gamma='auto')": SVC(gamma="auto"),
        "SVC(C=1000, gamma=0.0001)": SVC(C=1000, gamma=0.0001),
        "SVC(kernel='linear')": SVC(kernel="linear"),
    }
    others = {
        name: float(
            eigenface_pipeline(svc, study.components)
            .fit(study.pixels[train], study.target[train])
            .score(study.pixels[test], study.target[test])
        )
        for name, svc in variants.items()
    }
    matrix = confusion_matrix(study.target[test], predicted, labels=range(len(study.faces.names)))
    table, report = report_table(study.target[test], predicted, study.faces.names, "Full classification report")
    numbers = {
        "accuracy": accuracy,
        "right": right,
        "of": len(test),
        "components": study.components,
        "variants": others,
        "report": report,
        "confusion": matrix.tolist(),
    }
    text = (
        f"SVC() on {study.components} whitened components recognises {right} of {len(test)} held-out images: "
        f"{percent(accuracy)}, which the classic notebook's two decimals show as {accuracy:.2f}.",
        "The notebook's library still had gamma='auto'. That is one over the number of components, and since "
        "whitened "
        "components have a variance of 1, today's default gamma='scale' comes to the same number up to "
        "rounding. The PCA solver is "
        "the full one here: the default is randomised at this size, and would make the last digit a matter of luck.",
    )
    rows = tuple((name, score) for name, score in others.items())
    settings = Table(
        "The same split with other settings (for comparison, not chosen from)",
        (("classifier", "text"), ("hold-out", "percent")),
        rows,
        strong=(0,),
    )
    figure = heat_map(
        matrix,
        [label(name.removeprefix("person "), 12) for name in study.faces.names],
        f"SVC on the hold-out: {right} of {len(test)} right",
    )
    return Section(
        "Support vector machine",
        text,
        numbers,
        (settings, table),
        (study.picture("svc_confusion", figure, "Who is taken for whom."),),
    )


def classifier_scores(study: Study) -> dict[str, Scores]:
    """Hold-out, 5 folds (shuffled), the same folds with the leak, and leave-one-out, of the six classifiers."""
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
    """Six classifiers on the same whitened components."""
    scores = study.once(classifier_scores)
    names = list(scores)
    best = max(names, key=lambda name: scores[name].mean)
    columns = (
        ("classifier", "text"),
        ("hold-out", "percent"),
        (f"{FOLDS} folds", "percent"),
        ("± deviation", "percent"),
        ("leave-one-out", "percent"),
    )
    rows = tuple((name, s.hold_out, s.mean, float(np.std(s.folds)), s.leave_one_out) for name, s in scores.items())
    table = Table("Every PCA is fitted inside its fold", columns, rows, strong=(names.index(best),))
    numbers = {
        name: {
            "hold_out": s.hold_out,
            "folds": list(s.folds),
            "mean": s.mean,
            "deviation": float(np.std(s.folds)),
            "leave_one_out": s.leave_one_out,
        }
        for name, s in scores.items()
    }
    figure, axes = canvas(10, 4)
    series = {
        "hold-out": [s.hold_out for s in scores.values()],
        f"{FOLDS} folds": [s.mean for s in scores.values()],
        "leave-one-out": [s.leave_one_out for s in scores.values()],
    }
    bars(axes[0, 0], names, series)
    name_axes(axes[0, 0], "Accuracy")
    top = scores[best]
    text = (
        f"{best} is best over {FOLDS} folds with {percent(top.mean)}; leave-one-out gives it "
        f"{percent(top.leave_one_out)}. "
        f"Leave-one-out fits {len(study.target)} PCAs and {len(study.target)} models of each kind, every one "
        "without the "
        "image it is asked about. Whitening gives late, noisy components the weight of early ones; methods "
        "that trust all "
        "components alike, k-NN first of all, pay for it.",
    )
    return Section(
        "Six classifiers",
        text,
        numbers,
        (table,),
        (study.picture("classifiers", figure, "Six classifiers, three ways of asking."),),
    )


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
    """The notebook's cross-validation, with PCA fitted on all images first, beside the honest one."""
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
    table = Table(f"{FOLDS} folds, seed {study.settings.seed}", columns, rows, strong=(len(rows) - 1,))
    figure, axes = canvas(10, 4)
    series = {"fitted in the fold": list(honest.values()), "fitted on all images first": list(leaky.values())}
    bars(axes[0, 0], list(honest), series)
    name_axes(axes[0, 0], "The same folds, with and without the leak")
    picture = study.picture("leak", figure, "Honest and leaky accuracy.")
    return Section("The leak", _leak_text(gain, honest, leaky), numbers, (table,), (picture,))


def _leak_text(gain: dict[str, float], honest: dict[str, float], leaky: dict[str, float]) -> tuple[str, ...]:
    higher = [name for name in gain if gain[name] > 0 and name != REDUCED]
    lower = min((name for name in gain if name != REDUCED), key=lambda name: gain[name])
    first = (
        "The classic notebook fitted PCA and whitening on all images and only then cut them into folds. Its "
        "test images "
        "have thus already had a say in the components that are to recognise them, which is how a score comes "
        "to flatter; "
        "a camera at a door never has tomorrow's faces."
    )
    second = f"Here it flatters {', '.join(higher)}. " if higher else "Here it happens to flatter none of the six. "
    if gain[lower] < 0:
        second += (
            f"Others lose, {lower} most with {percent(leaky[lower])} instead of {percent(honest[lower])}: "
            "whitening that "
            "knows every face blows all of them up alike along the late, noisy components. So one cannot even "
            "tell on "
            "which side of the truth a leaky number lies."
        )
    third = (
        "How far it can go shows when the reduction also knows the names: with PCA and LDA fitted on all "
        "images first, "
        f"logistic regression seems to reach {percent(leaky[REDUCED])} instead of {percent(honest[REDUCED])}. "
        "Everywhere "
        "else in this report a scikit-learn Pipeline keeps scaling, PCA and LDA inside the fold."
    )
    return first, second, third
