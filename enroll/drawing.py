"""Curves of error rates, in the terminal and as a figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from enroll.evaluation import Recipe
from enroll.rates import Floats
from monitor.errors import UsageError

_LOWEST: Final = 1e-3
"""Rates below this are drawn on the axis."""


def draw_identification(recipes: Sequence[Recipe], *, width: int = 76, height: int = 20) -> str:
    """FNIR over FPIR (logarithmic) as text for a terminal of that many cells."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.title("FNIR (up, %) over FPIR (right, %)")
    for recipe, marker in zip(recipes, ("hd", "dot"), strict=False):
        fpir, fnir = recipe.trials.curve()
        plotext.plot(_decades(fpir).tolist(), (100 * fnir).tolist(), marker=marker, label=recipe.name)
    ticks = [0.001, 0.01, 0.1, 1.0]
    plotext.xticks([float(np.log10(tick)) for tick in ticks], [f"{100 * tick:g}" for tick in ticks])
    plotext.ylim(0, None)
    return str(plotext.uncolorize(plotext.build()))


def save_figure(recipes: Sequence[Recipe], file: Path) -> None:
    """Verification ROC and identification errors side by side, in the format of the file's ending.

    Raises:
        UsageError: the file cannot be written, or its ending is no format of figures.
    """
    import matplotlib

    matplotlib.use("Agg")
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
    try:
        figure.savefig(file, dpi=144)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None
    except ValueError:
        raise UsageError(f"{file} has no known ending; give .png, .svg or .pdf.") from None


def _decades(rates: Floats) -> Floats:
    return np.log10(np.maximum(rates, _LOWEST))
