"""Puts a kiosk together: database, models, source and settings."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.migrate import where
from monitor.config import DATA_FOLDER, Settings
from monitor.domain import Box, Face, KioskEvent, Scene
from monitor.pipeline.consensus import FlowSettings
from monitor.pipeline.gallery_loader import PeopleLoader
from monitor.pipeline.kiosk import Kiosk
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.pipeline import VisionFlow
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.pipeline.search_plan import Search, SearchPlan
from monitor.recording.candidates import Assess, CandidateSelector
from monitor.recording.journal import Journal, journal_file
from monitor.recording.recorder import Recorder
from monitor.sources.folder import FolderSource
from monitor.sources.source import FrameSource
from monitor.sources.turned import turned
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import EmotionModel
from monitor.vision.encoder import ENCODER_NAME, FaceEncoder
from monitor.vision.face_mesh import FaceMesh
from monitor.vision.face_quality import thumbnail
from monitor.vision.second_encoder import SecondEncoder, align

logger = logging.getLogger(__name__)

_THREADS = min(2, os.cpu_count() or 1)
"""Threads of each network: a view of a face must not take longer than the detector takes for the next frames."""


def open_kiosk(
    settings: Settings,
    engine: Engine,
    cipher: TemplateCipher,
    source: FrameSource,
    *,
    publish_scene: Callable[[Scene], None],
    publish_event: Callable[[KioskEvent], None],
    assess: Assess | None = None,
    registered: Callable[[], object] = lambda: None,
    fail_fast: bool = False,
    older: Sequence[TemplateCipher] = (),
) -> Kiosk:
    """A kiosk on a database, as the settings want it; not started yet.

    Args:
        older: of keys before this one, for what waited in the journal while the key was changed.
        assess: the quality gate of enrolment, for template adaptation; None leaves templates as they are.
        registered: called once the database could be written; see `Recorder`.

    Raises:
        DatabaseError: the database cannot be written, or its templates belong to another key.
    """
    journal = _open_journal(settings, engine, cipher, older)
    recorder = Recorder(engine, cipher, settings, publish=publish_event, journal=journal, registered=registered)
    candidates = CandidateSelector(ENCODER_NAME, assess, recorder.offer) if assess and settings.grow_templates else None
    mode = settings.liveness_of(live=source.live)
    people = PeopleLoader(engine, cipher, settings)
    detector = DetectorPrefetch(lambda: FaceDetector(settings.detector))

    def open_flow() -> VisionFlow:
        # Frames are small: OpenCV's threads cost more than they save, most of all on busy cores.
        cv2.setNumThreads(1)
        enrolled = people.load()
        # Loading a model takes twice its size for a moment, so the largest comes first.
        second = None if settings.encoder == "dlib" else SecondEncoder(threads=_THREADS)
        encoder = FaceEncoder(threads=_THREADS)
        emotions = None if settings.mood == "off" else EmotionModel(threads=_THREADS)
        _warm_up(detector, encoder, second, emotions)
        return VisionFlow(
            encoder,
            emotions,
            enrolled,
            flow_settings(settings, min_views=1 if isinstance(source, FolderSource) else 3),
            second=second,
            candidates=candidates,
            liveness=LivenessCheck(mode, None if mode == "off" else FaceMesh()),
        )

    return Kiosk(
        turned(source, settings.rotate),
        detector,
        open_flow,
        recorder,
        publish_scene=publish_scene,
        publish_event=publish_event,
        load_people=people.load,
        plan=SearchPlan(every_frame=isinstance(source, FolderSource), small=settings.detector == "blazeface"),
        fail_fast=fail_fast,
    )


def flow_settings(settings: Settings, *, min_views: int = 3) -> FlowSettings:
    """What the pipeline needs of all settings.

    Args:
        min_views: good views that an unknown face needs to be kept as a visitor.
    """
    return FlowSettings(settings.min_face, settings.mood_confidence, settings.mood_every_seconds, min_views)


def _open_journal(
    settings: Settings, engine: Engine, cipher: TemplateCipher, older: Sequence[TemplateCipher]
) -> Journal | None:
    """The journal beside a SQLite file, else in the user's data folder; None where no file can be made."""
    database = where(engine)
    folder = Path(database).absolute().parent if engine.dialect.name == "sqlite" else DATA_FOLDER
    try:
        return Journal(journal_file(folder, database, settings.kiosk), cipher, older)
    except OSError as error:
        logger.warning("No journal can be made in %s (%s); entries wait in memory only.", folder, error.strerror)
        return None


def _warm_up(
    detector: DetectorPrefetch, encoder: FaceEncoder, second: SecondEncoder | None, emotions: EmotionModel | None
) -> None:
    """Run everything once on a black picture: the first use loads files and takes ten times as long as the next."""
    picture = np.zeros((480, 640, 3), np.uint8)
    face = Face(Box(270, 190, 100, 100), 1.0)
    detector.submit(picture, Search((), 0.0, everywhere=True)).result()
    encoder.embed(face_chip(picture, face)[None])
    if second is not None:
        second.embed(align(picture, face)[None])
    if emotions is not None:
        emotions.predict(mood_crop(picture, face)[None])
    look = thumbnail(picture, face)
    _ = look @ look
