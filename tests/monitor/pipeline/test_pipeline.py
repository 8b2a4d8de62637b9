"""The flow on a stage: who is named, who never is, and what happens when people pass, swap and leave."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import Observation, Phase, Sighting
from monitor.pipeline import pipeline
from monitor.pipeline.pipeline import VisionFlow
from monitor.vision.matching.gallery import Enrolled
from tests.monitor.stage import CAST, FLOW, Places, Stage, gallery_of, person_id

FPS = 15
ENROLLED = ("Ada", "Bela", "Cleo", "Dana")

Move = Callable[[float], Places]
"""Where everybody is, by seconds."""


class Run:
    """A flow fed from a stage at 15 frames a second; keeps everything that was shown and told."""

    def __init__(
        self,
        *,
        look_alike: bool = False,
        moods: bool = True,
        no_mood: Iterable[UUID] = (),
        enrolled: Iterable[str] = ENROLLED,
        **flow: Any,
    ) -> None:
        self.stage = Stage(look_alike=look_alike)
        gallery = gallery_of([self.stage.entry(name) for name in enrolled], target_fpir=0.001)
        emotions = self.stage if moods else None
        people = Enrolled(gallery, frozenset(no_mood))
        self.flow = VisionFlow(self.stage, emotions, people, replace(FLOW, **flow))
        self.seconds = 0.0
        self.sightings: list[Sighting] = []
        self.shown: list[tuple[float, str, str | None]] = []
        """When, who it really was, and the name on the screen (None: no name)."""
        self.scenes: list[tuple[Observation, ...]] = []

    def play(self, seconds: float, move: Move, *, blind: bool = False, width: float = 80) -> "Run":
        begin = self.seconds
        for _ in range(round(seconds * FPS)):
            frame = self.stage.frame(self.seconds, move(self.seconds - begin), blind=blind, width=width)
            observations, sightings = self.flow.process(frame, self.stage.detect(frame.rgb))
            self.scenes.append(observations)
            self.sightings += sightings
            for observation in observations:
                person = observation.match.person if observation.match else None
                really = self.stage.who(observation.track.face)
                self.shown.append((self.seconds, really, person.name if person else None))
            self.seconds += 1 / FPS
        return self

    def end(self) -> "Run":
        self.sightings += self.flow.finish()
        return self

    @property
    def named(self) -> dict[str, float]:
        """When each person's name was first on the screen."""
        first: dict[str, float] = {}
        for seconds, _, name in self.shown:
            if name is not None:
                first.setdefault(name, seconds)
        return first

    @property
    def wrong(self) -> list[tuple[float, str, str]]:
        """Names that stood beside another person's face, or a stranger's."""
        return [(seconds, really, name) for seconds, really, name in self.shown if name not in (None, really)]

    def phases(self, track: int | None = None) -> list[Phase]:
        return [one.phase for one in self.sightings if track in (None, one.track)]

    def told(self) -> list[str | None]:
        """The names of the sightings that were opened or identified."""
        arrivals = [one for one in self.sightings if one.phase in (Phase.OPENED, Phase.IDENTIFIED)]
        return [one.match.person.name if one.match.person else None for one in arrivals]


def standing(**places: tuple[float, float]) -> Move:
    return lambda seconds: places


def crossing(left: str, right: str, *, speed: float, height: float = 240) -> Move:
    """Two people walk through each other; the first one passes behind."""
    return lambda seconds: {left: (160 + speed * seconds, height), right: (480 - speed * seconds, height + 10)}


def test_an_enrolled_person_is_named_within_half_a_second_and_told_once() -> None:
    run = Run().play(3, standing(Ada=(320, 240))).end()
    assert run.named["Ada"] <= 0.5
    assert run.wrong == []
    assert run.phases() == [Phase.OPENED, Phase.CLOSED]
    assert run.told() == ["Ada"]


def test_one_view_is_not_enough_for_a_name_on_the_screen() -> None:
    run = Run().play(1 / FPS, standing(Ada=(320, 240)))
    assert run.stage.encoded == ["Ada"]
    assert run.shown == [(0.0, "Ada", None)]
    assert run.sightings == []


def test_a_stranger_is_told_as_unknown_after_one_and_a_half_seconds_and_never_named() -> None:
    run = Run().play(1.45, standing(stranger=(320, 240)))
    assert run.sightings == []
    run.play(4, standing(stranger=(320, 240))).end()
    assert run.told() == [None]
    assert run.named == {}
    (opened,) = [one for one in run.sightings if one.phase is Phase.OPENED]
    assert opened.embedding is not None
    assert opened.portrait is not None
    assert opened.portrait.shape == (150, 150, 3)


def test_with_nobody_enrolled_everybody_is_unknown() -> None:
    run = Run(enrolled=()).play(3, standing(Ada=(160, 240), Bela=(480, 240))).end()
    assert run.told() == [None, None]


def test_five_people_at_once_are_each_named_or_unknown_as_they_are() -> None:
    places = {"Ada": (70, 100), "Bela": (200, 350), "Cleo": (330, 100), "Dana": (460, 350), "stranger": (590, 100)}
    run = Run().play(4, lambda seconds: places).end()
    assert run.wrong == []
    assert sorted(name or "" for name in run.told()) == ["", "Ada", "Bela", "Cleo", "Dana"]


def test_no_frame_encodes_more_than_three_faces() -> None:
    run = Run()
    places = {"Ada": (70, 100), "Bela": (200, 350), "Cleo": (330, 100), "Dana": (460, 350), "stranger": (590, 100)}
    before = 0
    for _ in range(20):
        run.play(1 / FPS, lambda seconds: places)
        assert len(run.stage.encoded) - before <= 3
        before = len(run.stage.encoded)


@pytest.mark.parametrize("look_alike", [False, True], ids=["who look different", "who look alike"])
@pytest.mark.parametrize("speed", [120, 200, 320])
@pytest.mark.parametrize("right", ["Bela", "stranger"])
def test_two_people_who_walk_through_each_other_never_swap_names(look_alike: bool, speed: float, right: str) -> None:
    run = Run(look_alike=look_alike).play(320 / speed, crossing("Ada", right, speed=speed)).end()
    assert run.wrong == []
    assert set(run.told()) <= {"Ada", right, None}


@pytest.mark.parametrize("look_alike", [False, True], ids=["who look different", "who look alike"])
def test_two_people_who_swap_places_unseen_never_swap_names(look_alike: bool) -> None:
    """The camera misses the moment: between two frames each stands where the other stood."""
    run = Run(look_alike=look_alike)
    run.play(2, standing(Ada=(280, 240), Bela=(380, 240)))
    run.play(0.4, standing(Ada=(280, 240), Bela=(380, 240)), blind=True)
    run.play(2, standing(Bela=(280, 240), Ada=(380, 240))).end()
    assert run.wrong == []
    assert {name for seconds, _, name in run.shown if seconds > 3.5} == {"Ada", "Bela"}


def test_a_stranger_in_the_place_of_somebody_who_left_does_not_inherit_the_name() -> None:
    run = Run(look_alike=True).play(2, standing(Ada=(320, 240)))
    run.play(0.5, standing(), blind=True)
    run.play(3, standing(stranger=(320, 240))).end()
    assert run.wrong == []
    assert run.told() == ["Ada", None]


def test_a_face_whose_embedding_does_not_fit_splits_the_track() -> None:
    """Bela takes over Ada's place from one frame to the next; only a look or an embedding can tell."""
    run = Run().play(2, standing(Ada=(320, 240)))
    run.play(2, standing(Bela=(320, 240))).end()
    assert run.wrong == []
    assert run.told() == ["Ada", "Bela"]
    assert run.phases(1) == [Phase.OPENED, Phase.CLOSED]
    assert run.phases(2) == [Phase.OPENED, Phase.CLOSED]
    first, second = {one.track: one.id for one in run.sightings}.values()
    assert first != second


def test_somebody_out_of_view_for_a_moment_stays_the_same_sighting() -> None:
    run = Run().play(2, standing(Ada=(320, 240)))
    run.play(0.6, standing(Ada=(320, 240)), blind=True)
    run.play(2, standing(Ada=(320, 240))).end()
    assert run.told() == ["Ada"]
    assert run.phases() == [Phase.OPENED, Phase.CLOSED]


def test_somebody_who_leaves_and_comes_back_is_two_sightings() -> None:
    run = Run().play(2, standing(Ada=(320, 240)))
    run.play(2, standing())
    run.play(2, standing(Ada=(320, 240))).end()
    assert run.told() == ["Ada", "Ada"]
    assert run.phases() == [Phase.OPENED, Phase.CLOSED] * 2


def test_a_sighting_is_closed_when_its_face_is_gone_and_says_when_it_was_last_there() -> None:
    run = Run().play(2, standing(Ada=(320, 240))).play(2, standing())
    closed = run.sightings[-1]
    assert closed.phase is Phase.CLOSED
    assert (closed.last_at - closed.first_at).total_seconds() == pytest.approx(2 - 1 / FPS, abs=1e-5)
    assert closed.frames == 2 * FPS


def test_a_face_too_small_to_tell_is_seen_but_never_encoded() -> None:
    run = Run(min_face=36).play(3, standing(Ada=(320, 240)), width=15).end()
    assert run.stage.encoded == []
    assert run.stage.felt == 0
    (seen,) = run.scenes[-1]
    assert seen.mood is not None
    assert (seen.mood.label, seen.mood.unclear) == ("unsure", "small")
    assert run.sightings == []


def test_somebody_who_comes_closer_is_named_once_large_enough() -> None:
    run = Run().play(2, standing(Ada=(320, 240)), width=30)
    assert run.named == {}
    run.play(1, standing(Ada=(320, 240)), width=44).end()
    assert run.told() == ["Ada"]


def test_a_track_with_many_views_is_only_checked_once_a_second() -> None:
    run = Run().play(3, standing(Ada=(320, 240)))
    before = len(run.stage.encoded)
    run.play(10, standing(Ada=(320, 240)))
    assert len(run.stage.encoded) - before <= 11


def test_somebody_who_stays_has_their_mood_told_every_few_seconds() -> None:
    run = Run(mood_every_seconds=2).play(7, standing(Ada=(320, 240))).end()
    assert run.phases() == [Phase.OPENED, *[Phase.CONTINUED] * 3, Phase.CLOSED]
    assert all(one.mood is not None and one.mood.label == "happy" for one in run.sightings[:4])
    assert len({one.id for one in run.sightings}) == 1


def test_the_told_mood_is_of_the_time_since_the_sighting_before() -> None:
    run = Run(mood_every_seconds=2).play(2.5, standing(Ada=(320, 240)))
    run.stage.probabilities = [0.02, 0.02, 0.02, 0.02, 0.86, 0.02, 0.04]
    run.play(4.5, standing(Ada=(320, 240)))
    continued = [one.mood for one in run.sightings if one.phase is Phase.CONTINUED]
    assert [mood.label for mood in continued if mood] == ["happy", "sad", "sad"]


def test_the_mood_of_somebody_who_refused_is_neither_told_nor_shown_nor_kept_on_being_asked_for() -> None:
    run = Run(no_mood={person_id("Ada")}, mood_every_seconds=1).play(1, standing(Ada=(320, 240)))
    before = run.stage.felt
    run.play(4, standing(Ada=(320, 240))).end()
    assert run.stage.felt == before
    assert run.told() == ["Ada"]
    assert [one.mood for one in run.sightings] == [None] * len(run.sightings)
    assert all(one.mood is None for scene in run.scenes[FPS:] for one in scene)


def test_moods_from_before_somebody_who_refused_was_known_are_not_told() -> None:
    """The first views do not fit anybody yet; moods gathered meanwhile are let go with the name."""
    run = Run(no_mood={person_id("Ada")}, mood_every_seconds=1)
    people = run.flow.people
    run.flow.use_people(replace(people, gallery=gallery_of([])))
    run.play(1, standing(Ada=(320, 240)))
    assert run.stage.felt > 0
    run.flow.use_people(people)
    run.play(3, standing(Ada=(320, 240))).end()
    assert run.told() == ["Ada"]
    assert [one.mood for one in run.sightings] == [None] * len(run.sightings)


def test_in_a_crowd_the_moods_go_round_and_no_frame_estimates_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_MOST_MOODS_A_FRAME", 3)
    crowd = standing(**{name: (80.0 + 120 * number, 240.0) for number, name in enumerate(CAST)})
    first, second = (
        {one.track.id for one in scene if one.mood is not None} for scene in Run().play(2 / FPS, crowd).scenes
    )
    assert (len(first), len(first | second)) == (3, 5)


def test_with_moods_off_there_are_none() -> None:
    run = Run(moods=False).play(2, standing(Ada=(320, 240))).end()
    assert run.stage.felt == 0
    assert [one.mood for one in run.sightings] == [None, None]


def test_people_enrolled_while_the_kiosk_runs_are_named_from_then_on() -> None:
    run = Run(enrolled=()).play(2, standing(Ada=(320, 240)))
    assert run.told() == [None]
    run.flow.use_people(Enrolled(gallery_of([run.stage.entry("Ada")], target_fpir=0.001), frozenset()))
    run.play(2, standing(Ada=(320, 240))).end()
    assert run.told() == [None, "Ada"]
    assert run.phases() == [Phase.OPENED, Phase.IDENTIFIED, Phase.CLOSED]


def test_who_is_renamed_or_erased_while_in_view_is_called_so_from_the_next_frame_on() -> None:
    run = Run().play(2, standing(Ada=(320, 240)))
    assert run.shown[-1][2] == "Ada"
    run.flow.use_people(
        Enrolled(gallery_of([replace(run.stage.entry("Ada"), name="Augusta")], target_fpir=0.001), frozenset())
    )
    assert run.play(1 / FPS, standing(Ada=(320, 240))).shown[-1][2] == "Augusta"
    run.flow.use_people(Enrolled(gallery_of([run.stage.entry("Bela")], target_fpir=0.001), frozenset()))
    assert run.play(1 / FPS, standing(Ada=(320, 240))).shown[-1][2] is None
    assert run.play(2, standing(Ada=(320, 240))).end().told() == ["Ada"]


def test_on_a_still_image_one_view_makes_an_unknown_visitor_and_a_known_one() -> None:
    run = Run(min_views=1).play(1 / FPS, standing(Ada=(160, 240), stranger=(480, 240))).end()
    assert sorted(name or "" for name in run.told()) == ["", "Ada"]


def test_an_empty_picture_has_nothing_to_tell() -> None:
    run = Run().play(1, standing()).end()
    assert run.sightings == []
    assert set(run.scenes) == {()}


spots = st.tuples(st.integers(60, 580), st.integers(60, 420))


@settings(max_examples=15)
@given(
    st.lists(st.dictionaries(st.sampled_from(("Ada", "Bela", "stranger")), spots, max_size=3), min_size=2, max_size=5)
)
def test_however_people_walk_no_face_has_anothers_name_and_no_stranger_one(
    stops: list[dict[str, tuple[int, int]]],
) -> None:
    run = Run()
    for here, there in pairwise(stops):

        def walk(seconds: float, here: Places = here, there: Places = there) -> Places:
            return {
                name: tuple(np.add(place, np.subtract(there.get(name, place), place) * seconds))
                for name, place in here.items()
            }

        run.play(1, walk)
    run.end()
    assert run.wrong == []
    opened = {one.id: one for one in run.sightings if one.phase in (Phase.OPENED, Phase.IDENTIFIED)}
    closed = [one.id for one in run.sightings if one.phase is Phase.CLOSED]
    assert len(closed) == len(set(closed))
    assert set(closed) == set(opened)


def test_a_frame_that_was_not_searched_shows_everybody_who_was_in_view_with_their_name() -> None:
    run = Run().play(2.0, lambda seconds: {"Ada": (200 + 60 * seconds, 240)})
    assert run.flow.settled
    frame = run.stage.frame(run.seconds, {"Ada": (320, 240)})
    (observation,), sightings = run.flow.process(frame, None)
    assert sightings == ()
    assert observation.match is not None
    assert observation.match.person is not None
    assert observation.match.person.name == "Ada"
    (before,) = run.scenes[-1]
    assert observation.track.face.box.left > before.track.face.box.left
    assert observation.track.last_seen == frame.seconds


def test_while_it_is_not_decided_who_somebody_is_nothing_is_settled() -> None:
    assert not Run().play(1 / FPS, standing(Ada=(200, 240))).flow.settled
