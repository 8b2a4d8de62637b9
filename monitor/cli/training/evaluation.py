"""Terminal output of `muster train evaluate`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.table import Column, Table

from monitor.cli.options import emit, out, tell
from monitor.domain import EMOTIONS
from monitor.text import plural

if TYPE_CHECKING:
    from training.emotion.evaluation.people import PeopleScores
    from training.emotion.study import Judgement


def show_judgement(judgement: "Judgement", *, json: bool, more: Mapping[str, str]) -> None:
    """Print how good a model is, as tables or as JSON."""
    if json:
        emit({**judgement.as_json(), **more})
        return
    evaluation = judgement.label
    title = f"FER2013's label: {evaluation.split}, {evaluation.faces:,} faces"
    table = _table("emotion", ("faces", "precision", "recall", "F1"), title)
    for name, line in zip(EMOTIONS, evaluation.classes, strict=True):
        table.add_row(name, f"{line.faces:,}", f"{line.precision:.1%}", f"{line.recall:.1%}", f"{line.f1:.1%}")
    out.print(table)
    out.print(_confusion("Labels in rows, answers in columns", evaluation.confusion))
    out.print(
        f"Accuracy {evaluation.accuracy:.2%}, loss {evaluation.loss:.3f}, "
        f"expected calibration error (ECE) {evaluation.calibration.error:.3f}"
    )
    if judgement.without_copies is not None:
        copies = plural(judgement.copies, "near-copy", "near-copies")
        out.print(f"Without {copies} of training faces: accuracy {judgement.without_copies:.2%}")
    if judgement.poor:
        out.print(_poor_pictures(judgement))
    if judgement.robustness:
        shown = ", ".join(f"{name} {value:.1%}" for name, value in judgement.robustness.items() if name != "none")
        out.print(f"Accuracy with crops shifted or scaled by 10 %: {shown}")
    if judgement.people is not None:
        _show_people(judgement.people, judgement.people_without_copies)
    else:
        out.print("Without --votes there is no agreement with people.")
    if judgement.page is not None:
        tell(f"Report: {judgement.page}")


def _show_people(people: "PeopleScores", rest: "PeopleScores | None") -> None:
    out.print()
    title = f"What most of ten people say (rows) and the answer: {people.clear:,} faces"
    out.print(_confusion(title, people.confusion))
    neutral = ", ".join(f"{name} {share:.1%}" for name, share in zip(EMOTIONS, people.neutral, strict=True) if share)
    out.print(f"Agrees with most people: {people.agreement:.2%} where they have one favourite")
    out.print(f"  with their ties: {people.with_ties:.2%} of {people.faces:,} faces, a tie given to the first emotion")
    if people.eight is not None:
        out.print(f"  in FER+'s eight classes: {people.eight:.2%}")
    if people.protocol is not None:
        out.print(f"  by FER+'s own protocol: {people.protocol:.2%} of {people.majorities:,} faces with a majority")
    if rest is not None:
        out.print(f"  without near-copies of training faces: {rest.agreement:.2%} of {rest.clear:,} faces")
    out.print(f"Faces that people call neutral are called: {neutral}")
    out.print(f"Against the votes: calibration error {people.calibration_error:.3f}, Brier score {people.brier:.3f}")
    table = _table("confidence needed", ("answered", "agrees"), "Coverage: less confident answers are unsure")
    for each in people.coverage:
        agrees = "-" if each.agreement is None else f"{each.agreement:.1%}"
        table.add_row(f"{each.confidence:.1f}", f"{each.answered:.1%}", agrees)
    out.print(table)


def _table(what: str, numbers: Sequence[str], title: str) -> Table:
    """A table whose first column says what a line is about; the others have numbers."""
    return Table(what, *(Column(name, justify="right") for name in numbers), title=title, title_justify="left")


def _poor_pictures(judgement: "Judgement") -> Table:
    """What is right of pictures that a distant or poor camera makes."""
    table = _table("picture", ("FER2013's label", "most people"), "Right answers by picture")
    for name, (label, people) in judgement.poor.items():
        table.add_row(name, f"{label:.1%}", "-" if people is None else f"{people:.1%}")
    return table


def _confusion(title: str, counts: NDArray[np.int64]) -> Table:
    """A confusion matrix int64 (7, 7) in shares of its rows."""
    table = _table("", EMOTIONS, f"{title}, %")
    for name, row in zip(EMOTIONS, counts, strict=True):
        total = max(int(row.sum()), 1)
        table.add_row(name, *(f"{100 * int(count) / total:.0f}" for count in row))
    return table
