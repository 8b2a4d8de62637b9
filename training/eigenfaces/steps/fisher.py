"""Step 11: LDA as a reduction of dimensions (Fisherfaces), alone and after PCA."""

from typing import Any

from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import canvas, name_axes
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.classifiers import report_table

MOST_DIMENSIONS = 39
"""LDA gives at most one dimension fewer than there are people; Olivetti's 40 give 39."""


def fisher_section(study: Study) -> Section:
    """LDA to at most 39 components, alone and after PCA, each followed by logistic regression."""
    train, test, target = study.train, study.test, study.target
    most = min(MOST_DIMENSIONS, len(study.faces.names) - 1)
    counts = sorted({n for n in (2, 5, 10, 20, 30, most) if n <= most})
    folds = KFold(FOLDS, shuffle=True, random_state=study.settings.seed)
    results: dict[str, list[dict[str, Any]]] = {}
    for family in ("LDA", "PCA, LDA"):
        results[family] = []
        for count in counts:
            pipeline = _pipeline(study, family, count)
            # LDA scales single features, so without PCA before it only the pixels themselves will do.
            data = study.pixels if family == "LDA" else study.coordinates
            means = cross_val_score(pipeline, data, target, cv=folds, n_jobs=study.settings.jobs)
            fitted = _pipeline(study, family, count).fit(study.pixels[train], target[train])
            score = float(fitted.score(study.pixels[test], target[test]))
            results[family].append(
                {"dimensions": count, "hold_out": score, "mean": float(means.mean()), "deviation": float(means.std())}
            )
            study.done((len(results) - 1) / 2 + 0.5 * len(results[family]) / len(counts))
    tables, reports = [], {}
    for family in results:
        fitted = _pipeline(study, family, most).fit(study.pixels[train], target[train])
        caption = f"{family}, logistic regression with {most} dimensions: classification report"
        table, reports[family] = report_table(
            target[test], fitted.predict(study.pixels[test]), study.faces.names, caption
        )
        tables.append(table)
    columns = (
        ("reduction", "text"),
        ("dimensions", "text"),
        ("hold-out", "percent"),
        (f"{FOLDS} folds", "percent"),
        ("± deviation", "percent"),
    )
    rows = tuple(
        (family, r["dimensions"], r["hold_out"], r["mean"], r["deviation"])
        for family, found in results.items()
        for r in found
    )
    overview = Table("Followed by logistic regression", columns, rows, strong=(len(counts) - 1, 2 * len(counts) - 1))
    alone, after = results["LDA"][-1], results["PCA, LDA"][-1]
    low, some = (
        next(r for r in results["PCA, LDA"] if r["dimensions"] == count)
        for count in (counts[0], counts[min(2, len(counts) - 1)])
    )
    few = (
        f"Few dimensions go far: {low['dimensions']} after PCA give {percent(low['mean'])} over the folds, "
        f"{some['dimensions']} already {percent(some['mean'])}."
    )
    text = (
        f"PCA looks for what differs between images, LDA for what differs between people. With {most} "
        "dimensions, LDA on the pixels alone "
        f"gives {percent(alone['hold_out'])} on the hold-out and {percent(alone['mean'])} over {FOLDS} folds; "
        f"after PCA to {study.components} "
        f"components {percent(after['hold_out'])} and {percent(after['mean'])}. ",
        few,
    )
    picture = study.picture(
        "fisher",
        _scatter(study),
        "The first people on the first two discriminants: dots to learn from, rings held out.",
    )
    numbers = {"results": results, "reports": reports, "pca_components": study.components, "most_dimensions": most}
    return Section("LDA as reduction", text, numbers, (overview, *tables), (picture,))


def _pipeline(study: Study, family: str, dimensions: int) -> Pipeline:
    steps: list[tuple[str, Any]] = []
    if family != "LDA":
        steps.append(("pca", PCA(study.components, svd_solver="full")))
    steps.append(("lda", LinearDiscriminantAnalysis(n_components=dimensions)))
    steps += [("scale", StandardScaler()), ("classifier", LogisticRegression(max_iter=1000))]
    return Pipeline(steps)


def _scatter(study: Study) -> Any:
    people = min(study.settings.projected, len(study.faces.names))
    figure, axes = canvas(10, 4, 1, 2)
    for axis, family in zip(axes[0], ("LDA", "PCA, LDA"), strict=True):
        reduction = _pipeline(study, family, 2)[:-2].fit(study.pixels[study.train], study.target[study.train])
        for part, filled in ((study.train, True), (study.test, False)):
            part = part[study.target[part] < people]
            points = reduction.transform(study.pixels[part])
            style: dict[str, Any] = {
                "cmap": "tab10" if people <= 10 else "turbo",
                "s": 30,
                "vmin": 0,
                "vmax": max(people - 1, 1),
            }
            cloud = axis.scatter(*points.T, c=study.target[part], **style, alpha=1.0 if filled else 0.9)
            if not filled:
                cloud.set_facecolor("none")
                cloud.set_edgecolor(cloud.cmap(cloud.norm(study.target[part])))
        name_axes(axis, family, "first discriminant", "second discriminant" if family == "LDA" else "")
    return figure
