"""The report: one page that needs nothing else, and runs side by side."""

import json
import re
from pathlib import Path

import numpy as np

from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.evaluation.evaluate import evaluation_of
from training.emotion.evaluation.people import people_scores
from training.emotion.fitting.recipe import CLASSIC
from training.emotion.fitting.runs import NUMBERS, Run
from training.emotion.fitting.state import Epoch
from training.emotion.report import figures
from training.emotion.report.page import PAGE, Chart, comparison_row, write_comparison, write_report

RNG = np.random.default_rng(8)
SPLIT = Split("PublicTest", RNG.integers(0, 256, (21, 48, 48)).astype(np.uint8), np.arange(21) % 7, np.arange(21))
PROBABILITIES = RNG.dirichlet(np.ones(7), 21).astype(np.float32)
EVALUATION = evaluation_of(PROBABILITIES, SPLIT, mistakes=6)
PEOPLE = people_scores(PROBABILITIES, RNG.dirichlet(np.ones(10), 21).astype(np.float32))
EPOCHS = (Epoch(1, 60, 300.0, 1.9, 0.2, 1.8, 0.25), Epoch(2, 60, 300.0, 1.7, 0.3, None, None))


def test_every_figure_is_a_png() -> None:
    data = Fer2013({"Training": SPLIT, "PublicTest": SPLIT.head(5)})
    drawn = [
        figures.class_counts(data),
        figures.samples(SPLIT, per_class=1),
        figures.history(EPOCHS),
        figures.confusion(EVALUATION.confusion, normalised=True),
        figures.curves(EVALUATION),
        figures.reliability(EVALUATION),
        figures.mistakes(EVALUATION, SPLIT),
        figures.coverage(PEOPLE),
    ]
    assert all(png.startswith(b"\x89PNG") and len(png) > 2000 for png in drawn)


def test_outcomes_read_true_predicted_probability() -> None:
    row = np.full((1, 7), 0.05, np.float32)
    row[0, 3] = 0.7
    assert figures.outcomes(np.array([0]), row) == ["angry - happy - 0.70"]


def numbers_of(name: str) -> dict[str, object]:
    return {
        "run": name, "recipe": CLASSIC.as_json(), "parameters": 14_544_263, "epochs": [{}, {}],
        "evaluation": EVALUATION.as_json(), "skipped": ["Row 3 of <b>x</b> is broken."],
    }  # fmt: skip


def test_the_page_needs_nothing_else_and_escapes_names(tmp_path: Path) -> None:
    chart = Chart("history", "Learning", "Loss & accuracy", figures.history(EPOCHS))
    page = write_report(tmp_path, numbers_of("<script>run"), [chart])
    text = page.read_text()
    assert page.name == PAGE
    assert "<script>" not in text
    assert "<b>x</b>" not in text
    assert "14,544,263 parameters" in text
    assert all(source.startswith("data:image/png;base64,") for source in re.findall(r'src="([^"]*)"', text))
    assert not re.search(r'(href|src)="(https?:)?//', text)
    assert (tmp_path / "history.png").read_bytes() == chart.png
    assert json.loads((tmp_path / NUMBERS).read_text())["evaluation"]["faces"] == 21


def test_a_model_without_its_training_has_a_page_with_peoples_agreement(tmp_path: Path) -> None:
    judged = {**EVALUATION.as_json(), "people": PEOPLE.as_json()}
    numbers = {"run": "emotion.onnx", "recipe": {}, "parameters": 4_406_321, "epochs": [], "evaluation": judged}
    text = write_report(tmp_path, numbers, []).read_text()
    assert f"{PEOPLE.faces} faces with votes, {PEOPLE.clear} with one favourite" in text
    assert f"<b>{100 * PEOPLE.agreement:.1f} %</b>agrees with most people" in text
    assert "epochs" not in text
    assert "Recipe" not in text


def test_runs_stand_side_by_side_measured_or_not(tmp_path: Path) -> None:
    runs = [Run(tmp_path / name, CLASSIC, EPOCHS) for name in ("classic", "young")]
    write_report(tmp_path / "classic" / "report", numbers_of("classic"), [])
    measured, young = (comparison_row(run) for run in runs)
    assert measured["accuracy"] == EVALUATION.accuracy
    assert young["accuracy"] is None
    assert young["validation_accuracy"] == 0.25
    assert young["epochs"] == 2
    text = write_comparison(tmp_path, runs).read_text()
    assert "young" in text
    assert "–" in text
