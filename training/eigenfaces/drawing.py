"""The style of the study's figures, and the figures that several steps draw."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from training.report import percent

BLUE, ORANGE, GREEN, RED, GREY = "#2f6db5", "#d9771f", "#3a8f5c", "#b8433c", "#8a949e"
INK = "#24303a"
SERIES = (BLUE, ORANGE, GREEN, RED)


def canvas(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, NDArray[np.object_]]:
    """A figure in the study's style, without pyplot.

    Args:
        width: inches.
        height: inches.
        options: passed on to `Figure.subplots`.

    Returns:
        The figure and its axes, (rows, columns).
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.ravel():
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(GREY)
        axis.tick_params(colors=INK, labelsize=9)
        axis.set_axisbelow(True)
        axis.grid(color="#e6eaee", linewidth=0.8)
    return figure, axes


def name_axes(axis: Axes, title: str, x: str = "", y: str = "") -> None:
    """Title and axis labels in the study's style."""
    axis.set_title(title, fontsize=11, color=INK, loc="left", fontweight="bold")
    axis.set_xlabel(x, fontsize=10, color=INK)
    axis.set_ylabel(y, fontsize=10, color=INK)


def percent_axis(axis: Axes, low: float = 0.0, high: float = 1.01) -> None:
    """A y axis in percent from `low` to `high`, shares of 1."""
    axis.set_ylim(low, high)
    axis.yaxis.set_major_formatter(lambda share, _: percent(share, 0))


def sheet(
    images: NDArray[Any],
    titles: Sequence[str],
    columns: int,
    *,
    same_scale: bool = True,
    size: float = 0.95,
    row_names: Sequence[str] = (),
) -> Figure:
    """Images in rows, each with a small title.

    Args:
        images: (n, height, width).
        titles: one per image; empty texts for none.
        columns: images per row.
        same_scale: whether all images show greys from 0 to 1; otherwise each image has its own range.
        size: width of an image in inches.
        row_names: drawn left of each row.
    """
    rows = -(-len(images) // columns)
    ratio = images.shape[1] / images.shape[2]
    titled = any(titles)
    gaps = ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.01)
    figure = Figure(figsize=(columns * size, rows * (size * ratio + (0.2 if titled else 0.04))), layout=gaps)
    axes = figure.subplots(rows, columns, squeeze=False)
    limits = {"vmin": 0.0, "vmax": 1.0} if same_scale else {}
    for index, axis in enumerate(axes.ravel()):
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
        if index < len(images):
            axis.imshow(images[index], cmap="gray", **limits)
            if titled:
                axis.set_title(titles[index], fontsize=7.5, color=INK, pad=2)
    for row, name in enumerate(row_names):
        axes[row, 0].set_ylabel(name, fontsize=8, color=INK, rotation=0, ha="right", va="center")
    return figure


def heat_map(matrix: NDArray[Any], labels: Sequence[str], title: str) -> Figure:
    """A confusion matrix: a row per true person, a column per predicted person; empty cells are white."""
    side = min(10.0, 3.0 + 0.19 * len(matrix))
    figure, axes = canvas(side, side * 0.95)
    axis = axes[0, 0]
    axis.grid(visible=False)
    most = max(1, int(matrix.max()))
    diagonal = np.eye(len(matrix), dtype=bool)
    for cells, colours in ((diagonal, "Blues"), (~diagonal, "Oranges")):
        shown = np.ma.masked_where(~cells | (matrix == 0), matrix)
        axis.imshow(shown, cmap=colours, vmin=-most, vmax=most)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        count = int(matrix[row, column])
        axis.text(
            column, row, str(count), ha="center", va="center", fontsize=7, color="white" if count > most / 3 else INK
        )
    axis.set_xticks(range(len(labels)), labels, fontsize=7, rotation=90)
    axis.set_yticks(range(len(labels)), labels, fontsize=7)
    name_axes(axis, title, "predicted", "true")
    return figure


def bars(
    axis: Axes, names: Sequence[str], series: Mapping[str, Sequence[float]], spread: Sequence[float] | None = None
) -> None:
    """Grouped horizontal bars, the first name on top, each with its value in percent."""
    height = 0.8 / len(series)
    for index, (legend, values) in enumerate(series.items()):
        places = np.arange(len(names)) + (index - (len(series) - 1) / 2) * height
        axis.barh(places, values, height * 0.92, color=SERIES[index], label=legend, xerr=spread if index == 0 else None)
        for place, value in zip(places, values, strict=True):
            axis.text(0.01, place, percent(value), va="center", fontsize=8, color="white")
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axis.grid(visible=False, axis="y")
    if len(series) > 1:
        axis.legend(fontsize=9, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(series))
