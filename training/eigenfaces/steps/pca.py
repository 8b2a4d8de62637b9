"""Steps 3 to 6: PCA on points, the number of components, and the components as images."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.preprocessing import minmax_scale
from sklearn.svm import SVC

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    canvas,
    name_axes,
    people_legend,
    percent_axis,
    person_colours,
    sheet,
)
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.report import percent

MARKS = (0.90, 0.95, 0.99)
"""Shares of the variance."""

TRIED = (5, 10, 20, 30, 40, 50, 60, 75, 90, 110, 130, 150, 175, 200)
"""Numbers of components to validate."""


def toy_section(study: Study) -> Section:
    """PCA on two dimensions: data, components, projection, back-projection."""
    random = np.random.default_rng(study.settings.seed)
    data = random.normal(size=(200, 2)) @ np.array([[1.6, 0.7], [0.0, 0.5]])
    both, one = PCA(2).fit(data), PCA(1).fit(data)
    projected = one.transform(data)
    back = one.inverse_transform(projected)
    error = float(np.mean((data - back) ** 2))
    shares = both.explained_variance_ratio_.tolist()
    text = paragraphs(f"""
        PCA turns the axes: the first axis lies along the direction with the largest variance.
        One number per point instead of two keeps {percent(shares[0])} of the variance.
        The back-projection puts every point on a line.
        Its mean squared error is {error:.3f}.
        For faces PCA does this with thousands of axes instead of two.
    """)
    jitter = random.uniform(-0.4, 0.4, len(data))
    figure = _toy_figure(data, both, np.column_stack([projected[:, 0], jitter]), back)
    picture = study.picture("toy", figure, f"{len(data)} points: from two numbers per point to one, and back.")
    numbers = {"explained_variance_ratio": shares, "back_projection_mse": error, "points": len(data)}
    return Section("PCA on two dimensions", text, numbers, (), (picture,))


def _toy_figure(data: NDArray[Any], both: PCA, projected: NDArray[Any], back: NDArray[Any]) -> Figure:
    figure, axes = canvas(11, 2.7, 4)
    for axis, title in zip(axes, ("Data", "Components", "Projection", "Back-projection"), strict=True):
        name_axes(axis, title)
        axis.set(xlim=(-6.2, 6.2), xticks=(-5, 0, 5))
        if title != "Projection":
            axis.scatter(*data.T, s=9, color=BLUE, alpha=0.25 if title == "Back-projection" else 0.6, linewidths=0)
            axis.set_aspect("equal")
            axis.set(ylim=(-5, 5), yticks=(-4, 0, 4))
    for length, direction in zip(np.sqrt(both.explained_variance_), both.components_, strict=True):
        style = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2.5}
        axes[1].annotate("", xy=both.mean_ + 2 * length * direction, xytext=both.mean_, arrowprops=style)
    axes[2].scatter(*projected.T, s=9, color=GREEN, alpha=0.6, linewidths=0)
    axes[2].set(ylim=(-2, 2), yticks=[])
    axes[2].set_box_aspect(10 / 12.4)
    axes[2].set_xlabel("first component", fontsize=9)
    axes[3].scatter(*back.T, s=9, color=ORANGE, linewidths=0)
    return figure


def projection_section(study: Study) -> Section:
    """The first people on the first two components."""
    people = min(study.settings.projected, len(study.faces.names))
    pca = PCA(2, svd_solver="full").fit(study.pixels[study.train])
    shown = study.target < people
    points = pca.transform(study.pixels[shown])
    shares = pca.explained_variance_ratio_.tolist()
    text = paragraphs(f"""
        Two components of the training images hold {percent(sum(shares))} of the variance.
        A few people form groups of their own; the others overlap.
        The largest differences between images are light and pose, not identity.
    """)
    figure, (axis,) = canvas(7.4, 5)
    colours = np.array(person_colours(people))[study.target[shown]]
    axis.scatter(*points.T, c=colours, s=38, edgecolors="white", linewidths=0.5)
    people_legend(figure, study.faces.names[:people])
    name_axes(axis, f"The first {people} people on two components", "first component", "second component")
    picture = study.picture("projection", figure, "One point per image, one colour per person.", wide=False)
    numbers: Numbers = {
        "people": people,
        "explained_variance_ratio": shares,
        "points": points.round(3).tolist(),
        "targets": study.target[shown].tolist(),
    }
    return Section("Faces on two components", text, numbers, (), (picture,))


def components_section(study: Study) -> Section:
    """Explained variance and validation accuracy by the number of components."""
    numbers = {**_variance_numbers(study), **_validation_numbers(study)}
    pictures = (
        study.picture("variance", _variance_figure(numbers), "The variance that the components explain."),
        study.picture("components", _validation_figure(numbers), "Validation accuracy by the number of components."),
    )
    return Section("Number of components", _components_text(numbers), numbers, (), pictures)


def _variance_numbers(study: Study) -> Numbers:
    ratio = PCA(svd_solver="full").fit(study.pixels[study.train]).explained_variance_ratio_
    cumulative = np.cumsum(ratio)
    return {
        "explained_variance_ratio": ratio.tolist(),
        "cumulative": cumulative.tolist(),
        "needed": {f"{mark:.0%}": int(np.searchsorted(cumulative, mark) + 1) for mark in MARKS},
        "chosen": study.components,
        "chosen_variance": float(cumulative[study.components - 1]),
    }


def _validation_numbers(study: Study) -> Numbers:
    """Mean accuracy of an SVC over folds of the training images, and its standard error, by number of components."""
    tried = sorted({*(count for count in TRIED if count <= study.most_components), study.components})
    smallest = int(np.bincount(study.target[study.train]).min())
    folds = StratifiedKFold(min(FOLDS, smallest), shuffle=True, random_state=study.settings.seed)
    means: list[float] = []
    errors: list[float] = []
    for index, count in enumerate(tried):
        pipeline = eigenface_pipeline(SVC(), count)
        scores = cross_val_score(pipeline, study.coordinates[study.train], study.target[study.train], cv=folds)
        means.append(float(scores.mean()))
        errors.append(float(scores.std(ddof=1) / np.sqrt(len(scores))))
        study.done((index + 1) / len(tried))
    best = int(np.argmax(means))
    within = (count for count, mean in zip(tried, means, strict=True) if mean >= means[best] - errors[best])
    return {
        "tried": tried,
        "validation_accuracy": means,
        "standard_error": errors,
        "best": tried[best],
        "smallest_within_one_error": next(within),
        "chosen_accuracy": means[tried.index(study.components)],
    }


def _components_text(numbers: Numbers) -> tuple[str, ...]:
    n, best = numbers, numbers["tried"].index(numbers["best"])
    accuracy, error = n["validation_accuracy"][best], n["standard_error"][best]
    marks = ", ".join(f"{count} for {mark.replace('%', ' %')}" for mark, count in n["needed"].items())
    if n["chosen_accuracy"] >= accuracy - error:
        verdict = f"{n['chosen']} components are as good as the best number within one standard error."
    else:
        verdict = (
            f"{n['chosen']} components are worse than that: whitening gives the small, noisy components equal weight. "
            "They stay for comparison with the classic study; the search below can choose other numbers."
        )
    return paragraphs(f"""
        Components that explain a share of the variance of the training images: {marks}.
        The variance does not say which number recognises people best.
        A support vector machine is therefore cross-validated on the training images with each number.
        Every fold fits its own PCA.

        The study uses {n["chosen"]} whitened components: {percent(n["chosen_variance"])} of the variance.
        Their validation accuracy is {percent(n["chosen_accuracy"])}.
        The best number, {n["best"]}, reaches {percent(accuracy)} with a standard error of {percent(error)}.
        The smallest number within that error is {n["smallest_within_one_error"]}.
        {verdict}
    """)


def _variance_figure(numbers: Numbers) -> Figure:
    ratio, cumulative = numbers["explained_variance_ratio"], numbers["cumulative"]
    figure, (single, total) = canvas(10, 3.3, 2)
    for axis, shares in ((single, ratio), (total, cumulative)):
        axis.plot(range(1, len(ratio) + 1), shares, color=BLUE, linewidth=1.8)
    single.set(yscale="log", ylim=(min(ratio[:-1]) * 0.7, 1))
    name_axes(single, "Explained variance", "component", "share of the variance (logarithmic)")
    for mark, count in numbers["needed"].items():
        place = (count, cumulative[count - 1])
        total.plot([0, count, count], [place[1]] * 2 + [0], color=GREY, linewidth=0.9, linestyle="--")
        words = f"{mark.replace('%', ' %')}: {count}"
        total.annotate(words, place, (6, -12), textcoords="offset points", fontsize=9)
    total.set_xlim(0, len(cumulative))
    percent_axis(total, 0, 1.02)
    name_axes(total, "Cumulative", "components", "")
    return figure


def _validation_figure(numbers: Numbers) -> Figure:
    tried, chosen = numbers["tried"], numbers["chosen"]
    means, errors = np.array(numbers["validation_accuracy"]), np.array(numbers["standard_error"])
    figure, (axis,) = canvas(10, 3)
    low = float((means - errors).min())
    axis.fill_between(tried, means - errors, means + errors, color=BLUE, alpha=0.15, linewidth=0)
    axis.plot(tried, means, color=BLUE, marker="o", markersize=4, linewidth=1.8)
    axis.axvline(chosen, color=ORANGE, linewidth=1.4)
    axis.annotate(f"{chosen} chosen", (chosen, low), (6, 4), textcoords="offset points", color=ORANGE, fontsize=9)
    percent_axis(axis, max(0.0, low - 0.05), 1.0)
    name_axes(axis, "Validation accuracy (band: standard error over the folds)", "components", "")
    return figure


def eigenfaces_section(study: Study) -> Section:
    """The mean face, the eigenfaces, and one face rebuilt from growing numbers of eigenfaces."""
    train, shape = study.pixels[study.train], study.faces.shape
    pca = PCA(svd_solver="full").fit(train)
    count = study.eigenfaces
    shares = pca.explained_variance_ratio_[:count].tolist()
    probe = study.pixels[study.test[0]]
    steps = [n for n in (10, 30, 90, len(train) - 1) if n < len(train)]
    weights = pca.transform(probe[None])[0]
    rebuilt = [pca.mean_ + weights[:n] @ pca.components_[:n] for n in steps]
    errors = [float(np.sqrt(np.mean((probe - face) ** 2))) for face in rebuilt]
    numbers: Numbers = {
        "mean_face_brightness": float(pca.mean_.mean()),
        "explained_variance_ratio": shares,
        "reconstructed_image": int(study.test[0]),
        "reconstruction_components": steps,
        "reconstruction_rmse": errors,
    }
    mean = sheet(pca.mean_.reshape(1, *shape), [""], 1, size=5)
    # Late components hold less than a tenth of a percent.
    titles = [f"{number}: {percent(share, 1 if share > 0.01 else 2)}" for number, share in enumerate(shares, 1)]
    faces = sheet(minmax_scale(pca.components_[:count], axis=1).reshape(-1, *shape), titles, 10)
    names = [*(f"{n} components" for n in steps[:-1]), f"all {steps[-1]}", "the image"]
    series = sheet(np.stack([*rebuilt, probe]).reshape(-1, *shape), names, len(names), size=1.5)
    pictures = (
        study.picture("average", mean, "The mean face.", wide=False),
        study.picture(
            "eigenfaces",
            faces,
            f"The first {count} of {study.most_eigenfaces} eigenfaces, each with its share of the variance.",
        ),
        study.picture("reconstruction", series, "One held-out face, rebuilt from growing numbers of eigenfaces."),
    )
    headings = columns("components", number=("root mean squared error",))
    table = ReportTable("Reconstruction of a held-out face", headings, tuple(zip(steps, errors, strict=True)))
    return Section("Eigenfaces", _eigenfaces_text(numbers), numbers, (table,), pictures)


def _eigenfaces_text(numbers: Numbers) -> tuple[str, ...]:
    n, most, error = numbers, numbers["reconstruction_components"][-1], numbers["reconstruction_rmse"][-1]
    return paragraphs(f"""
        The mean face of the training images, and the directions in which the faces differ most from it.
        The first directions are light from the left or the right and the width of the head.
        Differences between people come after them.

        Image {n["reconstructed_image"]} is held out.
        All {most} components leave an error of {error:.3f}: no training image shows exactly this face.
    """)
