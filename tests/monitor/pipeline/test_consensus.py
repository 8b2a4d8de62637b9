"""What the views of one track say together: when a name is given, doubted, kept, or not given."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitor.domain import Box, Candidate, Embedding, Match, Phase, Track
from monitor.pipeline.consensus import Consensus
from monitor.pipeline.tracker import TrackUpdate
from tests.monitor.stage import START, frontal, mood_of, near, person_id, unit_vector

RANDOM = np.random.default_rng(6)
ADA = unit_vector(RANDOM)
CHIP = np.zeros((150, 150, 3), np.uint8)
LOOK = np.eye(256, dtype=np.float32)[0]
OTHER_LOOK = np.eye(256, dtype=np.float32)[1]


def track(seconds: float, *, width: float = 80, hits: int = 1) -> Track:
    return Track(7, frontal(Box(0, 0, width, width)), hits, 0.0, seconds)


def match(similarity: float, *, threshold: float = 0.95, accepted: bool | None = None, name: str = "Ada") -> Match:
    best = Candidate(person_id(name), name, similarity)
    return Match(best, None, threshold, similarity >= threshold if accepted is None else accepted)


CLEAR, SCANT, NOBODY = match(0.98), match(0.957), match(0.90)


def seen(views: int, answer: Match | None, *, every: float = 0.1) -> Consensus:
    """A track with this many views, all of Ada, to which the gallery gave this answer."""
    consensus = Consensus(track(0.0), START, START)
    for view in range(views):
        now = view * every
        consensus.see(TrackUpdate(track(now, hits=view + 1), doubtful=False), START + timedelta(seconds=now), LOOK)
        consensus.add_view(ADA, CHIP, LOOK, now)
        consensus.match = answer
    return consensus


def at(
    consensus: Consensus,
    seconds: float,
    *,
    look: np.ndarray = LOOK,
    doubtful: bool = False,
    returned: bool = False,
    width: float = 80,
) -> Consensus:
    """The same face, seen later."""
    update = TrackUpdate(track(seconds, width=width), doubtful, returned)
    consensus.see(update, START + timedelta(seconds=seconds), look)
    return consensus


def views() -> Iterator[Embedding]:
    while True:
        yield near(ADA, 0.98, RANDOM)


def test_every_track_is_a_sighting_of_its_own() -> None:
    assert seen(1, None).id != seen(1, None).id


@pytest.mark.parametrize(("count", "phase"), [(1, None), (2, Phase.OPENED)])
def test_a_clear_match_needs_two_views(count: int, phase: Phase | None) -> None:
    assert seen(count, CLEAR).due(0.2, mood_every=5) is phase


@pytest.mark.parametrize(("count", "phase"), [(1, None), (2, None), (3, Phase.OPENED)])
def test_a_match_just_above_the_threshold_needs_three(count: int, phase: Phase | None) -> None:
    assert seen(count, SCANT).due(0.3, mood_every=5) is phase


def test_a_face_that_was_not_compared_with_the_gallery_is_not_told() -> None:
    consensus = seen(5, None)
    assert consensus.due(9, mood_every=5) is None
    with pytest.raises(ValueError, match="compared"):
        consensus.tell(Phase.OPENED, 9, 0.5)


def test_an_unknown_face_is_told_after_one_and_a_half_seconds() -> None:
    consensus = seen(4, NOBODY, every=0.5)
    assert consensus.due(1.45, mood_every=5) is None
    assert consensus.due(1.5, mood_every=5) is Phase.OPENED


def test_an_unknown_face_needs_four_views_however_long_it_is_there() -> None:
    assert seen(3, NOBODY).due(60, mood_every=5) is None


def test_a_match_that_may_still_become_a_name_is_not_told_as_unknown() -> None:
    consensus = seen(2, SCANT)
    consensus.views = 2
    assert consensus.due(10, mood_every=5) is None


def test_nothing_is_shown_before_it_is_told() -> None:
    consensus = seen(3, CLEAR)
    assert consensus.shown is None
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert consensus.shown is CLEAR


def test_an_unknown_face_that_becomes_clear_is_named_later_and_once() -> None:
    consensus = seen(4, NOBODY, every=0.5)
    consensus.tell(Phase.OPENED, 1.5, 0.5)
    assert consensus.shown is NOBODY
    consensus.match = CLEAR
    assert consensus.due(2, mood_every=5) is Phase.IDENTIFIED
    sighting = consensus.tell(Phase.IDENTIFIED, 2, 0.5)
    assert (sighting.match, sighting.embedding, sighting.portrait) == (CLEAR, None, None)
    assert consensus.due(2.1, mood_every=5) is None


def test_an_unknown_face_is_not_named_by_a_match_that_is_not_clear() -> None:
    """Neither as identified, nor silently with the next mood, nor on the screen, nor when it leaves."""
    consensus = seen(4, NOBODY, every=0.5)
    consensus.tell(Phase.OPENED, 1.5, 0.5)
    consensus.match = SCANT
    assert consensus.due(2, mood_every=5) is None
    assert consensus.due(7, mood_every=5) is Phase.CONTINUED
    assert consensus.tell(Phase.CONTINUED, 7, 0.5).match.person is None
    assert consensus.shown is None or consensus.shown.person is None
    assert consensus.due_at_end(min_views=3) == (Phase.CLOSED,)
    assert consensus.tell(Phase.CLOSED, 8, 0.5).match.person is None


def test_a_name_once_told_stays() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert consensus.tell(Phase.CONTINUED, 6, 0.5).match is CLEAR
    assert consensus.tell(Phase.CLOSED, 7, 0.5).match is CLEAR


def test_somebody_who_stays_is_told_again_every_few_seconds() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert consensus.due(5.2, mood_every=5) is None
    assert consensus.due(5.3, mood_every=5) is Phase.CONTINUED
    consensus.tell(Phase.CONTINUED, 5.3, 0.5)
    assert consensus.due(10.2, mood_every=5) is None
    assert consensus.due(10.3, mood_every=5) is Phase.CONTINUED


@pytest.mark.parametrize(
    ("consensus", "phases"),
    [
        (seen(0, None), ()),
        (seen(2, NOBODY), ()),
        (seen(3, NOBODY), (Phase.OPENED, Phase.CLOSED)),
        (seen(1, SCANT), (Phase.OPENED, Phase.CLOSED)),
    ],
    ids=["never looked at", "unknown, too few views", "unknown, enough views", "known"],
)
def test_what_leaves_before_it_was_told_is_told_at_the_end(consensus: Consensus, phases: tuple[Phase, ...]) -> None:
    assert consensus.due_at_end(min_views=3) == phases


def test_a_match_that_needs_no_lead_at_the_end_needs_one_in_view_where_it_is_looked_at_often() -> None:
    in_view, left = seen(4, match(0.953)), seen(4, match(0.953))
    assert in_view.due(1.0, mood_every=5) is None
    assert not in_view.tell(Phase.OPENED, 1.6, 0.5).match.accepted
    assert left.due_at_end(min_views=3) == (Phase.OPENED, Phase.CLOSED)
    assert left.tell(Phase.OPENED, 1.0, 0.5).match.accepted


def test_what_was_told_is_only_closed_at_the_end() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert consensus.due_at_end(min_views=3) == (Phase.CLOSED,)


def test_another_look_hides_the_name_until_an_embedding_shows_who_it_is() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    at(consensus, 0.4, look=OTHER_LOOK)
    assert consensus.shown is None
    assert consensus.wants_view(0.5)
    consensus.add_view(next(views()), CHIP, OTHER_LOOK, 0.5)
    assert consensus.shown is CLEAR


def test_doubt_hides_the_name_once_the_last_view_is_a_moment_ago() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert at(consensus, 0.3, doubtful=True).shown is CLEAR
    assert at(consensus, 0.6, doubtful=True).shown is None


@pytest.mark.parametrize(("width", "name_stays"), [(95, True), (105, False), (60, False)])
def test_a_face_at_another_distance_is_doubted(width: float, name_stays: bool) -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.3, 0.5)
    assert (at(consensus, 0.6, width=width).shown is CLEAR) == name_stays


def test_a_face_that_was_out_of_view_has_no_name_until_it_is_looked_at_however_short_ago_the_last_view_was() -> None:
    consensus = seen(3, CLEAR)
    consensus.tell(Phase.OPENED, 0.2, 0.5)
    at(consensus, 0.35, returned=True)
    assert consensus.shown is None
    assert consensus.wants_view(0.35)


def test_in_doubt_nothing_is_told_and_no_mood_is_taken() -> None:
    consensus = at(seen(3, CLEAR), 0.6, look=OTHER_LOOK)
    assert consensus.due(9, mood_every=5) is None
    assert not consensus.wants_mood(9, 0.2)


def test_an_embedding_of_the_same_person_fits_and_of_another_does_not() -> None:
    consensus = Consensus(track(0.0), START, START)
    stranger = near(ADA, 0.85, RANDOM)
    assert consensus.fits(stranger)
    for now in range(5):
        consensus.add_view(next(views()), CHIP, LOOK, now)
    assert all(consensus.fits(one) for one, _ in zip(views(), range(20), strict=False))
    assert not consensus.fits(stranger)


def test_a_new_track_wants_every_view_then_fewer_and_a_named_one_only_one_a_second() -> None:
    assert all(seen(count, NOBODY).wants_view(count * 0.1) for count in (0, 1, 2))
    undecided = seen(3, NOBODY)
    assert (undecided.wants_view(0.5), undecided.wants_view(0.65)) == (False, True)
    named = seen(3, CLEAR)
    named.tell(Phase.OPENED, 0.3, 0.5)
    assert (named.wants_view(1.1), named.wants_view(1.25)) == (False, True)
    unknown = seen(4, NOBODY, every=0.5)
    unknown.tell(Phase.OPENED, 1.5, 0.5)
    assert (unknown.wants_view(2.4), unknown.wants_view(2.55)) == (False, True)


def test_larger_faces_count_for_more_and_several_views_for_more_than_one() -> None:
    consensus = Consensus(track(0.0, width=80), START, START)
    large, small = unit_vector(RANDOM), unit_vector(RANDOM)
    consensus.add_view(large, CHIP, LOOK, 0.0)
    consensus.track = track(0.1, width=20)
    consensus.add_view(small, CHIP, LOOK, 0.1)
    assert consensus.fused == pytest.approx((large + small / 4) / 1.25, abs=1e-5)


def test_views_that_differ_make_a_shorter_mean() -> None:
    """The gallery reads from the length how much the views agree."""
    consensus = Consensus(track(0.0), START, START)
    for view, _ in zip(views(), range(8), strict=False):
        consensus.add_view(view, CHIP, LOOK, 0.0)
    assert 0.95 < float(np.linalg.norm(consensus.fused)) < 0.995


def test_the_mood_is_the_mean_since_the_last_sighting() -> None:
    consensus = seen(3, CLEAR)
    for moment, happy in enumerate((1.0, 0.5)):
        consensus.add_mood(np.array(mood_of(happy=happy), np.float32), moment)
    mood = consensus.tell(Phase.OPENED, 0.3, 0.5).mood
    assert mood is not None
    assert mood.label == "happy"
    assert mood.by_name()["happy"] == pytest.approx(0.75)
    assert consensus.mood(0.5) is None
    consensus.add_mood(np.array(mood_of(sad=0.9), np.float32), 2)
    later = consensus.tell(Phase.CONTINUED, 6, 0.5).mood
    assert later is not None
    assert later.label == "sad"


def test_a_mood_that_changes_too_much_is_unsure() -> None:
    consensus = seen(3, CLEAR)
    for emotion in ("happy", "sad", "angry"):
        consensus.add_mood(np.array(mood_of(**{emotion: 1.0}), np.float32), 0.0)
    mood = consensus.mood(0.45)
    assert mood is not None
    assert mood.label == "unsure"


def test_the_mood_is_looked_at_no_more_often_than_asked() -> None:
    consensus = seen(3, CLEAR)
    assert consensus.wants_mood(0.0, 0.2)
    consensus.add_mood(np.array(mood_of(happy=1.0), np.float32), 0.0)
    assert not consensus.wants_mood(0.1, 0.2)
    assert consensus.wants_mood(0.2, 0.2)


def test_only_a_face_that_nobody_knows_carries_its_embedding_and_picture() -> None:
    unknown = seen(4, NOBODY).tell(Phase.OPENED, 2, 0.5)
    assert unknown.embedding == pytest.approx(ADA, abs=1e-5)
    assert unknown.portrait is CHIP
    known = seen(4, CLEAR).tell(Phase.OPENED, 2, 0.5)
    assert (known.embedding, known.portrait) == (None, None)


def test_a_sighting_says_since_when_until_when_and_in_how_many_frames() -> None:
    consensus = seen(4, CLEAR, every=0.5)
    consensus.see(TrackUpdate(replace(track(2.0), hits=31), doubtful=False), START + timedelta(seconds=2), LOOK)
    sighting = consensus.tell(Phase.OPENED, 2, 0.5)
    assert sighting.first_at == START
    assert sighting.last_at == START + timedelta(seconds=2)
    assert (sighting.track, sighting.frames, sighting.id) == (7, 31, consensus.id)
