"""Kiosk events as lines for people and as JSON."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from monitor.domain import Candidate, EventKind, KioskEvent, MoodScores
from monitor.text import printable

_WORDS = {
    EventKind.SIGHTING: "seen",
    EventKind.CHECK_IN: "checked in",
    EventKind.CHECK_OUT: "checked out",
    EventKind.UNKNOWN: "unknown",
    EventKind.NOT_LIVE: "not live",
    EventKind.SOURCE_LOST: "picture lost",
    EventKind.SOURCE_BACK: "picture back",
}


_TOLD: Final = (EventKind.NOT_LIVE, EventKind.SOURCE_LOST, EventKind.SOURCE_BACK)
"""Kinds whose sentence stands in the line."""


def as_json(event: KioskEvent) -> dict[str, Any]:
    """The event as the JSON object that `--json` prints."""
    record: dict[str, Any] = {"event": event.kind.value, "at": event.at.isoformat(), "person": event.name}
    if event.track is not None:
        record |= {"track": event.track, "similarity": rounded(event.similarity)}
        record |= {"second_similarity": rounded(event.second_similarity), "threshold": rounded(event.threshold)}
        record["runner_up"] = candidate_as_json(event.runner_up)
        record["mood"] = mood_as_json(event.mood)
    if event.text:
        record["text"] = event.text
    return record


def candidate_as_json(one: Candidate | None) -> dict[str, Any] | None:
    """Somebody enrolled and how like the face they are, by both encoders and by SFace alone; None for nobody."""
    if one is None:
        return None
    similarities = {"similarity": rounded(one.similarity), "second_similarity": rounded(one.second_similarity)}
    return {"person": one.name, **similarities}


def mood_as_json(mood: MoodScores | None) -> Mapping[str, Any] | None:
    """Label, scores (probabilities of the seven moods) and, where the face cannot be judged, why, with scores of 0.

    None where no mood was estimated.
    """
    if mood is None:
        return None
    scores = {name: round(score, 4) for name, score in mood.by_name().items()}
    return {"label": mood.label, "scores": scores, **({"unclear": mood.unclear} if mood.unclear else {})}


def rounded(value: float | None) -> float | None:
    """Rounded to four decimals, for JSON."""
    return None if value is None else round(value, 4)


def as_line(event: KioskEvent, zone: tzinfo) -> str:
    """The event as one line for people, plain text."""
    parts = [f"{event.at.astimezone(zone):%H:%M:%S}", f"{_WORDS[event.kind]:<13}"]
    if event.name:
        parts.append(printable(event.name))
    if event.similarity is not None:
        parts.append(f"similarity {event.similarity:.2f}")
    if event.mood is not None:
        parts.append(event.mood.label)
    if event.text and (event.asks or event.kind in _TOLD):
        parts.append(printable(event.text))
    return "  ".join(parts)
