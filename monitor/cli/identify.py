"""`muster identify`: who is on images, and in what mood."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import Run, emit, err, shared, tell
from monitor.text import natural_order, printable

if TYPE_CHECKING:
    from monitor.config import Settings
    from monitor.errors import ImageError
    from monitor.pipeline.still_images import IdentifiedFace, Identifier
    from monitor.vision.images import StillImage
    from monitor.vision.matching.gallery import Enrolled


@shared
def identify(
    run: Run,
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE...",
            help="Image files, or folders of images; folders in them are searched, too.",
            readable=False,
        ),
    ],
    method: Annotated[str, typer.Option(help="gallery; or eigenfaces, with --model.")] = "gallery",
    model: Annotated[Path | None, typer.Option(metavar="RUN", help="Run folder of 'muster train eigenfaces'.")] = None,
    detector: Annotated[str | None, typer.Option(help="blazeface or hog.")] = None,
    encoder: Annotated[str | None, typer.Option(help="dlib, sface or both.")] = None,
) -> None:
    """Say who is on images, and in what mood."""
    from monitor.errors import ImageError, UsageError
    from monitor.vision.images import read_still

    if method not in ("gallery", "eigenfaces"):
        raise UsageError(f"Unknown method {method!r}; use gallery or eigenfaces.")
    if (method == "eigenfaces") != (model is not None):
        raise UsageError("--method eigenfaces and --model RUN need each other; give both or neither.")
    settings = run.settings(detector=detector, encoder=encoder)
    identifier = _by_model(settings, model) if model else _by_gallery(settings, run)
    failed = False
    for path, trouble in _expand(images):
        try:
            if trouble is not None:
                raise trouble
            still = read_still(path)
            faces = identifier.identify(still.rgb)
        except ImageError as error:
            failed = True
            if run.as_json:
                emit({"image": str(path), "error": str(error)})
            typer.echo(f"muster: {printable(str(error))}", err=True)
            continue
        if run.as_json:
            emit({"image": str(path), "faces": [_as_json(face, still) for face in faces]})
        else:
            _print(path, faces, still)
    if failed:
        raise typer.Exit(3)


def _by_gallery(settings: "Settings", run: Run) -> "Identifier":
    import numpy as np
    from numpy.typing import NDArray

    from monitor.domain import Face, Match, RgbImage
    from monitor.vision.matching.still_encoder import StillEncoder

    enrolled = _enrolled(settings, run)
    encoder = StillEncoder()

    def name(rgb: RgbImage, faces: Sequence[Face], chips: NDArray[np.uint8]) -> list[Match]:
        return [enrolled.gallery.identify(embedding) for embedding in encoder.embed(rgb, faces, chips)]

    return _identifier(settings, name, no_mood=enrolled.no_mood)


def _enrolled(settings: "Settings", run: Run) -> "Enrolled":
    """Everyone in the database; nobody where the user's default database does not exist yet."""
    from db.errors import NoDatabase
    from monitor.pipeline.gallery_loader import load_people
    from monitor.vision.matching.gallery import Enrolled, Gallery

    try:
        return load_people(*run.open_store(settings, read_only=True), settings)
    except NoDatabase:
        if "db" in settings.model_fields_set:
            raise
        tell("Nobody is enrolled yet, so every face is unknown; start with 'muster enroll import'.", err)
        return Enrolled(Gallery([], target_fpir=settings.target_fpir, margin=settings.match_margin), frozenset())


def _by_model(settings: "Settings", run: Path) -> "Identifier":
    from training.eigenfaces.study.model import load_study_model

    model = load_study_model(run)
    return _identifier(settings, lambda rgb, faces, chips: model.identify(chips))


def _identifier(settings: "Settings", identify: "Callable[..., Any]", **more: Any) -> "Identifier":
    from monitor.pipeline.still_images import Identifier
    from monitor.vision.detector import FaceDetector
    from monitor.vision.emotion import EmotionModel

    emotions = None if settings.mood == "off" else EmotionModel()
    return Identifier(
        FaceDetector(settings.detector), identify, emotions, mood_confidence=settings.mood_confidence, **more
    )


def _expand(paths: Sequence[Path]) -> "Iterator[tuple[Path, ImageError | None]]":
    """Each image file; a folder without readable images comes with the error that says so."""
    from monitor.errors import ImageError
    from monitor.vision.images import is_image

    for path in paths:
        if not path.is_dir():
            yield path, None
            continue
        try:
            inside = sorted(
                (file for file in path.iterdir() if not file.name.startswith(".")),
                key=lambda file: natural_order(file.name),
            )
        except OSError as error:
            yield path, ImageError(f"The folder {path} cannot be read: {error.strerror}; allow reading it.")
            continue
        images = [file for file in inside if is_image(file) and not file.is_dir()]
        folders = [file for file in inside if file.is_dir() and not file.is_symlink()]
        if not images and not folders:
            yield path, ImageError(f"The folder {path} has no images; give another folder.")
        for file in images:
            yield file, None
        yield from _expand(folders)


def _box(found: "IdentifiedFace", still: "StillImage") -> tuple[int, int, int, int]:
    """Left, top, width and height in pixels of the file's upright picture, within it."""
    height, width = still.rgb.shape[:2]
    box = found.face.box.within(width, height)
    left, top, right, bottom = (round(side * still.scale) for side in (box.left, box.top, box.right, box.bottom))
    return left, top, right - left, bottom - top


def _as_json(found: "IdentifiedFace", still: "StillImage") -> dict[str, Any]:
    from monitor.cli.events import candidate_as_json, mood_as_json, rounded

    match = found.match
    return {
        "box": list(_box(found, still)),
        "detection_score": rounded(found.face.score),
        "person": match.person.name if match.person else None,
        "similarity": rounded(match.best.similarity) if match.best else None,
        "second_similarity": rounded(match.best.second_similarity) if match.best else None,
        "threshold": rounded(match.threshold),
        "runner_up": candidate_as_json(match.runner_up),
        "mood": mood_as_json(found.mood),
        "turned": found.turned,
    }


def _print(path: Path, faces: "Sequence[IdentifiedFace]", still: "StillImage") -> None:
    image = printable(str(path))
    if not faces:
        tell(f"{image}: no face")
    for found in faces:
        match, (left, top, _, _) = found.match, _box(found, still)
        who = printable(match.person.name) if match.person else "unknown"
        like = f", similarity {match.best.similarity:.3f} (threshold {match.threshold:.3f})" if match.best else ""
        mood = f", {found.mood.label}" if found.mood else ""
        turned = f" (the picture was turned by {found.turned} degrees)" if found.turned else ""
        tell(f"{image}: {who}{mood}{like} at {left},{top}{turned}")
