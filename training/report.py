"""Figures, numbers and one-file HTML pages for the reports of both studies."""

import base64
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ft2font import FT2Font

from monitor.text import printable

DPI = 120
PNG_TEXTS = {"Software": None}
"""Leaves matplotlib's version out of the PNGs: equal numbers give equal bytes under every version."""


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG and return its path; creates the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", facecolor="white", metadata=PNG_TEXTS)
    return path


def label(text: str, longest: int = 24, *, lines: int = 1, otherwise: str = "?") -> str:
    """A name as text that matplotlib can draw: without control characters or mathematics, shortened.

    Args:
        longest: characters of a line, from 2 on.
        lines: the most lines.
        otherwise: shown instead of a name in letters that matplotlib's font does not have.
    """
    shown = printable(text, longest * lines)
    if not shown or any(not _font().get_char_index(ord(sign)) for sign in shown):
        shown = otherwise
    folded = "\n".join(textwrap.wrap(shown, longest, max_lines=lines, placeholder="…"))
    return folded.replace("$", r"\$")


@lru_cache(maxsize=1)
def _font() -> FT2Font:
    """The font of all figures."""
    return get_font(findfont("DejaVu Sans"))


def data_uri(png: bytes) -> str:
    """A PNG as a `data:` address, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def percent(share: float, digits: int = 1) -> str:
    """0.917 as "91.7 %"."""
    return f"{share:.{digits}%}".replace("%", " %")


def format_value(value: Any, style: str = "text") -> str:
    """A table cell as people read it; a dash for None.

    Args:
        value: a share of 1 for "percent", seconds for "seconds" and "milliseconds".
        style: "percent" and "percent2" (1 and 2 decimals), "seconds", "milliseconds", "bytes", "number" or "text".
    """
    if value is None:
        return "–"
    if style in ("percent", "percent2"):
        return percent(value, 2 if style == "percent2" else 1)
    if style == "seconds":
        return f"{value:.2f} s"
    if style == "milliseconds":
        return f"{value * 1000:.2f} ms"
    if style == "bytes":
        return f"{value / 1e6:.2f} MB" if value >= 1e5 else f"{value / 1e3:.1f} kB"
    return f"{value:.3f}" if style == "number" and isinstance(value, float) else str(value)


def render_page(template: Path, values: Mapping[str, Any], output: Path) -> Path:
    """Fill a Jinja template and write the page; all values are escaped.

    Args:
        template: the template's file. It can use the filters `value` (`format_value`) and `data_uri`.
        values: the variables of the template. Figures are named by their paths relative to the folder of `output`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["value"] = format_value
    environment.filters["data_uri"] = lambda name: data_uri((output.parent / name).read_bytes())
    output.write_text(environment.get_template(template.name).render(**values), encoding="utf-8")
    return output
