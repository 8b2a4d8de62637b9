"""Terminal output of trainings, evaluations and explanations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Column, Table
from rich.text import Text

from monitor.cli.options import emit, err, out
from monitor.cli.progress import progress_bar
from monitor.domain import EMOTIONS
from monitor.files import write_atomically

if TYPE_CHECKING:
    from training.emotion.fitting.fit import Epoch, Progress
    from training.emotion.fitting.recipe import Recipe
    from training.emotion.study import Explanation


def show_training(
    train: "Callable[[Progress], object]", folder: Path, recipe: "Recipe", tensorboard: Path | None, json: bool
) -> None:
    """Train with a progress bar, and print one line per epoch."""
    from training.emotion import study
    from training.emotion.fitting.fit import Progress

    listener = study.tensorboard(tensorboard) if tensorboard else None
    with progress_bar(hidden=json) as show:
        # The first batch says how many there are, and a resumed run how far it has come.
        done = _epochs_done(folder)

        def on_batch(number: int, of: int, loss: float, accuracy: float) -> None:
            title = f"epoch {done + 1} of {recipe.epochs}: loss {loss:.3f}, accuracy {accuracy:.1%}"
            show(title, done * of + number, recipe.epochs * of)

        def on_epoch(epoch: "Epoch") -> None:
            nonlocal done
            done = epoch.number
            if json:
                emit(asdict(epoch))
            else:
                err.print(_epoch_line(epoch))
            if listener:
                listener(epoch)

        train(Progress(on_epoch, on_batch, err.print))


def show_explanation(image: Path, explained: "Explanation", *, to: Path | None, json: bool) -> None:
    """Print the face next to its activation map, and the probabilities of all emotions."""
    from training.emotion.report.gradcam import overlaid

    picture = overlaid(explained.crop, explained.heat)
    if to is not None:
        _write_png(to, picture)
    scores = dict(zip(EMOTIONS, map(float, explained.probabilities), strict=True))
    if json:
        emit({"image": str(image), "found": explained.found, "mood": {"label": max(scores, key=lambda n: scores[n]),
              "scores": scores}, "map_of": EMOTIONS[explained.emotion]})  # fmt: skip
        return
    if not explained.found:
        err.print("No face was detected; the model gets the whole picture.")
    if out.is_terminal:
        face = np.repeat(explained.crop[..., None], 3, axis=-1)
        both = np.concatenate([face, picture], axis=1)
        out.print(half_blocks(both if out.width >= both.shape[1] else picture))
    for name, score in scores.items():
        mapped = "  <- map" if name == EMOTIONS[explained.emotion] else ""
        out.print(Text(f"{name:>9} {score:6.1%} {'█' * round(score * 40)}{mapped}"))


def half_blocks(picture: NDArray[np.uint8]) -> Text:
    """A picture uint8 (h, w, 3), h even, as text: w columns and h / 2 lines, two pixels per character."""
    lines = []
    for upper, lower in zip(picture[::2], picture[1::2], strict=True):
        line = Text(no_wrap=True)
        for above, below in zip(upper.tolist(), lower.tolist(), strict=True):
            line.append("▀", style=f"rgb({','.join(map(str, above))}) on rgb({','.join(map(str, below))})")
        lines.append(line)
    return Text("\n").join(lines)


def comparison_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row per run."""
    names = ("epochs", "hours", "validation", "evaluated on", "accuracy", "mean F1", "ECE", "weakest recall")
    table = Table("run", "architecture", *(Column(name, justify="right") for name in names))
    for row in rows:
        table.add_row(
            Text(row["run"]), row["architecture"], f"{row['epochs']} of {row['of']}", f"{row['hours']:.1f}",
            _share(row["validation_accuracy"]), row["split"] or "-", _share(row["accuracy"]),
            _share(row["macro_f1"]), _share(row["calibration_error"]), _share(row["weakest_recall"]),
        )  # fmt: skip
    return table


def _epoch_line(epoch: "Epoch") -> str:
    validation = ""
    if epoch.validation_accuracy is not None:
        validation = f", validation loss {epoch.validation_loss:.3f}, accuracy {epoch.validation_accuracy:.1%}"
    training = f"training loss {epoch.loss:.3f}, accuracy {epoch.accuracy:.1%}"
    return f"epoch {epoch.number} of {epoch.of}: {training}{validation} ({epoch.seconds:.0f} s)"


def _epochs_done(folder: Path) -> int:
    from training.emotion.fitting.fit import CHECKPOINT
    from training.emotion.fitting.runs import open_run

    return len(open_run(folder).epochs) if (folder / CHECKPOINT).exists() else 0


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    import cv2

    large = cv2.resize(picture[..., ::-1], None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    write_atomically(path, cv2.imencode(".png", large)[1].tobytes())
