"""Figures and one-file HTML for the reports of both studies. Nothing here knows what is studied."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.figure import Figure

from monitor.text import printable

DPI = 120
PNG_TEXTS = {"Software": None}
"""matplotlib's version stays out of the files, so the same numbers give the same bytes."""


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG and return its path; the folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", facecolor="white", metadata=PNG_TEXTS)
    return path


def label(text: str, longest: int = 24) -> str:
    """A name from outside made safe for matplotlib: one line, no control characters, no mathematics, not long."""
    return printable(text, longest).replace("$", r"\$")


def data_uri(png: Path) -> str:
    """A PNG as a `data:` address, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode("ascii")


def format_value(value: Any, style: str = "text") -> str:
    """A table cell as people read it.

    Args:
        style: "percent" (of 1), "percent2", "seconds", "milliseconds" (both of a second), "bytes", "number" or "text".
    """
    if value is None:
        return "–"
    if style == "percent":
        return f"{value:.1%}".replace("%", " %")
    if style == "percent2":
        return f"{value:.2%}".replace("%", " %")
    if style == "seconds":
        return f"{value:.2f} s"
    if style == "milliseconds":
        return f"{value * 1000:.2f} ms"
    if style == "bytes":
        return f"{value / 1e6:.2f} MB" if value >= 1e5 else f"{value / 1e3:.1f} kB"
    if style == "number" and isinstance(value, float):
        return f"{value:.3f}"
    return str(value)


def render_page(template: Path, values: Mapping[str, Any], output: Path) -> Path:
    """Fill a Jinja template (everything escaped; filters `value` and `data_uri`) and write the page.

    Args:
        template: the template's file.
        values: what it may use. Figures are given by paths relative to the folder of `output`.
        output: the HTML file to write.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["value"] = format_value
    environment.filters["data_uri"] = lambda name: data_uri(output.parent / name)
    output.write_text(environment.get_template(template.name).render(**values), encoding="utf-8")
    return output
