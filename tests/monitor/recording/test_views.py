"""The recorder keeps the views that a name was given on, of those who agreed, as long as the settings say."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from db.engine import reading, writing
from db.observations import views
from db.people import consents
from db.records.people import Person
from monitor.domain import FaceView, Phase, Sighting
from monitor.recording.backlog import Backlog
from monitor.recording.journal import Journal, Seen
from monitor.vision.jpeg import decode_jpeg
from tests.monitor.recording.arrivals import AT, CIPHER, FACE, PORTRAIT, Record, seen

GREY = np.full_like(PORTRAIT, 128)


def with_views(sighting: Sighting) -> Sighting:
    return replace(sighting, views=tuple(FaceView(AT + timedelta(seconds=at), FACE, GREY) for at in range(3)))


@pytest.mark.parametrize(
    ("agreed", "settings", "kept"),
    [
        (True, {}, 3),
        (None, {}, 0),
        (None, {"consent": "assumed"}, 3),
        (False, {"consent": "assumed"}, 0),
        (True, {"keep_views_days": 0}, 0),
    ],
)
def test_views_are_kept_as_people_and_settings_allow(
    engine: Engine, ada: Person, record: Record, agreed: bool | None, settings: dict[str, object], kept: int
) -> None:
    if agreed is not None:
        with writing(engine) as session:
            consents.set_consent(session, ada.id, "face", agreed, at=AT, actor="test")
    arrival = with_views(seen(ada))
    record(arrival, **settings)
    with reading(engine) as session:
        found = views.pictures(session, CIPHER, arrival.id)
    assert len(found) == kept
    for view in found:
        picture = decode_jpeg(view.jpeg)
        assert picture is not None
        assert abs(int(picture.mean()) - 128) <= 1


def test_views_wait_until_the_face_is_live_and_are_written_once(engine: Engine, ada: Person, record: Record) -> None:
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "face", True, at=AT, actor="test")
    arrival = with_views(replace(seen(ada), live=False))
    record(arrival, replace(arrival, phase=Phase.NOT_LIVE))
    with reading(engine) as session:
        assert views.pictures(session, CIPHER, arrival.id) == []
    record(*[replace(arrival, phase=Phase.LIVE, live=True)] * 2)
    with reading(engine) as session:
        assert len(views.pictures(session, CIPHER, arrival.id)) == 3


def test_the_journal_keeps_the_entry_but_not_its_views(ada: Person, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "door.journal", CIPHER)
    backlog = Backlog(journal, trouble=pytest.fail)
    sighting = with_views(seen(ada))
    backlog.put(Seen(sighting, sighting.id))
    (waiting,) = backlog.waiting()
    assert isinstance(waiting.fact, Seen)
    assert waiting.fact.sighting.views, "what waits in memory keeps them"
    assert 0 < journal.file.stat().st_size < 20_000
    backlog.drop()
