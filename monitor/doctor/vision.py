"""Checks of the model files and the encoder's cache, and a trial run of all models."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.doctor.check import Check, fail, ok, warn
from monitor.errors import ModelError
from monitor.text import plural
from monitor.vision import models

PARTS: Mapping[models.ModelFile, str] = {
    models.BLAZEFACE: "face detector",
    models.FACE_MESH: "face mesh",
    models.DLIB_LANDMARKS: "face alignment",
    models.DLIB_ENCODER: "face encoder",
    models.SFACE: "second encoder",
}
"""What each model file is for."""

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
from monitor.vision.second_encoder import SecondEncoder, align
from monitor.vision.face_mesh import FaceMesh
logging.disable()
picture = np.zeros((480, 640, 3), np.uint8)
face = Face(Box(270, 190, 100, 100), 1.0)
FaceDetector().detect(picture)
FaceEncoder().embed(face_chip(picture, face)[None])
SecondEncoder().embed(align(picture, face)[None])
EmotionModel().predict(mood_crop(picture, face)[None])
FaceMesh()(picture, face)
"""
"""A program for a process of its own: a library that does not suit the processor ends its process."""


def check_models(parts: Mapping[models.ModelFile, str] = PARTS) -> Iterator[Check]:
    """Compare each model file with its expected SHA-256."""
    for model, name in parts.items():
        try:
            yield _whole(name, models.weights(model), model.sha256)
        except ModelError as error:
            yield fail(name, str(error), _INSTALL)


def check_emotion(weights: Path | None = None) -> Iterator[Check]:
    """Compare the emotion model with the SHA-256 in the file beside it."""
    from monitor.vision.emotion import WEIGHTS

    weights = weights or WEIGHTS
    try:
        found = models.sha256_of(weights)
        wanted = weights.with_suffix(".sha256").read_text(encoding="ascii", errors="replace").split()
    except OSError as error:
        yield fail("emotion model", f"{error.filename} cannot be read: {error.strerror}.", _INSTALL)
        return
    if wanted[:1] != [found]:
        yield fail("emotion model", f"{weights} is damaged: its SHA-256 is not the expected one.", _INSTALL)
        return
    yield _whole("emotion model", weights, found)


def check_cache(folder: Path | None = None) -> Iterator[Check]:
    """Whether the encoders' ONNX models are built and undamaged."""
    folder = folder or models.cache_folder()
    encoders = (models.DLIB_ENCODER, models.SFACE)
    found = [sorted(folder.glob(f"*-{encoder.sha256[:32]}-*.bin")) for encoder in encoders]
    built = [file for files in found for file in files]
    try:
        damaged = [file.name for file in built if not models.is_whole(file)]
    except OSError as error:
        yield warn(
            "model cache", f"{folder} cannot be read: {error.strerror}.", "Allow reading and writing that folder."
        )
        return
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if damaged:
        yield warn(
            "model cache", f"{damaged[0]} in {folder} is damaged.", "Nothing to do; the next start builds it again."
        )
    elif all(found):
        yield ok("model cache", f"The face encoders are built and undamaged, in {folder}.")
    elif not os.access(existing, os.W_OK):
        advice = "Allow writing to that folder; until then every start takes a second longer."
        yield warn("model cache", f"{folder} cannot be written.", advice)
    else:
        yield ok("model cache", f"Not every face encoder is built yet; the next start builds it, in {folder}.")


def check_trial(program: str = _TRIAL) -> Iterator[Check]:
    """Run every model once in another process, and see whether native libraries print, which would spoil the screen."""
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
        advice = "Nothing to do; the app writes these lines to its log file."
        yield warn(
            name, f"All models run, but a native library prints {plural(len(said), 'line')}: {said[0][:120]}", advice
        )
    else:
        yield ok(name, "Face detector, face mesh, both face encoders and emotion model run without a warning.")


def _whole(name: str, path: Path, sha256: str) -> Check:
    return ok(name, f"{path.name} is undamaged (SHA-256 {sha256[:12]}…).")
