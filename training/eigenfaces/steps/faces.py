"""Steps 1 and 2: the faces, and how they are divided."""

import numpy as np

from training.eigenfaces.context import Study
from training.eigenfaces.drawing import BLUE, ORANGE, canvas, name_axes, sheet
from training.eigenfaces.section import Section, Table, percent
from training.report import label


def faces_section(study: Study) -> Section:
    """Shapes, pixel range, one image of each person, all images of the chosen ones."""
    faces = study.faces
    images, target = faces.images, faces.target
    counts = np.bincount(target)
    height, width = faces.shape
    numbers = {
        "source": faces.source,
        "images": len(images),
        "people": len(faces.names),
        "height": height,
        "width": width,
        "features": height * width,
        "pixel_min": float(images.min()),
        "pixel_max": float(images.max()),
        "pixel_mean": float(images.mean()),
        "images_per_person": counts.tolist(),
        "names": list(faces.names),
        "subjects": list(study.subjects),
    }
    first = [int(np.flatnonzero(target == person)[0]) for person in range(len(faces.names))]
    everyone = sheet(images[first], [label(name, 16) for name in faces.names], min(10, len(first)))
    columns = int(counts[list(study.subjects)].max())
    height_width = images.shape[1:]
    blank = np.ones((columns, *height_width), np.float32)
    rows = [np.concatenate([images[target == person], blank])[:columns] for person in study.subjects]
    chosen = sheet(
        np.concatenate(rows),
        [""] * (columns * len(rows)),
        columns,
        row_names=[label(faces.names[person], 16) for person in study.subjects],
    )
    share = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    text = (
        f"{len(images)} grey images of {len(faces.names)} people, {share} of each, {width} x {height} pixels: "
        f"{height * width} features a face, from {images.min():.2f} to {images.max():.2f}. Source: {faces.source}.",
    )
    table = Table(
        "The arrays",
        (("array", "text"), ("shape", "text"), ("range", "text")),
        (
            ("images", f"({len(images)}, {height}, {width})", f"{images.min():.3f} to {images.max():.3f}"),
            ("data", f"({len(images)}, {height * width})", f"mean {images.mean():.3f}"),
            ("target", f"({len(images)},)", f"0 to {len(faces.names) - 1}"),
        ),
    )
    pictures = (
        study.picture("people", everyone, "One image of each person."),
        study.picture("subjects", chosen, "All images of the chosen people: poses, expressions, glasses, light."),
    )
    return Section("The faces", text, numbers, (table,), pictures)


def split_section(study: Study) -> Section:
    """The stratified 70/30 split and its images a person."""
    people = len(study.faces.names)
    known = np.bincount(study.target[study.train], minlength=people)
    held = np.bincount(study.target[study.test], minlength=people)
    figure, axes = canvas(10, 2.8)
    axis = axes[0, 0]
    axis.bar(range(people), known, color=BLUE, width=0.8, label="training part")
    axis.bar(range(people), held, bottom=known, color=ORANGE, width=0.8, label="hold-out")
    axis.grid(visible=False, axis="x")
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.set_xlim(-0.8, people - 0.2)
    axis.legend(fontsize=9, frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    name_axes(axis, "Images a person", "person", "images")
    share = len(study.test) / len(study.target)
    text = (
        f"{len(study.train)} images to learn from and {len(study.test)} held out ({percent(share)}), drawn with seed "
        f"{study.settings.seed} and stratified: every person keeps the same share. Whatever is chosen below, "
        "is chosen "
        "on the training part; the hold-out only gives the final score.",
    )
    numbers = {
        "seed": study.settings.seed,
        "train": len(study.train),
        "test": len(study.test),
        "train_per_person": known.tolist(),
        "test_per_person": held.tolist(),
        "test_indices": sorted(study.test.tolist()),
    }
    return Section("The split", text, numbers, (), (study.picture("split", figure, "Samples per class."),))
