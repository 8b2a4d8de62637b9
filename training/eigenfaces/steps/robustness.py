"""Robustness: test images with noise, blur or shift, and few training images."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from training.eigenfaces.context import Study
from training.eigenfaces.deep import embeddings_of, study_embeddings
from training.eigenfaces.drawing import SERIES, canvas, name_axes, percent_axis, sheet
from training.eigenfaces.features import SIDE, moved
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.best import CopyFolds, best_folds, configurations, fitted_best
from training.report import percent

LEVELS: dict[str, tuple[float, ...]] = {
    "noise": (0.0, 0.05, 0.1, 0.2),
    "blur": (0.0, 1.0, 2.0, 3.0),
    "shift": (0.0, 2.0, 4.0, 6.0),
}
"""Noise: standard deviation, as a share of white. Blur: sigma in pixels. Shift: pixels. Faces are 64 pixels wide."""

PER_PERSON = (1, 2, 3, 4, 5)
"""Numbers of training images per person."""

REPEATS = 5
"""Random choices of the training images."""

NAMES = ("Eigenfaces + SVC", "Best classical pipeline", "Deep embedding + 1-NN")

Images = NDArray[np.float32]
Accuracies = dict[str, dict[str, list[float]]]


def disturb(images: Images, kind: str, level: float, seed: int) -> Images:
    """Images float32 (n, height, width), 0 to 1, with one of the disturbances of `LEVELS`; level 0 changes nothing."""
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
    """Accuracy against noise, blur, shift, and one to five training images per person."""
    numbers: Numbers = {
        "levels": {kind: list(levels) for kind, levels in LEVELS.items()},
        "disturbed": _against_disturbance(study),
        "few_images": _against_few_images(study),
        "repeats": REPEATS,
    }
    caption = "Accuracy on disturbed images and with few training images; bars: standard deviation over the choices."
    pictures = (
        study.picture("robustness", _figure(numbers), caption),
        study.picture("disturbed", _examples(study), "One held-out face under every disturbance."),
    )
    tables = (_disturbance_table(numbers["disturbed"]), _few_table(numbers["few_images"]))
    return Section("Robustness", _text(numbers), numbers, tables, pictures)


def _text(numbers: Numbers) -> tuple[str, ...]:
    disturbed, few = numbers["disturbed"], numbers["few_images"]
    strongest = {kind: LEVELS[kind][-1] for kind in LEVELS}
    blurred, shifted, noisy = (
        _in_words([disturbed[kind][name][-1] for name in NAMES]) for kind in ("blur", "shift", "noise")
    )
    single = _in_words([few[name]["mean"][0] for name in NAMES])
    classic, best, deep = (disturbed["noise"][name][-1] for name in NAMES)
    why = """
        Eigenfaces are the best of the three under noise: they average it over thousands of pixels.
        Gradients and binary patterns compare neighbouring pixels, where the noise is strongest."""
    return paragraphs(f"""
        The models are trained on clean images; only the held-out images are disturbed.
        Blur and shift are in pixels of a face 64 pixels wide.
        Accuracies under a blur of sigma {strongest["blur"]:g}: {blurred}.
        Accuracies after a shift of {strongest["shift"]:g} pixels: {shifted}.
        The deep embedding first detects and aligns the face, which can undo a shift.

        Accuracies with noise of {strongest["noise"]:g}: {noisy}.{why if classic > max(best, deep) else ""}

        Mean accuracies over {REPEATS} random choices of 1 training image per person: {single}.
    """)


def _in_words(accuracies: list[float]) -> str:
    classic, best, deep = map(percent, accuracies)
    return f"eigenfaces {classic}, the best classical pipeline {best}, the deep embedding {deep}"


def _figure(numbers: Numbers) -> Figure:
    disturbed, few = numbers["disturbed"], numbers["few_images"]
    figure, axes = canvas(11, 3.2, 4, sharey=True)
    labels = {"noise": "standard deviation", "blur": "sigma in pixels", "shift": "pixels"}
    for name, colour in zip(NAMES, SERIES, strict=False):
        style = {"color": colour, "marker": "o", "markersize": 4}
        for axis, kind in zip(axes, LEVELS, strict=False):
            axis.plot(LEVELS[kind], disturbed[kind][name], label=name, **style)
        means, deviations = few[name]["mean"], few[name]["deviation"]
        axes[3].errorbar(PER_PERSON[: len(means)], means, deviations, capsize=2, **style)
    for axis, kind in zip(axes, LEVELS, strict=False):
        name_axes(axis, kind.capitalize(), labels[kind], "hold-out accuracy" if kind == "noise" else "")
    name_axes(axes[3], "Few images", "training images per person")
    percent_axis(axes[0], 0, 1.03)
    legend = axes[0].get_legend_handles_labels()
    figure.legend(*legend, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _against_disturbance(study: Study) -> Accuracies:
    test, target, embeddings = study.test, study.target, study.once(study_embeddings)
    classic = study.fitted(eigenface_pipeline(SVC(), study.components))
    nearest = KNeighborsClassifier(1, metric="cosine").fit(embeddings[study.train], target[study.train])
    models = (classic, study.once(fitted_best), nearest)
    found: Accuracies = {kind: {name: [] for name in NAMES} for kind in LEVELS}
    for index, (kind, levels) in enumerate(LEVELS.items()):
        for level in levels:
            images = disturb(study.faces.images[test], kind, level, study.settings.seed)
            pixels = images.reshape(len(images), -1).astype(np.float64)
            deep = embeddings[test] if level == 0 else embeddings_of(images)
            for name, model, probes in zip(NAMES, models, (pixels, pixels, deep), strict=True):
                found[kind][name].append(float(model.score(probes, target[test])))
        study.done(0.6 * (index + 1) / len(LEVELS))
    return found


def _against_few_images(study: Study) -> Accuracies:
    target, test, known = study.target, study.test, study.train
    random = np.random.default_rng(study.settings.seed)
    best, deep = _few_image_folds(study), study.once(study_embeddings)
    counts = [count for count in PER_PERSON if count <= int(np.bincount(target[known]).min())]
    people = [known[target[known] == person] for person in range(len(study.faces.names))]
    found: Accuracies = {name: {"mean": [], "deviation": []} for name in NAMES}
    for index, count in enumerate(counts):
        scores = []
        for _ in range(REPEATS):
            chosen = np.concatenate([random.choice(images, count, replace=False) for images in people])
            classic = eigenface_pipeline(SVC(), min(study.components, len(chosen) - 1))
            nearest = KNeighborsClassifier(1, metric="cosine")
            first, last = (
                float(model.fit(data[chosen], target[chosen]).score(data[test], target[test]))
                for model, data in ((classic, study.coordinates), (nearest, deep))
            )
            scores.append((first, best.accuracy(chosen, test), last))
        for name, each in zip(NAMES, zip(*scores, strict=True), strict=True):
            found[name]["mean"].append(float(np.mean(each)))
            found[name]["deviation"].append(float(np.std(each)))
        study.done(0.6 + 0.4 * (index + 1) / len(counts))
    return found


def _few_image_folds(study: Study) -> CopyFolds:
    best = study.once(configurations)[0]
    if best.copies != "as they are":
        return study.once(best_folds)
    # With one image per person LDA has no variance within a person to learn from; the mirror image adds a second one.
    mirrored = best.pipeline(study.faces.shape).set_params(features__copies="mirrored")
    return CopyFolds(study.pixels, study.target, mirrored)


def _disturbance_table(disturbed: Accuracies) -> ReportTable:
    rows = tuple(
        (kind, level, *(disturbed[kind][name][index] for name in NAMES))
        for kind, levels in LEVELS.items()
        for index, level in enumerate(levels)
    )
    headings = columns("disturbance", "level", percent=NAMES)
    return ReportTable("Hold-out accuracy on disturbed images", headings, rows, folded=True)


def _few_table(few: Accuracies) -> ReportTable:
    rows = tuple(zip(PER_PERSON, *(few[name]["mean"] for name in NAMES), strict=False))
    headings = columns("images per person", percent=NAMES)
    return ReportTable(f"Hold-out accuracy, mean over {REPEATS} random choices", headings, rows)


def _examples(study: Study) -> Figure:
    face = study.faces.images[study.test[:1]]
    shown = [(kind, level) for kind, levels in LEVELS.items() for level in levels[1:]]
    images = [face, *(disturb(face, kind, level, study.settings.seed) for kind, level in shown)]
    titles = ["clean", *(f"{kind} {level:g}" for kind, level in shown)]
    return sheet(np.concatenate(images), titles, len(titles), size=1.05)
