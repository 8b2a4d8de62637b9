"""What the views of one track say together: when a name is given, doubted, kept, or not given."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitor.domain import Box, Candidate, Embedding, Match, MoodScores, Phase, Question, Sighting, Track, Unclear
from monitor.pipeline.consensus import Consensus
from monitor.pipeline.liveness import TrackLiveness
from monitor.pipeline.tracker import TrackUpdate
from monitor.vision.matching.gallery import Enrolled, GalleryEntry
from tests.monitor.stage import FLOW, START, frontal, gallery_of, mood_of, near, person_id, unit_vector

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
    consensus = new()
    for view in range(views):
        now = view * every
        consensus.see(TrackUpdate(track(now, hits=view + 1), doubtful=False), START + timedelta(seconds=now), LOOK)
        consensus.add_view(ADA, CHIP)
        consensus.match = answer
    return consensus


def new(*, width: float = 80) -> Consensus:
    return Consensus(track(0.0, width=width), START, Enrolled(gallery_of([]), frozenset()), FLOW)


def phases(told: list[Sighting]) -> list[Phase]:
    return [sighting.phase for sighting in told]


def shown(consensus: Consensus) -> Match | None:
    return consensus.observation.match


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


@pytest.mark.parametrize(("count", "told"), [(1, []), (2, [Phase.OPENED])])
def test_a_clear_match_needs_two_views(count: int, told: list[Phase]) -> None:
    assert phases(at(seen(count, CLEAR), 0.2).decide()) == told


@pytest.mark.parametrize(("count", "told"), [(1, []), (2, []), (3, [Phase.OPENED])])
def test_a_match_just_above_the_threshold_needs_three(count: int, told: list[Phase]) -> None:
    assert phases(at(seen(count, SCANT), 0.3).decide()) == told


def test_a_face_that_was_not_compared_with_the_gallery_is_not_told() -> None:
    consensus = at(seen(5, None), 9)
    assert consensus.decide() == []
    assert consensus.end() == []


def test_an_unknown_face_is_told_after_one_and_a_half_seconds() -> None:
    consensus = seen(4, NOBODY, every=0.45)
    assert at(consensus, 1.45).decide() == []
    assert phases(at(consensus, 1.5).decide()) == [Phase.OPENED]


def test_an_unknown_face_needs_four_views_however_long_it_is_there() -> None:
    assert at(seen(3, NOBODY), 60).decide() == []


def test_a_match_that_may_still_become_a_name_is_not_told_as_unknown() -> None:
    consensus = seen(2, SCANT)
    assert at(consensus, 10).decide() == []


def test_nothing_is_shown_before_it_is_told() -> None:
    consensus = seen(3, CLEAR)
    assert shown(consensus) is None
    assert phases(at(consensus, 0.3).decide()) == [Phase.OPENED]
    assert shown(consensus) is CLEAR


def test_an_unknown_face_that_becomes_clear_is_named_later_and_once() -> None:
    consensus = seen(4, NOBODY, every=0.5)
    assert phases(consensus.decide()) == [Phase.OPENED]
    assert shown(consensus) is NOBODY
    consensus.match = CLEAR
    (sighting,) = at(consensus, 2).decide()
    assert sighting.phase is Phase.IDENTIFIED
    assert (sighting.match, sighting.embedding, sighting.portrait) == (CLEAR, None, None)
    assert at(consensus, 2.1).decide() == []


def test_an_unknown_face_is_not_named_by_a_match_that_is_not_clear() -> None:
    """Neither as identified, nor silently with the next mood, nor on the screen, nor when it leaves."""
    consensus = seen(4, NOBODY, every=0.5)
    assert phases(consensus.decide()) == [Phase.OPENED]
    consensus.match = SCANT
    assert at(consensus, 2).decide() == []
    (continued,) = at(consensus, 7).decide()
    assert (continued.phase, continued.match.person) == (Phase.CONTINUED, None)
    assert shown(consensus) is None
    (closed,) = consensus.end()
    assert (closed.phase, closed.match.person) == (Phase.CLOSED, None)


def test_a_name_once_told_stays() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    assert phases(consensus.decide()) == [Phase.OPENED]
    (continued,) = at(consensus, 6).decide()
    (closed,) = consensus.end()
    assert continued.match is CLEAR
    assert closed.match is CLEAR


def test_somebody_who_stays_is_told_again_every_few_seconds() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.decide()
    assert at(consensus, 5.2).decide() == []
    assert phases(at(consensus, 5.3).decide()) == [Phase.CONTINUED]
    assert at(consensus, 10.2).decide() == []
    assert phases(at(consensus, 10.3).decide()) == [Phase.CONTINUED]


@pytest.mark.parametrize(
    ("consensus", "told"),
    [
        (seen(0, None), []),
        (seen(2, NOBODY), []),
        (seen(3, NOBODY), [Phase.OPENED, Phase.CLOSED]),
        (seen(1, SCANT), [Phase.OPENED, Phase.CLOSED]),
    ],
    ids=["never looked at", "unknown, too few views", "unknown, enough views", "known"],
)
def test_what_leaves_before_it_was_told_is_told_at_the_end(consensus: Consensus, told: list[Phase]) -> None:
    assert phases(consensus.end()) == told


def test_a_match_that_needs_no_lead_at_the_end_needs_one_in_view_where_it_is_looked_at_often() -> None:
    in_view, left = seen(4, match(0.953)), seen(4, match(0.953))
    assert at(in_view, 1.0).decide() == []
    (opened,) = at(in_view, 1.6).decide()
    assert (opened.phase, opened.match.accepted) == (Phase.OPENED, False)
    opened, closed = at(left, 1.0).end()
    assert phases([opened, closed]) == [Phase.OPENED, Phase.CLOSED]
    assert opened.match.accepted


def test_what_was_told_is_only_closed_at_the_end() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.decide()
    assert phases(consensus.end()) == [Phase.CLOSED]


def test_another_look_hides_the_name_until_an_embedding_shows_who_it_is() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.decide()
    at(consensus, 0.4, look=OTHER_LOOK)
    assert shown(consensus) is None
    assert at(consensus, 0.5, look=OTHER_LOOK).wants_view
    consensus.add_view(next(views()), CHIP)
    assert shown(consensus) is CLEAR


def test_doubt_hides_the_name_once_the_last_view_is_a_moment_ago() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.decide()
    assert shown(at(consensus, 0.3, doubtful=True)) is CLEAR
    assert shown(at(consensus, 0.6, doubtful=True)) is None


@pytest.mark.parametrize(("width", "name_stays"), [(95, True), (105, False), (60, False)])
def test_a_face_at_another_distance_is_doubted(width: float, name_stays: bool) -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.decide()
    assert (shown(at(consensus, 0.6, width=width)) is CLEAR) == name_stays


def test_a_face_that_was_out_of_view_has_no_name_until_it_is_looked_at_however_short_ago_the_last_view_was() -> None:
    consensus = at(seen(3, CLEAR), 0.2)
    consensus.decide()
    at(consensus, 0.35, returned=True)
    assert shown(consensus) is None
    assert consensus.wants_view


def test_in_doubt_nothing_is_told_and_no_mood_is_taken() -> None:
    consensus = at(seen(3, CLEAR), 0.6, look=OTHER_LOOK)
    assert at(consensus, 9, look=OTHER_LOOK).decide() == []
    assert not consensus.wants_mood


def test_an_embedding_of_the_same_person_fits_and_of_another_does_not() -> None:
    consensus = new()
    stranger = near(ADA, 0.85, RANDOM)
    assert consensus.views.fits(stranger)
    for now in range(5):
        at(consensus, now).add_view(next(views()), CHIP)
    assert all(consensus.views.fits(one) for one, _ in zip(views(), range(20), strict=False))
    assert not consensus.views.fits(stranger)


def test_who_takes_over_a_face_begins_without_views_and_with_that_look() -> None:
    consensus = at(seen(3, CLEAR), 0.4, look=OTHER_LOOK)
    fresh = consensus.successor(replace(consensus.track, id=8, hits=1), TrackLiveness())
    assert (fresh.track.id, fresh.first_at, fresh.views.count, fresh.match) == (
        8,
        START + timedelta(seconds=0.4),
        0,
        None,
    )
    fresh.add_view(ADA, CHIP)
    assert at(fresh, 0.5, look=OTHER_LOOK).verified
    assert fresh.id != consensus.id


def test_a_new_track_wants_every_view_then_fewer_and_a_named_one_only_one_a_second() -> None:
    assert all(at(seen(count, NOBODY), count * 0.1).wants_view for count in (0, 1, 2))
    undecided = seen(3, NOBODY)
    assert (at(undecided, 0.5).wants_view, at(undecided, 0.65).wants_view) == (False, True)
    named = at(seen(3, CLEAR), 0.3)
    named.decide()
    assert (at(named, 1.1).wants_view, at(named, 1.25).wants_view) == (False, True)
    unknown = seen(4, NOBODY, every=0.5)
    assert phases(unknown.decide()) == [Phase.OPENED]
    assert (at(unknown, 2.4).wants_view, at(unknown, 2.55).wants_view) == (False, True)


def test_larger_faces_count_for_more_and_several_views_for_more_than_one() -> None:
    consensus = new()
    large, small = unit_vector(RANDOM), unit_vector(RANDOM)
    at(consensus, 0.0).add_view(large, CHIP)
    at(consensus, 0.1, width=20).add_view(small, CHIP)
    assert consensus.views.mean == pytest.approx((large + small / 4) / 1.25, abs=1e-5)


def test_views_that_differ_make_a_shorter_mean() -> None:
    """The gallery reads from the length how much the views agree."""
    consensus = new()
    for view, _ in zip(views(), range(8), strict=False):
        consensus.add_view(view, CHIP)
    assert 0.95 < float(np.linalg.norm(consensus.views.mean)) < 0.995


def mood(consensus: Consensus) -> MoodScores | None:
    return consensus.observation.mood


def test_the_mood_is_the_mean_since_the_last_sighting() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    for happy in (1.0, 0.5):
        consensus.add_mood(np.array(mood_of(happy=happy), np.float32))
    (opened,) = consensus.decide()
    assert opened.mood is not None
    assert opened.mood.label == "happy"
    assert opened.mood.by_name()["happy"] == pytest.approx(0.75)
    assert mood(consensus) is None
    consensus.add_mood(np.array(mood_of(sad=0.9), np.float32))
    (later,) = at(consensus, 6).decide()
    assert later.mood is not None
    assert later.mood.label == "sad"


def test_a_mood_that_changes_too_much_is_unsure() -> None:
    consensus = seen(3, CLEAR)
    for emotion in ("happy", "sad", "angry"):
        consensus.add_mood(np.array(mood_of(**{emotion: 1.0}), np.float32))
    mean = mood(consensus)
    assert mean is not None
    assert mean.label == "unsure"


def test_views_that_cannot_be_judged_leave_the_mood_to_the_others() -> None:
    consensus = at(seen(3, CLEAR), 0.3)
    consensus.add_mood(Unclear.BLURRED)
    consensus.add_mood(Unclear.SMALL)
    consensus.add_mood(Unclear.BLURRED)
    unjudged = mood(consensus)
    assert unjudged is not None
    assert (unjudged.label, unjudged.unclear) == ("unsure", "blurred")
    consensus.add_mood(np.array(mood_of(happy=0.9), np.float32))
    (opened,) = consensus.decide()
    assert opened.mood is not None
    assert (opened.mood.label, opened.mood.unclear) == ("happy", None)
    assert mood(consensus) is None


def test_the_mood_is_looked_at_about_three_times_a_second() -> None:
    consensus = seen(3, CLEAR)
    assert at(consensus, 0.3).wants_mood
    consensus.add_mood(np.array(mood_of(happy=1.0), np.float32))
    assert not at(consensus, 0.6).wants_mood
    assert at(consensus, 0.66).wants_mood


def test_only_a_face_that_nobody_knows_carries_its_embedding_and_picture() -> None:
    (unknown,) = at(seen(4, NOBODY), 2).decide()
    assert unknown.embedding == pytest.approx(ADA, abs=1e-5)
    assert unknown.portrait is CHIP
    (known,) = at(seen(4, CLEAR), 2).decide()
    assert (known.embedding, known.portrait) == (None, None)


def test_a_sighting_says_since_when_until_when_and_in_how_many_frames() -> None:
    consensus = seen(4, CLEAR, every=0.5)
    consensus.see(TrackUpdate(replace(track(2.0), hits=31), doubtful=False), START + timedelta(seconds=2), LOOK)
    (sighting,) = consensus.decide()
    assert sighting.first_at == START
    assert sighting.last_at == START + timedelta(seconds=2)
    assert (sighting.track, sighting.frames, sighting.id) == (7, 31, consensus.id)


def test_a_name_is_told_with_the_three_widest_views_before_it() -> None:
    consensus = new()
    for number, width in enumerate((60.0, 90.0, 50.0, 80.0)):
        at(consensus, number * 0.1, width=width)
        consensus.add_view(ADA, np.full_like(CHIP, number))
        consensus.match = NOBODY
    consensus.match = CLEAR
    (told,) = consensus.decide()
    assert told.phase is Phase.OPENED
    assert [int(view.chip[0, 0, 0]) for view in told.views] == [1, 3, 0]
    assert told.views[0].at == START + timedelta(seconds=0.1)
    at(consensus, 2.0)
    consensus.add_view(ADA, np.full_like(CHIP, 9))
    assert all(not sighting.views for sighting in consensus.end()), "later phases do not carry them again"


def test_a_face_without_a_name_hands_on_no_views_but_its_portrait() -> None:
    consensus = seen(4, NOBODY)
    told = [*at(consensus, 3.0).decide(), *consensus.end()]
    assert told
    assert all(not sighting.views for sighting in told)


def asking_ada(consensus: Consensus) -> Consensus:
    """The same, where the door asks Ada for a view."""
    gallery = gallery_of([GalleryEntry(person_id("Ada"), "Ada", ADA)])
    consensus.use_people(Enrolled(gallery, frozenset(), ask={person_id("Ada")}))
    return consensus


def test_whom_the_door_recognises_badly_is_asked_for_a_view_once_they_have_read_the_greeting() -> None:
    consensus = asking_ada(at(seen(3, CLEAR), 0.3))
    assert phases(consensus.decide()) == [Phase.OPENED]

    def asked(seconds: float) -> bool:
        return at(consensus, seconds).observation.question is Question.VIEW

    assert [asked(seconds) for seconds in (0.5, 2.2, 2.4, 6.2, 6.4)] == [False, False, True, True, False]
    consensus.verified = False
    assert not asked(3.0), "somebody else may stand there"
    consensus.verified = True
    consensus.use_people(replace(consensus.people, ask=frozenset()))
    assert not asked(3.0), "the view was taken"


def test_whoever_is_not_known_to_be_alive_is_not_asked_for_a_view() -> None:
    consensus = asking_ada(at(seen(3, CLEAR), 0.3))
    consensus.liveness = TrackLiveness()
    consensus.decide()
    assert at(consensus, 3.0).observation.question is None


def test_of_a_crowd_who_waited_longest_comes_first() -> None:
    waited, lately, sure = at(seen(3, NOBODY), 0.9), at(seen(8, NOBODY), 0.9), at(seen(3, CLEAR), 5.0)
    sure.decide()
    fresh = new()
    assert sorted((sure, lately, waited, fresh), key=lambda one: one.urgency) == [fresh, waited, lately, sure]
