"""The style of the study's figures, and the figures that several steps draw."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from training.report import label, percent

BLUE, ORANGE, GREEN, RED, GREY = "#2f6db5", "#d9771f", "#3a8f5c", "#b8433c", "#8a949e"
INK = "#24303a"
HEAT_MAP_COLOURS = "Blue cells are right, red ones wrong, empty cells 0."
SERIES = (BLUE, ORANGE, GREEN, RED)


def canvas(width: float, height: float, columns: int = 1, **options: Any) -> tuple[Figure, list[Any]]:
    """A figure in the study's style, without pyplot, and its axes side by side; width and height are inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = list(figure.subplots(1, columns, squeeze=False, **options)[0])
    for axis in axes:
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
    """A y axis in percent from `low` to `high`, shares of 1; one that does not begin at 0 says so."""
    axis.set_ylim(low, high)
    axis.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
    if low > 0:
        say_cut(axis, f"vertical axis cut: begins at {percent(low, 0)}")


def say_cut(axis: Axes, words: str) -> None:
    """Write above the right end of an axis that it does not show the whole range."""
    axis.set_title(words, fontsize=8, color=GREY, loc="right", style="italic")


def person_labels(names: Sequence[str], longest: int = 24, *, lines: int = 1, short: bool = False) -> list[str]:
    """The names as `training.report.label` draws them; a name in letters that it lacks becomes the person's number.

    Args:
        short: "3" for "person 3".
    """
    shown = [name.removeprefix("person ") if short else name for name in names]
    return [label(name, longest, lines=lines, otherwise=f"person {number}") for number, name in enumerate(shown)]


def person_colours(people: int) -> list[tuple[float, float, float]]:
    """One colour per person."""
    return list(sns.color_palette("tab10" if people <= 10 else "turbo", people))


def people_legend(figure: Figure, names: Sequence[str]) -> None:
    """Right of the axes: which colour of `person_colours` is who, at most 20 in a column."""
    named = zip(person_labels(names, short=True), person_colours(len(names)), strict=True)
    dots = [Line2D([], [], marker="o", linestyle="", color=colour, label=name) for name, colour in named]
    figure.legend(
        dots, [str(dot.get_label()) for dot in dots], title="person", loc="outside right upper",
        ncols=-(-len(dots) // 20), fontsize=8, frameon=False,
    )  # fmt: skip


def sheet(
    images: NDArray[Any], titles: Sequence[str], columns: int, *, size: float = 0.95, row_names: Sequence[str] = ()
) -> Figure:
    """Images in rows, each with a small title.

    Args:
        images: (n, height, width), 0 to 1.
        titles: one per image; empty texts for none.
        size: width of an image in inches.
        row_names: drawn left of each row.
    """
    rows = -(-len(images) // columns)
    ratio = images.shape[1] / images.shape[2]
    lines = max((title.count("\n") + 1 for title in titles if title), default=0)
    gaps = ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.01)
    figure = Figure(figsize=(columns * size, rows * (size * ratio + 0.04 + 0.16 * lines)), layout=gaps)
    axes = figure.subplots(rows, columns, squeeze=False)
    for index, axis in enumerate(axes.ravel()):
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
        if index < len(images):
            axis.imshow(images[index], cmap="gray", vmin=0.0, vmax=1.0, interpolation="lanczos")
            if lines:
                axis.set_title(titles[index], fontsize=7.5, color=INK, pad=2)
    for row, name in enumerate(row_names):
        axes[row, 0].set_ylabel(name, fontsize=8, color=INK, rotation=0, ha="right", va="center")
    return figure


def heat_map(matrix: NDArray[np.int64], labels: Sequence[str], title: str) -> Figure:
    """A confusion matrix: a row per true person, a column per predicted person.

    Right predictions are blue, wrong ones red, empty cells white; `HEAT_MAP_COLOURS` says so to the reader.
    """
    side = min(10.0, 3.0 + 0.19 * len(matrix))
    figure, (axis,) = canvas(side, side * 0.95)
    axis.grid(visible=False)
    most = max(1, int(matrix.max()))
    sns.heatmap(
        np.where(np.eye(len(matrix)), matrix, -matrix), mask=matrix == 0, annot=matrix, fmt="d", cmap="RdBu",
        vmin=-most, vmax=most, cbar=False, ax=axis, xticklabels=labels, yticklabels=labels, annot_kws={"size": 7},
    )  # fmt: skip
    axis.tick_params(labelsize=7)
    axis.tick_params("x", rotation=90 if max(map(len, labels)) > 3 else 0)
    axis.tick_params("y", rotation=0)
    name_axes(axis, title, "predicted", "true")
    return figure


def bars(title: str, names: Sequence[str], series: Mapping[str, Sequence[float]]) -> Figure:
    """Grouped horizontal bars, the first name on top, each with its value in percent."""
    figure, (axis,) = canvas(10, 4)
    height = 0.8 / len(series)
    for index, (legend, values) in enumerate(series.items()):
        places = np.arange(len(names)) + (index - (len(series) - 1) / 2) * height
        axis.barh(places, values, height * 0.92, color=SERIES[index], label=legend)
        for place, value in zip(places, values, strict=True):
            axis.text(0.01, place, percent(value), va="center", fontsize=8, color="white")
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axis.grid(visible=False, axis="y")
    axis.legend(fontsize=9, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(series))
    name_axes(axis, title)
    return figure
