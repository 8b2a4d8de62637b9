"""Trials of liveness at this very camera: people and pictures of them are presented, and the errors are counted.

The rates are those of ISO/IEC 30107-3: APCER and BPCER of the liveness check on what was recognised, and of the whole
door IAPAR (attacks let in), FRR (people not let in) and RIAPAR = IAPAR + FRR. Nothing is written anywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from enroll.evaluation.rates import Rate
from monitor.config import Settings
from monitor.domain import Phase, Question
from monitor.pipeline.gallery_loader import load_people
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.open_kiosk import flow_settings
from monitor.pipeline.pipeline import VisionFlow
from monitor.sources.capture import Capture
from monitor.sources.source import FrameSource
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.face_mesh import FaceMesh

PERSON: Final = "a living person"
ARTEFACTS: Final = (
    "a printed photograph, held flat",
    "a printed photograph, bent round",
    "a telephone with a photograph",
    "a tablet or monitor with a photograph",
    "a telephone or tablet with a film",
)
"""Kinds of artefact ("presentation attack instrument species")."""
PATIENCE: Final = 20.0
"""Seconds that a presentation lasts at most."""


class Result(StrEnum):
    """What the door made of a presentation."""

    LET_IN = "let_in"
    REFUSED = "refused"
    """Recognised, and not let in."""
    NOT_RECOGNISED = "not_recognised"


@dataclass(frozen=True, slots=True)
class Presentation:
    """One person or artefact before the camera."""

    kind: str
    """`PERSON`, or one of `ARTEFACTS`."""
    result: Result
    person: str | None
    """Who was recognised."""
    evidence: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class KindRates:
    """The errors on one kind of presentation."""

    kind: str
    classified: Rate
    """On what was recognised: of artefacts those called live (APCER), of people those called not live (BPCER)."""
    door: Rate
    """Of all: of artefacts those let in (IAPAR), of people those not let in (FRR)."""
    riapar: float | None
    """IAPAR + FRR; None for people, and where nobody living was presented."""

    def record(self) -> dict[str, Any]:
        names = ("bpcer", "frr") if self.kind == PERSON else ("apcer", "iapar")
        rates = {
            name: {"value": rate.value if rate.trials else None, "trials": rate.trials, "interval": rate.interval}
            for name, rate in zip(names, (self.classified, self.door), strict=True)
        }
        return {"kind": self.kind, **rates, "riapar": self.riapar}


class LivenessTrials:
    """The door's models and gallery, for one presentation after the other."""

    def __init__(self, engine: Engine, cipher: TemplateCipher, settings: Settings) -> None:
        """
        Raises:
            DatabaseError: the database cannot be read.
            ModelError: a model is missing or damaged.
        """
        self._people = load_people(engine, cipher, settings)
        self._detector, self._encoder = FaceDetector(settings.detector), FaceEncoder()
        self._mesh = FaceMesh()
        self._settings = flow_settings(settings)

    @property
    def people(self) -> int:
        """Who can be recognised."""
        return len(self._people.gallery)

    def present(self, kind: str, source: FrameSource, ask: Callable[[Question | None], None]) -> Presentation:
        """Watch until somebody is let in or refused, the source ends, or `PATIENCE` is over. It blocks.

        Args:
            source: not opened yet.
            ask: is told what the door asks, whenever that changes.

        Raises:
            SourceError: the camera or file cannot be read.
        """
        flow = VisionFlow(self._encoder, None, self._people, self._settings, liveness=LivenessCheck("ask", self._mesh))
        capture = Capture(source, on_lost=lambda _: None, on_back=lambda: None, fail_fast=True)
        asked: Question | None = None
        name: str | None = None
        capture.start()
        try:
            while not capture.ended:
                frame = capture.next(timeout=0.5)
                if frame is None:
                    continue
                observations, sightings = flow.process(frame, self._detector.detect(frame.rgb))
                question = next((one.question for one in observations if one.question is not None), None)
                if question is not asked:
                    asked = question
                    ask(question)
                for sighting in sightings:
                    name = sighting.match.person.name if sighting.match.person else name
                    if sighting.phase in (Phase.LIVE, Phase.NOT_LIVE):
                        result = Result.LET_IN if sighting.live else Result.REFUSED
                        return Presentation(kind, result, name, sighting.evidence or {})
                if frame.seconds > PATIENCE:
                    break
        finally:
            capture.stop()
        return Presentation(kind, Result.REFUSED if name else Result.NOT_RECOGNISED, name, {})


def rates(presentations: Sequence[Presentation]) -> list[KindRates]:
    """The errors of each kind that was presented, people first."""
    living = [one.result for one in presentations if one.kind == PERSON]
    frr = Rate(sum(one is not Result.LET_IN for one in living), len(living))
    found = []
    for kind in (PERSON, *ARTEFACTS):
        results = [one.result for one in presentations if one.kind == kind]
        wrong = Result.REFUSED if kind == PERSON else Result.LET_IN
        recognised = sum(one is not Result.NOT_RECOGNISED for one in results)
        classified = Rate(results.count(wrong), recognised)
        door = frr if kind == PERSON else Rate(results.count(Result.LET_IN), len(results))
        riapar = None if kind == PERSON or not living else door.value + frr.value
        if results:
            found.append(KindRates(kind, classified, door, riapar))
    return found
