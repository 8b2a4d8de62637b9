"""Terminal output of trainings, evaluations and explanations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table
from rich.text import Text

from monitor.cli.options import emit, err, out, tell
from monitor.cli.progress import progress_bar
from monitor.domain import EMOTIONS
from monitor.files import write_atomically
from monitor.text import plural

if TYPE_CHECKING:
    from training.emotion.data.fer2013 import Fer2013, Split
    from training.emotion.explanation import Explanation
    from training.emotion.fitting.fit import Progress
    from training.emotion.fitting.recipe import Recipe
    from training.emotion.fitting.state import Epoch
    from training.emotion.layers import Layers


def show_faces(data: "Fer2013", folder: Path, *, json: bool) -> None:
    """Before a training: write samples.png into the run's folder, and print the faces per class and split.

    A terminal also shows the first face of each class.
    """
    from training.emotion.report.figures import samples

    first = next(iter(data.splits.values()))
    picture = folder / "samples.png"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(picture, samples(first))
    if json:
        return
    table = Table("emotion", *(Column(name, justify="right") for name in data.splits), title="Faces", show_footer=True)
    for column, split in zip(table.columns, (None, *data.splits.values()), strict=True):
        column.footer = "all" if split is None else f"{len(split):,}"
    for name, counts in zip(
        EMOTIONS, zip(*(split.counts() for split in data.splits.values()), strict=True), strict=True
    ):
        table.add_row(name, *(f"{count:,}" for count in counts))
    out.print(table)
    if out.is_terminal:
        _print_samples(first)
    tell(f"Samples: {picture}")


def _print_samples(split: "Split", across: int = 4) -> None:
    """The first face of each class, four in a row, each above its name."""
    side = fitting_side(out.width, 24, across)
    known = [emotion for emotion in range(len(EMOTIONS)) if (split.labels == emotion).any()]
    faces = [np.repeat(split.faces[split.labels == emotion][0][..., None], 3, axis=-1) for emotion in known]
    for start in range(0, len(known), across):
        out.print(side_by_side(faces[start : start + across], side))
        out.print(" ".join(f"{EMOTIONS[emotion]:^{side}}" for emotion in known[start : start + across]))


def show_layers(found: "Layers", *, json: bool) -> None:
    """Print the layers of a network, and how many parameters it has."""
    if json:
        emit(found)
        return
    table = Table("layer", "kind", Column("output", justify="right"), Column("parameters", justify="right"))
    for line in found.lines:
        shape = "x".join(str(side) for side in line.output[1:])
        table.add_row(Text(line.name), Text(line.kind), shape, f"{line.parameters:,}" if line.parameters else "")
    out.print(table)
    statistics = found.parameters - found.trainable
    tell(f"{plural(found.parameters, 'parameter')}: {found.trainable:,} that training changes, {statistics:,} "
         f"statistics of batches; {found.parameters * 4 / 1e6:.1f} MB in float32")  # fmt: skip


def show_training(
    train: "Callable[[Progress], object]", folder: Path, recipe: "Recipe", tensorboard: Path | None, json: bool
) -> None:
    """Train with a progress bar, and print one line per epoch."""
    from training.emotion import study
    from training.emotion.fitting.fit import Progress

    listener = study.tensorboard(tensorboard) if tensorboard else None
    with progress_bar("The training begins", hidden=json) as show:
        # The first batch says how many there are, and a resumed run how far it has come.
        done = _epochs_done(folder)

        def on_batch(number: int, of: int, loss: float, accuracy: float) -> None:
            title = f"epoch {done + 1} of {recipe.epochs}: loss {loss:.3f}, accuracy {accuracy:.1%}"
            show(title, done * of + number, recipe.epochs * of)

        def on_epoch(epoch: "Epoch") -> None:
            nonlocal done
            done = epoch.number
            if json:
                emit(epoch)
            else:
                err.print(_epoch_line(epoch))
            if listener:
                listener(epoch)

        train(Progress(on_epoch, on_batch, err.print))


def show_explanation(image: Path, explained: "Explanation", *, to: Path | None, json: bool) -> None:
    """Print the face next to its activation map, and the probabilities of all emotions."""
    from training.emotion.report.figures import explanation
    from training.emotion.report.gradcam import overlaid

    picture = overlaid(explained.crop, explained.heat)
    layer = f"layer {explained.layer}, {explained.rows}x{explained.rows}"
    if to is not None:
        png = explanation(explained.crop, picture, explained.probabilities, explained.title, layer)
        write_atomically(to, png)
    scores = dict(zip(EMOTIONS, map(float, explained.probabilities), strict=True))
    if json:
        emit({"image": str(image), "found": explained.found, "mood": {"label": max(scores, key=lambda n: scores[n]),
              "scores": scores}, "map_of": EMOTIONS[explained.emotion], "layer": explained.layer})  # fmt: skip
        return
    if not explained.found:
        err.print("No face was detected; the model gets the whole picture.")
    if out.is_terminal:
        side = fitting_side(out.width, len(explained.crop))
        out.print(side_by_side([np.repeat(explained.crop[..., None], 3, axis=-1), picture], side))
    tell(f"{explained.title}; {layer}")
    for name, score in scores.items():
        mapped = "  <- map" if name == EMOTIONS[explained.emotion] else ""
        tell(f"{name:>9} {score:6.1%} {'█' * round(score * 40)}{mapped}")


def side_by_side(pictures: Sequence[NDArray[np.uint8]], side: int) -> Text:
    """Square pictures uint8 (n, n, 3) as text, each `side` columns wide, with a column between them.

    Args:
        side: even.
    """
    import cv2

    scaled = [cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in pictures]
    drawn = [half_blocks(np.asarray(picture, np.uint8)).split() for picture in scaled]
    return Text("\n").join(Text(" ").join(line) for line in zip(*drawn, strict=True))


def fitting_side(width: int, most: int, across: int = 2) -> int:
    """The even number of columns, 2 to `most`, that pictures side by side in a terminal of this width can have."""
    return max(2, min(most, (width - across + 1) // across // 2 * 2))


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
    """One row per run, 80 columns wide; the split on which a run was evaluated stands below its accuracy."""
    names = ("epochs", "hours", "best\nvalidation", "accuracy", "mean\nF1", "ECE", "weakest\nrecall")
    table = Table(Column("run", overflow="fold"), "network", *(Column(name, justify="right") for name in names),
                  box=SIMPLE_HEAD, padding=0, show_edge=False)  # fmt: skip
    for row in rows:
        accuracy = _share(row["accuracy"]) + (f"\n{row['split']}" if row["split"] else "")
        table.add_row(
            Text(row["run"]), row["architecture"], f"{row['epochs']}/{row['of']}", f"{row['hours']:.1f}",
            _share(row["validation_accuracy"]), accuracy,
            _share(row["macro_f1"]), _share(row["calibration_error"]), _share(row["weakest_recall"]),
        )  # fmt: skip
    return table


def _epoch_line(epoch: "Epoch") -> str:
    validation = ""
    if epoch.validation_accuracy is not None:
        validation = f", PublicTest {epoch.validation_loss:.3f}, {epoch.validation_accuracy:.1%}"
    training = f"loss {epoch.loss:.3f}, right {epoch.accuracy:.1%}"
    return f"epoch {epoch.number} of {epoch.of}: {training}{validation} ({epoch.seconds:.0f} s)"


def _epochs_done(folder: Path) -> int:
    from training.emotion.fitting.checkpoint import CHECKPOINT
    from training.emotion.fitting.runs import open_run

    return len(open_run(folder).epochs) if (folder / CHECKPOINT).exists() else 0


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
