"""Step 11: LDA as a reduction of dimensions (Fisherfaces), alone and after PCA."""

from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import canvas, name_axes
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.classifiers import hold_out_report, report_table
from training.report import percent

MOST_DIMENSIONS = 39
"""LDA gives at most one dimension fewer than there are people; Olivetti's 40 people give 39."""

FAMILIES = ("LDA", "PCA, LDA")


def fisher_section(study: Study) -> Section:
    """LDA to at most 39 components, alone and after PCA, each followed by logistic regression."""
    most = min(MOST_DIMENSIONS, len(study.faces.names) - 1)
    counts = sorted({n for n in (2, 5, 10, 20, 30, most) if n <= most})
    results = _accuracies(study, counts)
    numbers: Numbers = {
        "results": results,
        "reports": {family: _report(study, family, most) for family in FAMILIES},
        "pca_components": study.components,
        "most_dimensions": most,
    }
    headings = columns("reduction", "dimensions", percent=("hold-out", f"{FOLDS} folds", "± deviation"))
    rows = tuple((family, *each.values()) for family, found in results.items() for each in found)
    strong = (len(counts) - 1, 2 * len(counts) - 1)
    table = ReportTable("Followed by logistic regression", headings, rows, strong)
    words = f"logistic regression with {most} dimensions: classification report"
    reports = (report_table(numbers["reports"][f], study.faces.names, f"{f}, {words}") for f in FAMILIES)
    caption = "The first people on the first two discriminants: dots are training images, rings are held out."
    picture = study.picture("fisher", _scatter(study), caption)
    return Section("LDA as reduction", _text(numbers), numbers, (table, *reports), (picture,))


def _accuracies(study: Study, counts: list[int]) -> dict[str, list[Numbers]]:
    """Hold-out accuracy, and mean and deviation over the folds, by family and number of dimensions."""
    results: dict[str, list[Numbers]] = {family: [] for family in FAMILIES}
    for place, family in enumerate(FAMILIES):
        # LDA scales single features: without PCA before it, rotated coordinates would change the result.
        data = study.pixels if family == "LDA" else study.coordinates
        for index, count in enumerate(counts):
            pipeline = _pipeline(study, family, count)
            means = cross_val_score(pipeline, data, study.target, cv=study.folds, n_jobs=study.settings.jobs)
            score = study.accuracy(study.fitted(pipeline))
            results[family].append(
                {"dimensions": count, "hold_out": score, "mean": float(means.mean()), "deviation": float(means.std())}
            )
            study.done(place / 2 + 0.5 * (index + 1) / len(counts))
    return results


def _report(study: Study, family: str, dimensions: int) -> Numbers:
    fitted = study.fitted(_pipeline(study, family, dimensions))
    return hold_out_report(study, fitted.predict(study.pixels[study.test]))


def _text(numbers: Numbers) -> tuple[str, ...]:
    most, components = numbers["most_dimensions"], numbers["pca_components"]
    alone, after = (numbers["results"][family] for family in FAMILIES)
    held, mean = percent(alone[-1]["hold_out"]), percent(alone[-1]["mean"])
    held_after, mean_after = percent(after[-1]["hold_out"]), percent(after[-1]["mean"])
    low, some = after[0], after[min(2, len(after) - 1)]
    few = f"After PCA, {low['dimensions']} dimensions give {percent(low['mean'])} over the folds"
    return paragraphs(f"""
        PCA finds the directions in which images differ, LDA those in which people differ.
        LDA to {most} dimensions reaches {held} on the hold-out and {mean} over {FOLDS} folds.
        After PCA to {components} components it reaches {held_after} and {mean_after}.

        {few}, {some["dimensions"]} give {percent(some["mean"])}.
    """)


def _pipeline(study: Study, family: str, dimensions: int) -> Pipeline:
    first = () if family == "LDA" else (PCA(study.components, svd_solver="full"),)
    lda = LinearDiscriminantAnalysis(n_components=dimensions)
    return make_pipeline(*first, lda, StandardScaler(), LogisticRegression(max_iter=1000))


def _scatter(study: Study) -> Figure:
    people = min(study.settings.projected, len(study.faces.names))
    figure, axes = canvas(10, 4, 2)
    colours = {"cmap": "tab10" if people <= 10 else "turbo", "vmin": 0, "vmax": max(people - 1, 1)}
    for axis, family in zip(axes, FAMILIES, strict=True):
        reduction = study.fitted(_pipeline(study, family, 2)[:-2])
        for part, filled in ((study.train, True), (study.test, False)):
            part = part[study.target[part] < people]
            points = reduction.transform(study.pixels[part])
            cloud = axis.scatter(*points.T, c=study.target[part], s=30, alpha=1.0 if filled else 0.9, **colours)
            if not filled:
                cloud.set(facecolor="none", edgecolor=cloud.cmap(cloud.norm(study.target[part])))
        name_axes(axis, family, "first discriminant", "second discriminant" if family == "LDA" else "")
    return figure
