"""What a door remembers of its last rounds: it sends what is new, and asks the other side about nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, event, select

from db.attendance import kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.forwarding.follow import follow
from db.forwarding.observations import Sent
from db.forwarding.send import Forwarded, forward, send_news
from db.ids import new_id
from db.observations import moods, sightings
from db.people import people
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.schema.moods import MoodRow
from tests.db.doors import CIPHER, HAPPY, Door


def test_what_was_sent_is_not_asked_about_again_and_what_changed_is_sent(
    engine: Engine, door: Door, at: datetime
) -> None:
    ada = door.enrol("Ada")
    seen = door.see(ada)
    sent = Sent(at)
    first = forward(door.engine, engine, now=at, since=at, sent=sent)
    assert (first.events, first.sightings, first.moods) == (1, 1, 1)
    assert first.known is not None
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert send_news(door.engine, engine, first.known, sent, events=False) == Forwarded()
    assert asked == []
    with writing(door.engine) as session:
        sightings.extend(session, seen, last_at=at + timedelta(minutes=5), frames=99)
        moods.add(session, door.kiosk, MoodSample(at, ada, seen, "Team", None, "happy", HAPPY))
    door.see(ada, 1)
    news = send_news(door.engine, engine, first.known, sent, events=True)
    assert news == Forwarded(events=1, sightings=1, changed=1, moods=2)
    with reading(engine) as session:
        assert {one.frames for one in sightings.between(session, at, at + timedelta(days=1))} == {3, 99}


def test_a_kiosk_that_is_new_in_the_database_sends_at_once(engine: Engine, door: Door, at: datetime) -> None:
    ada, sent = door.enrol("Ada"), Sent(at)
    site = TemplateCipher(b"s" * 32)
    first = follow(door.engine, engine, CIPHER, site, now=at, since=at, sent=sent)
    with writing(door.engine) as session:
        door.kiosk = kiosks.register(session, "back", site="main", role="auto", time_zone="UTC", at=at).id
    door.see(ada)
    again = follow(door.engine, engine, CIPHER, site, now=at, since=at, sent=sent, before=first.heads)
    assert (again.sent.events, again.sent.sightings) == (1, 1)


def test_moods_of_who_is_named_later_and_refuses_them_are_taken_back(engine: Engine, door: Door, at: datetime) -> None:
    """Whichever round sent them: one that compared everything, or one that sent news only."""
    with writing(door.engine) as session:
        ada = people.add_person(session, "Ada", at=at, actor="test").id
    sent = Sent(at)
    for since in (None, at):
        seen = SightingRecord(new_id(), door.kiosk, 1, at, at, 3, None, None, None, None, None, 0.5)
        with writing(door.engine) as session:
            sightings.add(session, CIPHER, seen)
            moods.add(session, door.kiosk, MoodSample(at, None, seen.id, None, None, "happy", HAPPY))
        first = forward(door.engine, engine, now=at, since=since, sent=sent)
        assert first.moods == 1
        assert first.known is not None
        with writing(door.engine) as session:
            sightings.identify(session, replace(seen, person=ada))
            moods.discard(session, seen.id)
        assert send_news(door.engine, engine, first.known, sent, events=False).moods_deleted == 1
        with reading(engine) as session:
            assert session.scalars(select(MoodRow.id)).all() == []


def test_what_is_older_is_forgotten(engine: Engine, door: Door, at: datetime) -> None:
    sent = Sent(at)
    door.see(None)
    forward(door.engine, engine, now=at, since=at, sent=sent)
    sent.forget(at)
    assert (len(sent.sightings), len(sent.moods)) == (1, 1)
    sent.forget(at + timedelta(seconds=1))
    assert (len(sent.sightings), len(sent.moods)) == (0, 0)
