"""What `kiosk --json` says of an event."""

from datetime import UTC, datetime
from uuid import UUID

from monitor.cli.events import as_json
from monitor.domain import Candidate, EventKind, KioskEvent

AT = datetime(2026, 11, 26, 8, tzinfo=UTC)


def test_an_entry_says_how_sure_the_door_was_and_who_was_next() -> None:
    bela = Candidate(UUID(int=2), "Bela", 0.61234, 0.31)
    event = KioskEvent(
        EventKind.CHECK_IN, AT, name="Ada", track=3, similarity=0.8, second_similarity=0.7, threshold=0.66,
        runner_up=bela,
    )  # fmt: skip
    told = as_json(event)
    assert (told["similarity"], told["second_similarity"], told["threshold"]) == (0.8, 0.7, 0.66)
    assert told["runner_up"] == {"person": "Bela", "similarity": 0.6123, "second_similarity": 0.31}


def test_the_only_person_enrolled_has_no_runner_up() -> None:
    assert as_json(KioskEvent(EventKind.UNKNOWN, AT, track=3))["runner_up"] is None
