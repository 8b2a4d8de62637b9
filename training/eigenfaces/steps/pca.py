"""Steps 3 to 6: what PCA does, how many components it takes, and what they look like."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.drawing import BLUE, GREEN, GREY, ORANGE, canvas, name_axes, percent_axis, sheet
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, Section, Table, percent

MARKS = (0.90, 0.95, 0.99)


def toy_section(study: Study) -> Section:
    """PCA on two dimensions: data, components, projection, back-projection."""
    random = np.random.default_rng(study.settings.seed)
    data = random.normal(size=(200, 2)) @ np.array([[1.6, 0.7], [0.0, 0.5]])
    both, one = PCA(2).fit(data), PCA(1).fit(data)
    projected = one.transform(data)
    back = one.inverse_transform(projected)
    figure, axes = canvas(11, 3.1, 1, 4)
    for axis, title in zip(axes[0], ("Data", "Components", "Projection", "Back-projection"), strict=True):
        name_axes(axis, title)
        if title != "Projection":
            axis.scatter(*data.T, s=9, color=BLUE, alpha=0.25 if title == "Back-projection" else 0.6, linewidths=0)
            axis.set_aspect("equal")
            axis.set_xlim(-5.2, 5.2)
            axis.set_ylim(-4.2, 4.2)
    for length, direction in zip(np.sqrt(both.explained_variance_), both.components_, strict=True):
        style = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2}
        axes[0, 1].annotate("", xy=both.mean_ + 2 * length * direction, xytext=both.mean_, arrowprops=style)
    axes[0, 2].scatter(projected[:, 0], random.uniform(-0.4, 0.4, 200), s=9, color=GREEN, alpha=0.6, linewidths=0)
    axes[0, 2].set_ylim(-2, 2)
    axes[0, 2].set_xlim(-5.2, 5.2)
    axes[0, 2].set_box_aspect(8.4 / 10.4)
    axes[0, 2].set_yticks([])
    axes[0, 2].set_xlabel("first component", fontsize=9)
    axes[0, 3].scatter(*back.T, s=9, color=ORANGE, linewidths=0)
    share = [float(value) for value in both.explained_variance_ratio_]
    error = float(np.mean((data - back) ** 2))
    numbers = {"explained_variance_ratio": share, "back_projection_mse": error, "points": len(data)}
    text = (
        f"PCA turns the axes so that the first lies along the largest spread. Of these {len(data)} points it keeps "
        f"{percent(share[0])} of the variance in one number instead of two; going back, every point lands on a line, "
        f"and a mean squared error of {error:.3f} is lost. A face is the same with thousands of axes instead of two.",
    )
    picture = study.picture("toy", figure, "From two numbers a point to one, and back.")
    return Section("PCA on a toy", text, numbers, (), (picture,))


def projection_section(study: Study) -> Section:
    """The first people on the first two components."""
    people = min(study.settings.projected, len(study.faces.names))
    pca = PCA(2, svd_solver="full").fit(study.pixels[study.train])
    shown = study.target < people
    points = pca.transform(study.pixels[shown])
    figure, axes = canvas(7.4, 5)
    axis = axes[0, 0]
    cloud = axis.scatter(
        *points.T,
        c=study.target[shown],
        cmap="tab10" if people <= 10 else "turbo",
        s=38,
        edgecolors="white",
        linewidths=0.5,
    )
    axis.legend(*cloud.legend_elements(num=None), title="person", fontsize=8, frameon=False, bbox_to_anchor=(1, 1))
    name_axes(axis, f"The first {people} people on two components", "first component", "second component")
    share = [float(value) for value in pca.explained_variance_ratio_]
    numbers = {
        "people": people,
        "explained_variance_ratio": share,
        "points": [[round(float(x), 3), round(float(y), 3)] for x, y in points],
        "targets": study.target[shown].tolist(),
    }
    text = (
        f"Two components, learnt on the training part, hold {percent(sum(share))} of the variance. Some people "
        "already "
        "keep to themselves; others lie on top of each other, because the largest differences between images "
        "are light "
        "and pose, not who it is.",
    )
    picture = study.picture("projection", figure, "Each point is an image, each colour a person.", wide=False)
    return Section("Faces on two components", text, numbers, (), (picture,))


def components_section(study: Study) -> Section:
    """Explained variance, and validation accuracy, against the number of components."""
    pca = PCA(svd_solver="full").fit(study.pixels[study.train])
    ratio = pca.explained_variance_ratio_
    cumulative = np.cumsum(ratio)
    needed = {f"{mark:.0%}": int(np.searchsorted(cumulative, mark) + 1) for mark in MARKS}
    tried = sorted(
        {n for n in (5, 10, 20, 30, 40, 50, 60, 75, 90, 110, 130, 150, 175, 200) if n <= study.most_components}
    )
    tried = sorted({*tried, study.components})
    folds = StratifiedKFold(_possible_folds(study), shuffle=True, random_state=study.settings.seed)
    means: list[float] = []
    errors: list[float] = []
    for index, count in enumerate(tried):
        pipeline = eigenface_pipeline(SVC(), count)
        scores = cross_val_score(pipeline, study.coordinates[study.train], study.target[study.train], cv=folds)
        means.append(float(scores.mean()))
        errors.append(float(scores.std(ddof=1) / np.sqrt(len(scores))))
        study.done((index + 1) / len(tried))
    best = int(np.argmax(means))
    ours = tried.index(study.components)
    smallest = next(n for n, mean in zip(tried, means, strict=True) if mean >= means[best] - errors[best])
    numbers: Numbers = {
        "explained_variance_ratio": [float(value) for value in ratio],
        "cumulative": [float(value) for value in cumulative],
        "needed": needed,
        "tried": tried,
        "validation_accuracy": means,
        "standard_error": errors,
        "best": tried[best],
        "smallest_within_one_error": smallest,
        "chosen": study.components,
        "chosen_variance": float(cumulative[study.components - 1]),
        "chosen_accuracy": means[ours],
    }
    marks = ", ".join(f"{count} for {mark.replace('%', ' %')}" for mark, count in needed.items())
    text = (
        f"Components needed on the training part: {marks} of the variance. Variance alone does not say how many "
        "recognise best, so a support vector machine is cross-validated on the training part with each number, "
        "the PCA fitted anew inside every fold.",
        f"Chosen: {study.components}, whitened. They hold {percent(numbers['chosen_variance'])} of the "
        "variance and validate "
        f"at {percent(means[ours])}; the best number tried, {tried[best]}, gives {percent(means[best])} with a "
        "standard "
        f"error of {percent(errors[best])}, and the fewest within that error are {smallest}. "
        + _verdict(study.components, means[ours] >= means[best] - errors[best]),
    )
    pictures = (
        study.picture("variance", _variance_figure(ratio, cumulative, needed), "What the components hold."),
        study.picture(
            "components", _validation_figure(tried, means, errors, study.components), "What they are good for."
        ),
    )
    return Section("How many components", text, numbers, (), pictures)


def _possible_folds(study: Study) -> int:
    return min(FOLDS, int(np.bincount(study.target[study.train]).min()))


def _verdict(components: int, within: bool) -> str:
    if within:
        return f"{components} are as good as the best within the error, so there is no reason to leave them."
    return (
        f"{components} are below that: whitening blows the small late components up to the size of the early ones. "
        "They stay for comparison with the classic study; the search below is free to do better."
    )


def _variance_figure(ratio: NDArray[Any], cumulative: NDArray[Any], needed: dict[str, int]) -> Any:
    figure, axes = canvas(10, 3.3, 1, 2)
    axes[0, 0].plot(range(1, len(ratio) + 1), ratio, color=BLUE, linewidth=1.8)
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylim(ratio[:-1].min() * 0.7, 1)
    name_axes(axes[0, 0], "Explained variance", "component", "share of the variance")
    axis = axes[0, 1]
    axis.plot(range(1, len(cumulative) + 1), cumulative, color=BLUE, linewidth=1.8)
    for mark, count in needed.items():
        axis.plot([0, count, count], [cumulative[count - 1]] * 2 + [0], color=GREY, linewidth=0.9, linestyle="--")
        axis.annotate(
            f"{mark.replace('%', ' %')}: {count}",
            (count, cumulative[count - 1]),
            (6, -12),
            textcoords="offset points",
            fontsize=9,
        )
    axis.set_xlim(0, len(cumulative))
    percent_axis(axis, 0, 1.02)
    name_axes(axis, "Cumulative", "components", "")
    return figure


def _validation_figure(tried: list[int], means: list[float], errors: list[float], chosen: int) -> Any:
    figure, axes = canvas(10, 3)
    axis = axes[0, 0]
    low = np.array(means) - errors
    axis.fill_between(tried, low, np.array(means) + errors, color=BLUE, alpha=0.15, linewidth=0)
    axis.plot(tried, means, color=BLUE, marker="o", markersize=4, linewidth=1.8)
    axis.axvline(chosen, color=ORANGE, linewidth=1.4)
    axis.annotate(
        f"{chosen} chosen", (chosen, float(low.min())), (6, 4), textcoords="offset points", color=ORANGE, fontsize=9
    )
    percent_axis(axis, max(0.0, float(low.min()) - 0.05), 1.0)
    name_axes(axis, "Validation accuracy (band: standard error over the folds)", "components", "")
    return figure


def eigenfaces_section(study: Study) -> Section:
    """The average face, the eigenfaces, and a face put together from some of them."""
    train = study.pixels[study.train]
    shape = study.faces.shape
    pca = PCA(svd_solver="full").fit(train)
    count = min(30, len(pca.components_) - 1)
    faces = pca.components_[:count].reshape(-1, *shape)
    probe = study.pixels[study.test[0]]
    steps = [n for n in (10, 30, 90, len(train) - 1) if n < len(train)]
    weights = pca.transform(probe[None])[0]
    rebuilt = [pca.mean_ + weights[:n] @ pca.components_[:n] for n in steps]
    errors = [float(np.sqrt(np.mean((probe - face) ** 2))) for face in rebuilt]
    average = sheet(pca.mean_.reshape(1, *shape), [""], 1, size=1.8)
    titles = [
        f"{index + 1}: {ratio:.1%}".replace("%", " %")
        for index, ratio in enumerate(pca.explained_variance_ratio_[:count])
    ]
    names = [*(f"{n} components" for n in steps[:-1]), f"all {steps[-1]}", "the image"]
    series = np.stack([*rebuilt, probe]).reshape(-1, *shape)
    numbers = {
        "mean_face_brightness": float(pca.mean_.mean()),
        "explained_variance_ratio": [float(value) for value in pca.explained_variance_ratio_[:count]],
        "reconstructed_image": int(study.test[0]),
        "reconstruction_components": steps,
        "reconstruction_rmse": errors,
    }
    table = Table(
        "Reconstruction of a face that the PCA has never seen",
        (("components", "text"), ("root mean squared error", "number")),
        tuple((n, error) for n, error in zip(steps, errors, strict=True)),
    )
    text = (
        "The average face of the training part, and the directions in which faces differ most from it. The "
        "first ones "
        "are light from the left or the right and the width of the head; people only come after.",
        f"Image {study.test[0]} is from the hold-out: even all {steps[-1]} components leave an error of "
        f"{errors[-1]:.3f}, "
        "because no training image shows quite this face.",
    )
    pictures = (
        study.picture("average", average, "The average face.", wide=False),
        study.picture(
            "eigenfaces", sheet(faces, titles, 10, same_scale=False), "Eigenfaces with their share of the variance."
        ),
        study.picture(
            "reconstruction", sheet(series, names, len(names), size=1.5), "A face from ever more eigenfaces."
        ),
    )
    return Section("Eigenfaces", text, numbers, (table,), pictures)
