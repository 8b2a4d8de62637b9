"""Steps 1 and 2: the faces, and the split into training images and hold-out."""

import numpy as np
from matplotlib.figure import Figure

from training.eigenfaces.context import Study
from training.eigenfaces.drawing import BLUE, ORANGE, canvas, name_axes, person_labels, sheet
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.report import percent


def faces_section(study: Study) -> Section:
    """Shapes, pixel range, one image of each person, all images of the chosen people."""
    n = _faces_numbers(study)
    count, counts = n["images"], n["images_per_person"]
    rows = (
        ("images", f"({count}, {n['height']}, {n['width']})", f"{n['pixel_min']:.3f} to {n['pixel_max']:.3f}"),
        ("data", f"({count}, {n['features']})", f"mean {n['pixel_mean']:.3f}"),
        ("target", f"({count},)", f"0 to {n['people'] - 1}"),
    )
    table = ReportTable("The arrays", columns("array", "shape", "range"), rows)
    caption = "All images of the chosen people: poses, expressions, glasses, light."
    pictures = (
        study.picture("people", _one_of_each(study), "One image of each person."),
        study.picture("subjects", _all_of_some(study), caption),
    )
    each = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    text = paragraphs(f"""
        {count} grey images of {n["people"]} people, {each} of each, {n["width"]} x {n["height"]} pixels.
        Each image has {n["features"]} features, from {n["pixel_min"]:.2f} to {n["pixel_max"]:.2f}.
        Source: {n["source"]}.
    """)
    return Section("The faces", text, n, (table,), pictures)


def _faces_numbers(study: Study) -> Numbers:
    faces, (height, width) = study.faces, study.faces.shape
    return {
        "source": faces.source,
        "images": len(faces.images),
        "people": len(faces.names),
        "height": height,
        "width": width,
        "features": height * width,
        "pixel_min": float(faces.images.min()),
        "pixel_max": float(faces.images.max()),
        "pixel_mean": float(faces.images.mean()),
        "images_per_person": np.bincount(faces.target).tolist(),
        "names": list(faces.names),
        "subjects": list(study.subjects),
    }


def _one_of_each(study: Study) -> Figure:
    faces, people = study.faces, len(study.faces.names)
    first = [int(np.flatnonzero(faces.target == person)[0]) for person in range(people)]
    return sheet(faces.images[first], person_labels(faces.names, 16, lines=2), min(10, people))


def _all_of_some(study: Study) -> Figure:
    faces, people = study.faces, study.subjects
    count = max(int((faces.target == person).sum()) for person in people)
    blank = np.ones((count, *faces.shape), np.float32)
    rows = [np.concatenate([faces.images[faces.target == person], blank])[:count] for person in people]
    named = person_labels(faces.names, 16, lines=3)
    names = [named[person] for person in people]
    return sheet(np.concatenate(rows), [""] * (count * len(rows)), count, row_names=names)


def split_section(study: Study) -> Section:
    """The stratified 70/30 split, and the number of images per person in both parts."""
    people = len(study.faces.names)
    numbers = {
        "seed": study.settings.seed,
        "train": len(study.train),
        "test": len(study.test),
        "train_per_person": np.bincount(study.target[study.train], minlength=people).tolist(),
        "test_per_person": np.bincount(study.target[study.test], minlength=people).tolist(),
        "test_indices": sorted(study.test.tolist()),
    }
    share = percent(len(study.test) / len(study.target))
    text = paragraphs(f"""
        {numbers["train"]} images are for training and {numbers["test"]} ({share}) are held out.
        The split is drawn with seed {numbers["seed"]} and stratified: the share is equal for every person.
        Every choice below is made on the training images; the hold-out gives the final score only.
    """)
    picture = study.picture("split", _split_figure(numbers), "Images per person.")
    return Section("The split", text, numbers, (), (picture,))


def _split_figure(numbers: Numbers) -> Figure:
    train, test = numbers["train_per_person"], numbers["test_per_person"]
    people = range(len(train))
    figure, (axis,) = canvas(10, 2.8)
    axis.bar(people, train, color=BLUE, width=0.8, label="training")
    axis.bar(people, test, bottom=train, color=ORANGE, width=0.8, label="hold-out")
    axis.grid(visible=False, axis="x")
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.set_xlim(-0.8, len(train) - 0.2)
    axis.legend(fontsize=9, frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    name_axes(axis, "Images per person", "person", "images")
    return figure
