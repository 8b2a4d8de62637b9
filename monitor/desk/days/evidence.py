"""The evidence for a name at the door, or for none, as it is shown and written to files."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from db.records.observations import SightingRecord
from monitor.domain import RgbImage
from monitor.files import write_atomically, write_folder
from monitor.vision.jpeg import encode_jpeg


@dataclass(frozen=True, slots=True)
class Score:
    """How like somebody the face was."""

    name: str | None
    """None for somebody who was erased since."""
    similarity: float
    """Of the encoders that were asked, joined where both were."""
    second: float | None = None
    """SFace's cosine alone."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What another threshold would have said."""

    target: float
    """The share of strangers that may be named."""
    threshold: float
    name: str | None
    """Who would have been named; None for nobody."""
    in_force: bool
    """Whether this is the target of the settings now."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture by which the name was given."""

    at: datetime
    picture: RgbImage | None
    """The aligned face; None when it is damaged."""


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """The evidence."""

    title: str
    """Who did what."""
    at: datetime
    kiosk: str
    sentence: str
    """The reason, in words."""
    method: str | None
    """face, pin or manual; None for a face that made no entry."""
    event: UUID | None
    sighting: SightingRecord | None
    """None for an entry by PIN or hand, and where the sighting is deleted."""
    best: Score | None
    runner_up: Score | None
    needed_lead: float
    """Lead over the runner-up that a name needs, by the settings now."""
    otherwise: tuple[Otherwise, ...]
    """The strictest first."""
    named_down_to: float | None
    """Up to which threshold the name would be given: the best similarity, where the runner-up is far enough."""
    enrolled: int
    """Images of the most similar person now."""
    pictures: tuple[Seen, ...]
    kept_until: datetime | None
    """When the pictures are deleted; None without pictures."""
    voided: bool
    notes: tuple[str, ...]
    """What else is known: reasons of the desk, turns of the head that did not come."""

    def record(self) -> dict[str, Any]:
        """For JSON."""
        seen = self.sighting
        return {
            "event": str(self.event) if self.event else None,
            "sighting": str(seen.id) if seen else None,
            "at": self.at.isoformat(timespec="seconds"),
            "kiosk": self.kiosk,
            "what": self.title,
            "why": self.sentence,
            "method": self.method,
            "voided": self.voided,
            "encoders": (seen.encoders or "dlib") if seen else None,
            "frames": seen.frames if seen else None,
            "threshold": round(seen.threshold, 4) if seen else None,
            "best": _score(self.best),
            "runner_up": _score(self.runner_up),
            "needed_lead": round(self.needed_lead, 4),
            "otherwise": [
                {"target_fpir": one.target, "threshold": round(one.threshold, 4), "person": one.name}
                for one in self.otherwise
            ],
            "enrolled_images": self.enrolled,
            "pictures": [one.at.isoformat(timespec="seconds") for one in self.pictures],
            "pictures_until": self.kept_until.isoformat(timespec="seconds") if self.kept_until else None,
            "notes": list(self.notes),
        }


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    second = None if score.second is None else round(score.second, 4)
    return {"person": score.name, "similarity": round(score.similarity, 4), "second_similarity": second}


def write_why(why: Why, file: Path) -> Path:
    """Write the evidence, without its pictures, to a JSON file. Raises: MusterError. Returns the file."""
    write_atomically(file, f"{json.dumps(why.record(), ensure_ascii=False, indent=2)}\n".encode())
    return file


def write_pictures(why: Why, folder: Path) -> list[Path]:
    """Write the kept pictures as JPEG files that only their owner can read, and return the files.

    Raises:
        MusterError: the folder or a file cannot be written.
    """
    return write_folder(
        folder,
        (
            (f"{number}-{one.at:%Y%m%d-%H%M%S}.jpg", encode_jpeg(one.picture))
            for number, one in enumerate(why.pictures, start=1)
            if one.picture is not None
        ),
    )
