"""Options of `muster train emotion` and of its companions."""

from pathlib import Path
from typing import Annotated, Literal

import typer

RUNS = Path(".runs")
"""Folder of the runs."""

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="MUSTER_FER2013",
        metavar="PATH",
        help="FER2013: its CSV (.csv or .csv.gz), its image folder, or an archive of either.",
    ),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Folder of the runs.")]
Split = Annotated[str, typer.Option("--split", help="Training, PublicTest or PrivateTest.")]
Pixels = Annotated[
    Literal["0..1", "-1..1", "0..255"],
    typer.Option("--pixels", help="Black to white as a network of another maker takes it; Muster's own know theirs."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first broken row or file.")]
RunName = Annotated[str | None, typer.Option("--run", help="Name of the run; the name of the architecture by default.")]
Architecture = Annotated[Literal["champion", "classic", "teacher", "sface"], typer.Option(help="The kind of network.")]
Votes = Annotated[
    Path | None, typer.Option(envvar="MUSTER_FERPLUS", metavar="FILE", help="CSV of the FER+ votes, for the champion.")
]
Teacher = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Whose probabilities are mixed into the labels: .npz of 'answers', or ONNX."),
]
LeaveOut = Annotated[
    tuple[int, int] | None,
    typer.Option(metavar="PART PARTS", help="Train without one part of the faces, such as 0 5; for a teacher."),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Number of epochs; the recipe's by default.")]
Batch = Annotated[
    int | None, typer.Option(min=1, help="Faces per step, the sum over all workers; the recipe's by default.")
]
Rate = Annotated[float | None, typer.Option(min=0.0, help="Highest learning rate; the recipe's by default.")]
Seed = Annotated[int | None, typer.Option(help="Seed of order, augmentation and weights.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Use only the first faces of each split, this many; for trials.")
]
Precision = Annotated[
    Literal["auto", "float32", "mixed_bfloat16"],
    typer.Option(help="auto takes the faster one; float32 with several workers."),
]
Strategy = Annotated[
    Literal["alone", "multiworker"], typer.Option(help="multiworker shares the work; TF_CONFIG names the machines.")
]
Threads = Annotated[int, typer.Option(min=0, help="Number of threads; 0 for one per core.")]
Tensorboard = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write logs for TensorBoard.")]
Report = Annotated[bool, typer.Option(help="Evaluate and report after the training.")]
