"""Curves of error rates, in the terminal and as a figure."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from enroll.evaluation.evaluate import Recipe
from enroll.evaluation.left_out import AtTarget
from enroll.evaluation.rates import Floats
from monitor.errors import UsageError
from monitor.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOWEST: Final = 1e-3
"""Rates below this are drawn on the axis."""


def draw_identification(recipes: Sequence[Recipe], width: int) -> str:
    """FNIR over FPIR (logarithmic) as text for a terminal of that many columns."""
    plotext = _chart("FNIR (%) by FPIR (%)", width)
    for recipe, marker in zip(recipes, ("hd", "dot"), strict=False):
        fpir, fnir = recipe.trials.curve()
        plotext.plot(_decades(fpir).tolist(), (100 * fnir).tolist(), marker=marker, label=recipe.name)
    _ticks(plotext.xticks)
    plotext.ylim(0, None)
    return str(plotext.uncolorize(plotext.build())).rstrip()


def draw_gallery(curve: Sequence[AtTarget], threshold: float, width: int) -> str:
    """The error rates of a gallery (logarithmic) over the threshold, as text for a terminal of that many columns.

    A line stands at the threshold in force, for single images.
    """
    plotext = _chart("Strangers named and people missed (%) by threshold", width)
    thresholds = [one.threshold for one in curve]
    for (label, rates), marker in zip(_rates(curve), ("dot", "hd", "x", "o"), strict=False):
        plotext.plot(thresholds, _decades(rates).tolist(), marker=marker, label=label)
    plotext.vertical_line(threshold)
    _ticks(plotext.yticks)
    plotext.ylim(float(np.log10(_LOWEST)), 0)
    return str(plotext.uncolorize(plotext.build())).rstrip()


def save_gallery(curve: Sequence[AtTarget], threshold: float, file: Path) -> None:
    """What `draw_gallery` draws, in the format of the file's ending.

    Raises:
        UsageError: the file cannot be written, or its ending names no figure format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for label, rates in _rates(curve):
        axes.plot([one.threshold for one in curve], np.maximum(rates, _LOWEST), label=label)
    axes.axvline(threshold, color="black", linestyle=":", label="threshold in force")
    axes.set(yscale="log", ylim=(_LOWEST, 1), xlabel="threshold of similarity, single images", ylabel="share")
    axes.set_title("Strangers named and enrolled people missed")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, file)


def save_identification(recipes: Sequence[Recipe], file: Path) -> None:
    """Verification ROC and identification errors side by side, in the format of the file's ending.

    Raises:
        UsageError: the file cannot be written, or its ending names no figure format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for recipe in recipes:
        fmr, tmr = recipe.roc
        left.plot(np.maximum(fmr, 1e-5), tmr, label=recipe.name)
        fpir, fnir = recipe.trials.curve()
        right.plot(np.maximum(fpir, _LOWEST), fnir, label=recipe.name)
    left.set(xscale="log", xlabel="false match rate", ylabel="true match rate", title="Two pictures: one person? (ROC)")
    right.set(xscale="log", xlabel="FPIR: strangers named", ylabel="FNIR: enrolled people not named", ylim=(0, None))
    right.set_title(f"Identification among {recipes[0].people} people")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    _save(figure, file)


def _rates(curve: Sequence[AtTarget]) -> list[tuple[str, Floats]]:
    """Names of the curves, and their values at every threshold; those without trials are left out."""
    curves = [("FPIR expected", np.array([one.expected_fpir for one in curve]))]
    for label, rates in (
        ("FPIR seen", [one.fpir for one in curve]),
        ("strangers given", [one.strangers for one in curve]),
        ("FNIR seen", [one.fnir for one in curve]),
    ):
        if rates[0].trials:
            curves.append((label, np.array([rate.value for rate in rates])))
    return curves


def _chart(title: str, width: int) -> Any:
    """plotext, which draws one figure at a time, with an empty one."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, 20)
    plotext.title(title)
    return plotext


def _save(figure: "Figure", file: Path) -> None:
    drawn = io.BytesIO()
    try:
        figure.savefig(drawn, format=file.suffix.removeprefix(".") or "none", dpi=144)
    except ValueError:
        raise UsageError(f"{file} does not end in a known figure format; use .png, .svg or .pdf.") from None
    write_atomically(file, drawn.getvalue())


def _ticks(put: Callable[[list[float], list[str]], object]) -> None:
    """Percents on an axis of decades."""
    ticks = [0.001, 0.01, 0.1, 1.0]
    put([float(np.log10(tick)) for tick in ticks], [f"{100 * tick:g}" for tick in ticks])


def _decades(rates: Floats) -> Floats:
    return np.log10(np.maximum(rates, _LOWEST))
