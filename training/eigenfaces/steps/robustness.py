"""Robustness: worse images than learnt from, and fewer of them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from training.eigenfaces.context import Study
from training.eigenfaces.deep import embeddings_of, study_embeddings
from training.eigenfaces.drawing import SERIES, canvas, name_axes, percent_axis, sheet
from training.eigenfaces.features import SIDE, moved
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.best import CopyFolds, best_folds, candidates, fitted_best

LEVELS: dict[str, tuple[float, ...]] = {
    "noise": (0.0, 0.05, 0.1, 0.2),
    "blur": (0.0, 1.0, 2.0, 3.0),
    "shift": (0.0, 2.0, 4.0, 6.0),
}
"""Standard deviation of noise (of 1); of the blur, and shift, in pixels of a face 64 wide."""

PER_PERSON = (1, 2, 3, 4, 5)
REPEATS = 5
NAMES = ("Eigenfaces + SVC", "Best classical pipeline", "Deep embedding + 1-NN")

Images = NDArray[np.float32]


def disturbed(images: Images, kind: str, level: float, seed: int) -> Images:
    """Images made worse.

    Args:
        images: float32 (n, height, width), 0 to 1.
        kind: "noise", "blur" or "shift".
        level: see `LEVELS`; 0 changes nothing.
        seed: of the noise.
    """
    if level == 0:
        return images
    pixels = level * images.shape[2] / SIDE
    if kind == "noise":
        noise = np.random.default_rng(seed).normal(0, level, images.shape)
        return np.clip(images + noise, 0, 1).astype(np.float32)
    if kind == "blur":
        return np.stack([cv2.GaussianBlur(image, (0, 0), pixels, borderType=cv2.BORDER_REPLICATE) for image in images])
    by = round(pixels)
    ways = ((by, 0), (-by, 0), (0, by), (0, -by))
    return np.concatenate([moved(images[index : index + 1], *ways[index % 4]) for index in range(len(images))])


def robustness_section(study: Study) -> Section:
    """Accuracy against noise, blur, shift, and one to five training images a person."""
    worse = _against_disturbance(study)
    fewer = _against_few_images(study)
    figure, axes = canvas(11, 3.2, 1, 4, sharey=True)
    labels = {"noise": "standard deviation", "blur": "sigma in pixels", "shift": "pixels"}
    for axis, kind in zip(axes[0], LEVELS, strict=False):
        for name, colour in zip(NAMES, SERIES, strict=False):
            axis.plot(LEVELS[kind], worse[kind][name], color=colour, marker="o", markersize=4, label=name)
        name_axes(axis, kind.capitalize(), labels[kind], "hold-out accuracy" if kind == "noise" else "")
    for name, colour in zip(NAMES, SERIES, strict=False):
        means, deviations = fewer[name]["mean"], fewer[name]["deviation"]
        axes[0, 3].errorbar(
            PER_PERSON[: len(means)], means, deviations, color=colour, marker="o", markersize=4, capsize=2
        )
    name_axes(axes[0, 3], "Few images", "training images a person")
    percent_axis(axes[0, 0], 0, 1.03)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9, frameon=False
    )
    tables = (_disturbance_table(worse), _few_table(fewer))
    one = {name: fewer[name]["mean"][0] for name in NAMES}
    last = {kind: [percent(worse[kind][name][-1]) for name in NAMES] for kind in LEVELS}
    text = (
        "The models have learnt from clean images; only the held-out ones are made worse. Blur and shift are "
        "in pixels "
        f"of a face 64 wide. Under a blur of sigma {LEVELS['blur'][-1]:g}, eigenfaces keep {last['blur'][0]}, "
        "the best "
        f"classical pipeline {last['blur'][1]} and the deep embedding {last['blur'][2]}; moved by "
        f"{LEVELS['shift'][-1]:g} pixels, {last['shift'][0]}, {last['shift'][1]} and {last['shift'][2]}: the deep "
        "embedding finds and aligns the face first.",
        f"Noise of {LEVELS['noise'][-1]:g} turns the order around: {last['noise'][0]}, {last['noise'][1]} and "
        f"{last['noise'][2]}. Eigenfaces average noise away over thousands of pixels; gradients and binary "
        "patterns look "
        "at neighbours, where the noise is."
        if worse["noise"][NAMES[0]][-1] > max(worse["noise"][NAMES[1]][-1], worse["noise"][NAMES[2]][-1])
        else f"Noise of {LEVELS['noise'][-1]:g} leaves {last['noise'][0]}, {last['noise'][1]} and {last['noise'][2]}.",
        f"With one image a person to learn from ({REPEATS} random choices) eigenfaces reach "
        f"{percent(one[NAMES[0]])}, "
        f"the best classical pipeline {percent(one[NAMES[1]])}, the deep embedding {percent(one[NAMES[2]])}.",
    )
    numbers = {
        "levels": {kind: list(levels) for kind, levels in LEVELS.items()},
        "disturbed": worse,
        "few_images": fewer,
        "repeats": REPEATS,
    }
    pictures = (
        study.picture(
            "robustness", figure, "Accuracy on worse images, and from fewer; bars: deviation over the random choices."
        ),
        study.picture("disturbed", _examples(study), "One held-out face under every disturbance."),
    )
    return Section("Robustness", text, numbers, tables, pictures)


def _against_disturbance(study: Study) -> dict[str, dict[str, list[float]]]:
    test, target = study.test, study.target
    train_pixels = study.pixels[study.train]
    classic = eigenface_pipeline(SVC(), study.components).fit(train_pixels, target[study.train])
    best: Pipeline = study.once(fitted_best)
    nearest = KNeighborsClassifier(1, metric="cosine").fit(
        study.once(study_embeddings)[study.train], target[study.train]
    )
    found: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in NAMES} for kind in LEVELS}
    for index, (kind, levels) in enumerate(LEVELS.items()):
        for level in levels:
            images = disturbed(study.faces.images[test], kind, level, study.settings.seed)
            pixels = images.reshape(len(images), -1).astype(np.float64)
            deep = study.once(study_embeddings)[test] if level == 0 else embeddings_of(images)
            for name, model, probes in zip(NAMES, (classic, best, nearest), (pixels, pixels, deep), strict=True):
                found[kind][name].append(float(model.score(probes, target[test])))
        study.done(0.6 * (index + 1) / len(LEVELS))
    return found


def _against_few_images(study: Study) -> dict[str, dict[str, list[float]]]:
    target, test = study.target, study.test
    deep = study.once(study_embeddings)
    random = np.random.default_rng(study.settings.seed)
    most = int(np.bincount(target[study.train]).min())
    best = _few_image_folds(study)
    found: dict[str, dict[str, list[float]]] = {name: {"mean": [], "deviation": []} for name in NAMES}
    counts = [count for count in PER_PERSON if count <= most]
    for index, count in enumerate(counts):
        scores: dict[str, list[float]] = {name: [] for name in NAMES}
        for _ in range(REPEATS):
            chosen = _few(study, count, random)
            components = min(study.components, len(chosen) - 1)
            models: tuple[tuple[Any, Any], ...] = (
                (eigenface_pipeline(SVC(), components), study.coordinates),
                (KNeighborsClassifier(1, metric="cosine"), deep),
            )
            for name, (model, data) in zip((NAMES[0], NAMES[2]), models, strict=True):
                scores[name].append(float(model.fit(data[chosen], target[chosen]).score(data[test], target[test])))
            scores[NAMES[1]].append(best.accuracy(chosen, test))
        for name in NAMES:
            found[name]["mean"].append(float(np.mean(scores[name])))
            found[name]["deviation"].append(float(np.std(scores[name])))
        study.done(0.6 + 0.4 * (index + 1) / len(counts))
    return found


def _few_image_folds(study: Study) -> CopyFolds:
    best = study.once(candidates)[0]
    if best.copies != "as they are":
        return study.once(best_folds)
    # From one image LDA cannot see how a person differs from day to day; the mirror image is the least it needs.
    mirrored = best.pipeline(study.faces.shape).set_params(features__copies="mirrored")
    return CopyFolds(study.pixels, study.target, mirrored)


def _few(study: Study, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    known = study.train
    people = range(len(study.faces.names))
    return np.concatenate(
        [random.choice(known[study.target[known] == person], count, replace=False) for person in people]
    )


def _disturbance_table(worse: dict[str, dict[str, list[float]]]) -> Table:
    columns = (("disturbance", "text"), ("level", "text"), *((name, "percent") for name in NAMES))
    rows = tuple(
        (kind, level, *(worse[kind][name][index] for name in NAMES))
        for kind, levels in LEVELS.items()
        for index, level in enumerate(levels)
    )
    return Table("Hold-out accuracy on disturbed images", columns, rows, folded=True)


def _few_table(fewer: dict[str, dict[str, list[float]]]) -> Table:
    columns = (("images a person", "text"), *((name, "percent") for name in NAMES))
    rows = tuple(
        (PER_PERSON[index], *(fewer[name]["mean"][index] for name in NAMES))
        for index in range(len(fewer[NAMES[0]]["mean"]))
    )
    return Table(f"Hold-out accuracy, mean over {REPEATS} random choices", columns, rows)


def _examples(study: Study) -> Any:
    face = study.faces.images[study.test[:1]]
    shown = [
        disturbed(face, kind, level, study.settings.seed)[0] for kind, levels in LEVELS.items() for level in levels[1:]
    ]
    titles = [f"{kind} {level:g}" for kind, levels in LEVELS.items() for level in levels[1:]]
    return sheet(np.stack([face[0], *shown]), ["clean", *titles], len(shown) + 1, size=1.05)
