"""Step 11: LDA as a reduction of dimensions (Fisherfaces), alone and after PCA."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import canvas, name_axes, people_legend, person_colours
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.classifiers import hold_out_report, report_table
from training.report import percent

MOST_DIMENSIONS = 39
"""LDA gives at most one dimension fewer than there are people; Olivetti's 40 people give 39."""

FAMILIES = ("LDA", "PCA, LDA")
NOTEBOOK = "LDA, as in the notebook"
"""LDA and logistic regression without a scaler between: the pipeline whose accuracy the classic notebook prints."""


def fisher_section(study: Study) -> Section:
    """LDA to at most 39 components, alone and after PCA, each followed by logistic regression."""
    most = min(MOST_DIMENSIONS, len(study.faces.names) - 1)
    counts = sorted({n for n in (2, 5, 10, 20, 30, most) if n <= most})
    results = _accuracies(study, counts)
    reports = {family: _report(study, family, most) for family in (NOTEBOOK, *FAMILIES)}
    numbers: Numbers = {
        "results": results,
        "notebook": _scores(study, NOTEBOOK, most),
        "reports": reports,
        "pca_components": study.components,
        "most_dimensions": most,
    }
    headings = columns("reduction", "dimensions", percent=("hold-out", f"{FOLDS} folds", "± deviation"))
    rows = tuple((family, *each.values()) for family, found in results.items() for each in found)
    strong = (len(counts) - 1, 2 * len(counts) - 1)
    table = ReportTable("Followed by scaling to a variance of 1 and logistic regression", headings, rows, strong)
    words = f"logistic regression with {most} dimensions: classification report"
    folded = (report_table(report, study.faces.names, f"{name}, {words}") for name, report in reports.items())
    caption = "The first people on the first two discriminants: dots are training images, rings are held out."
    picture = study.picture("fisher", _scatter(study), caption)
    return Section("LDA as reduction", _text(numbers), numbers, (_notebook_table(numbers), table, *folded), (picture,))


def _accuracies(study: Study, counts: list[int]) -> dict[str, list[Numbers]]:
    """Hold-out accuracy, and mean and deviation over the folds, by family and number of dimensions."""
    results: dict[str, list[Numbers]] = {family: [] for family in FAMILIES}
    for place, family in enumerate(FAMILIES):
        for index, count in enumerate(counts):
            results[family].append(_scores(study, family, count))
            study.done(place / 2 + 0.5 * (index + 1) / len(counts))
    return results


def _scores(study: Study, family: str, dimensions: int) -> Numbers:
    # LDA scales single features: without PCA before it, rotated coordinates would change the result.
    data = study.coordinates if family == "PCA, LDA" else study.pixels
    model = pipeline(study, family, dimensions)
    means = cross_val_score(model, data, study.target, cv=study.folds, n_jobs=study.settings.jobs)
    score = study.accuracy(study.fitted(model))
    return {"dimensions": dimensions, "hold_out": score, "mean": float(means.mean()), "deviation": float(means.std())}


def _notebook_table(numbers: Numbers) -> ReportTable:
    """The notebook's pipeline beside the two of this step, all with the most dimensions."""
    ways = {
        "LDA, logistic regression (the notebook)": numbers["notebook"],
        "LDA, scaling, logistic regression": numbers["results"]["LDA"][-1],
        "PCA, LDA, scaling, logistic regression": numbers["results"]["PCA, LDA"][-1],
    }
    keys = ("hold_out", "mean", "deviation")
    rows = tuple((name, *(found[key] for key in keys)) for name, found in ways.items())
    headings = columns("pipeline", percent=("hold-out", f"{FOLDS} folds", "± deviation"))
    return ReportTable(
        f"The notebook's pipeline and ours, {numbers['most_dimensions']} dimensions", headings, rows, (0,)
    )


def _report(study: Study, family: str, dimensions: int) -> Numbers:
    fitted = study.fitted(pipeline(study, family, dimensions))
    return hold_out_report(study, fitted.predict(study.pixels[study.test]))


def _text(numbers: Numbers) -> tuple[str, ...]:
    most, components = numbers["most_dimensions"], numbers["pca_components"]
    alone, after = (numbers["results"][family] for family in FAMILIES)
    held, mean = percent(alone[-1]["hold_out"]), percent(alone[-1]["mean"])
    held_after, mean_after = percent(after[-1]["hold_out"]), percent(after[-1]["mean"])
    low, some = after[0], after[min(2, len(after) - 1)]
    notebook = numbers["notebook"]
    few = f"After PCA, {low['dimensions']} dimensions give {percent(low['mean'])} over the folds"
    return paragraphs(f"""
        PCA finds the directions in which images differ, LDA those in which people differ.

        The classic notebook prints one accuracy: 0.95, of LDA and logistic regression on the Olivetti faces.
        With these images that pipeline reaches {notebook["hold_out"]:.2f} on the hold-out.
        With scaling to a variance of 1 between both, LDA to {most} dimensions reaches {held} on the hold-out
        and {mean} over {FOLDS} folds.
        LDA gives all directions the same scatter within a person, so their total variance says how well they tell
        people apart; scaling takes that away.
        After PCA to {components} components it reaches {held_after} and {mean_after}.

        {few}, {some["dimensions"]} give {percent(some["mean"])}.
    """)


def pipeline(study: Study, family: str, dimensions: int) -> Pipeline:
    """An unfitted pipeline of a family, or the notebook's, with this many discriminants."""
    first = () if family != "PCA, LDA" else (PCA(study.components, svd_solver="full"),)
    lda = LinearDiscriminantAnalysis(n_components=dimensions)
    scaler = () if family == NOTEBOOK else (StandardScaler(),)
    return make_pipeline(*first, lda, *scaler, LogisticRegression(max_iter=1000))


def _scatter(study: Study) -> Figure:
    people = min(study.settings.projected, len(study.faces.names))
    figure, axes = canvas(11, 4.4, 2)
    colours = np.array(person_colours(people))
    for axis, family in zip(axes, FAMILIES, strict=True):
        reduction = study.fitted(pipeline(study, family, 2)[:-2])
        for part, filled in ((study.train, True), (study.test, False)):
            part = part[study.target[part] < people]
            points = reduction.transform(study.pixels[part])
            of_people = colours[study.target[part]]
            axis.scatter(*points.T, s=30, facecolors=of_people if filled else "none", edgecolors=of_people)
        name_axes(axis, family, "first discriminant", "second discriminant")
    people_legend(figure, study.faces.names[:people])
    return figure
