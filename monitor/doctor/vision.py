"""The model files, the encoder's cache, and whether it all runs on this machine."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.doctor.check import Check, fail, ok, warn
from monitor.errors import ModelError
from monitor.vision import models

ModelFile = tuple[str, str]
"""A package, and the file in it."""

EXPECTED: Mapping[ModelFile, tuple[str, str]] = {
    models.BLAZEFACE: ("face detector", "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce"),
    models.DLIB_LANDMARKS: ("face landmarks", "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"),
    models.DLIB_ENCODER: ("face encoder", "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"),
}
"""What each model file is for, and its SHA-256."""

_INSTALL = "Install Muster again."
_PATIENCE = 60.0

_TRIAL = """
import logging
import numpy as np
from monitor.domain import Box, Face
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import EmotionModel
from monitor.vision.encoder import FaceEncoder
logging.disable()
picture = np.zeros((480, 640, 3), np.uint8)
face = Face(Box(270, 190, 100, 100), 1.0)
FaceDetector().detect(picture)
FaceEncoder().embed(face_chip(picture, face)[None])
EmotionModel().predict(mood_crop(picture, face)[None])
"""
"""Runs in a process of its own: a library that does not suit the processor ends its process."""


def check_models(expected: Mapping[ModelFile, tuple[str, str]] = EXPECTED) -> Iterator[Check]:
    """Each model file against the SHA-256 it must have."""
    for file, (name, wanted) in expected.items():
        try:
            path = models.package_file(*file)
            found = models.sha256_of(path)
        except ModelError as error:
            yield fail(name, str(error), _INSTALL)
        except OSError as error:
            yield fail(name, f"Its model file cannot be read: {error.strerror}.", _INSTALL)
        else:
            yield _compared(name, path, found, wanted)


def check_emotion(weights: Path | None = None) -> Iterator[Check]:
    """The emotion model against the SHA-256 that ships beside it."""
    from monitor.vision.emotion import WEIGHTS

    weights = weights or WEIGHTS
    try:
        found = models.sha256_of(weights)
        wanted = weights.with_suffix(".sha256").read_text(encoding="ascii", errors="replace").split()
    except OSError as error:
        yield fail("emotion model", f"{error.filename} cannot be read: {error.strerror}.", _INSTALL)
        return
    yield _compared("emotion model", weights, found, wanted[0] if wanted else "")


def check_cache(folder: Path | None = None) -> Iterator[Check]:
    """Whether the encoder's ONNX model is built and whole."""
    folder = folder or models.cache_folder()
    weights = EXPECTED[models.DLIB_ENCODER][1]
    built = sorted(folder.glob(f"*-{weights[:32]}.bin"))
    try:
        damaged = [file.name for file in built if not _is_whole(file.read_bytes())]
    except OSError as error:
        yield warn("model cache", f"{folder} cannot be read: {error.strerror}.", "Allow reading and writing it.")
        return
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if damaged:
        yield warn("model cache", f"{damaged[0]} in {folder} is damaged.", "Nothing: the next start builds it again.")
    elif built:
        yield ok("model cache", f"The face encoder is built and whole in {folder}.")
    elif not os.access(existing, os.W_OK):
        advice = "Allow writing to it; until then every start takes a second longer."
        yield warn("model cache", f"{folder} cannot be written.", advice)
    else:
        yield ok("model cache", f"The face encoder is not built yet; the next start does it, in {folder}.")


def check_trial(program: str = _TRIAL) -> Iterator[Check]:
    """Run every model once, elsewhere, and listen to what native libraries print, which would spoil the screen."""
    name = "vision"
    try:
        command = [sys.executable, "-W", "ignore", "-c", program]
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        yield fail(name, f"The models did not run within {_PATIENCE:.0f} seconds.", "Close other programs; try again.")
        return
    said = [line.strip() for line in (done.stdout + done.stderr).decode(errors="replace").splitlines() if line.strip()]
    if done.returncode < 0:
        ended_by = signal.Signals(-done.returncode).name
        advice = "This processor may be too old for the libraries; run Muster on another machine."
        yield fail(name, f"A vision library ended its process ({ended_by}).", advice)
    elif done.returncode:
        yield fail(name, f"The models do not run: {said[-1] if said else 'no reason was given'}", _INSTALL)
    elif said:
        advice = "Nothing: the app keeps it in its log file."
        yield warn(name, f"All models run, but a native library prints {len(said)} lines: {said[0][:120]}", advice)
    else:
        yield ok(name, "Detector, landmarks, encoder and emotion model run, and print nothing.")


def _compared(name: str, path: Path, found: str, wanted: str) -> Check:
    if found != wanted:
        return fail(name, f"{path} is not the file it should be: its SHA-256 begins with {found[:12]}.", _INSTALL)
    return ok(name, f"{path.name} is whole (SHA-256 {found[:12]}…).")


def _is_whole(stored: bytes) -> bool:
    return hashlib.sha256(stored[32:]).digest() == stored[:32]
