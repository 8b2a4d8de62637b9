"""Puts a kiosk together: database, models, source and settings."""

from collections.abc import Callable

import cv2
import numpy as np
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from monitor.config import Settings
from monitor.domain import Box, Face, KioskEvent, Scene
from monitor.pipeline.consensus import FlowSettings
from monitor.pipeline.gallery_loader import load_people
from monitor.pipeline.kiosk import Kiosk
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.pipeline import VisionFlow
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.recording.candidates import Assess, CandidateSelector
from monitor.recording.recorder import Recorder
from monitor.sources.folder import FolderSource
from monitor.sources.source import FrameSource
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import EmotionModel
from monitor.vision.encoder import ENCODER_NAME, FaceEncoder
from monitor.vision.face_quality import thumbnail
from monitor.vision.liveness.face_mesh import FaceMesh


def open_kiosk(
    settings: Settings,
    engine: Engine,
    cipher: TemplateCipher,
    source: FrameSource,
    *,
    publish_scene: Callable[[Scene], None],
    publish_event: Callable[[KioskEvent], None],
    assess: Assess | None = None,
    fail_fast: bool = False,
) -> Kiosk:
    """A kiosk on a database, as the settings want it; not started yet.

    Args:
        assess: the quality gate of enrolment, for template adaptation; None leaves templates as they are.

    Raises:
        DatabaseError: the database cannot be written, or its templates belong to another key.
    """
    recorder = Recorder(engine, cipher, settings, publish=publish_event)
    candidates = CandidateSelector(ENCODER_NAME, assess, recorder.offer) if assess and settings.grow_templates else None
    mode = settings.liveness_of(live=source.live)
    detector = DetectorPrefetch(lambda: FaceDetector(settings.detector))

    def open_flow() -> VisionFlow:
        # Frames are small: OpenCV's threads cost more than they save, most of all on busy cores.
        cv2.setNumThreads(1)
        enrolled = load_people(engine, cipher, settings)
        encoder = FaceEncoder(settings.encoder)
        emotions = None if settings.mood == "off" else EmotionModel()
        _warm_up(detector, encoder, emotions)
        return VisionFlow(
            encoder,
            emotions,
            enrolled,
            FlowSettings(
                min_face=settings.min_face,
                mood_confidence=settings.mood_confidence,
                mood_every_seconds=settings.mood_every_seconds,
                min_views=1 if isinstance(source, FolderSource) else 3,
            ),
            candidates=candidates,
            liveness=LivenessCheck(mode, None if mode == "off" else FaceMesh()),
        )

    return Kiosk(
        source,
        detector,
        open_flow,
        recorder,
        publish_scene=publish_scene,
        publish_event=publish_event,
        fail_fast=fail_fast,
    )


def _warm_up(detector: DetectorPrefetch, encoder: FaceEncoder, emotions: EmotionModel | None) -> None:
    """Run everything once on a black picture: the first use loads files and takes ten times as long as the next."""
    picture = np.zeros((480, 640, 3), np.uint8)
    face = Face(Box(270, 190, 100, 100), 1.0)
    detector.submit(picture).result()
    encoder.embed(face_chip(picture, face)[None])
    if emotions is not None:
        emotions.predict(mood_crop(picture, face)[None])
    look = thumbnail(picture, face)
    _ = look @ look
