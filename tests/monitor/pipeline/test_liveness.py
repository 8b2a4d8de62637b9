"""Who is let in, asked or turned away, on a stage whose heads turn as the test says."""

import random
from collections.abc import Sequence

import pytest

from monitor.domain import Phase, Question, Sighting, Track
from monitor.pipeline import liveness
from monitor.pipeline.liveness import ATTEMPTS, WINDOW, LivenessCheck, Mode, State
from monitor.pipeline.pipeline import VisionFlow
from monitor.vision.liveness.motion import Limits, Verdict
from monitor.vision.liveness.turn import PATIENCE, TURNING
from monitor.vision.matching.gallery import Enrolled
from tests.monitor.stage import FLOW, Places, Stage, gallery_of
from tests.monitor.vision.liveness.heads import Head

HERE: Places = {"Ada": (320, 240)}
FPS = 15
ANY_RELIEF = Limits(nose=-1, width=0)
"""The stage's faces are painted flat; only their meshes turn."""


class Door:
    """A flow with liveness; whoever stands before it is a still picture unless the test turns its head."""

    def __init__(
        self,
        mode: Mode = "ask",
        *,
        width: float = 80,
        limits: Limits = ANY_RELIEF,
        look_alike: bool = False,
        enrolled: Sequence[str] = ("Ada", "Bela"),
    ) -> None:
        self.stage, self.head, self.width = Stage(look_alike=look_alike), Head(), width
        self.widths: dict[str, float] = {}
        """Of the faces that are not `width` pixels wide."""
        people = Enrolled(gallery_of([self.stage.entry(name) for name in enrolled]), frozenset())
        check = LivenessCheck(mode, self.head, randomness=random.Random(4), limits=limits)
        self.flow = VisionFlow(self.stage, None, people, FLOW, liveness=check)
        self.seconds = 0.0
        self.sightings: list[Sighting] = []
        self.question: dict[int, Question | None] = {}
        """What each track is asked now."""

    def play(self, seconds: float, places: Places = HERE, *, blind: bool = False) -> "Door":
        for _ in range(round(seconds * FPS)):
            frame = self.stage.frame(self.seconds, places, width=self.width, widths=self.widths, blind=blind)
            observations, sightings = self.flow.process(frame, self.stage.detect(frame.rgb))
            self.sightings += sightings
            self.question = {one.track.id: one.question for one in observations}
            self.seconds += 1 / FPS
        return self

    def until_asked(self, places: Places = HERE) -> Question:
        for _ in range(10 * FPS):
            self.play(1 / FPS, places)
            for question in self.question.values():
                if question in (Question.LEFT, Question.RIGHT):
                    return question
        raise AssertionError("nobody was asked")

    def turn(self, question: Question, degrees: float = 25.0, *, aside: Places = HERE) -> "Door":
        """Turn the head to the side, stay, and look back.

        Args:
            aside: who is there while the head is turned.
        """
        sign = 1 if question is Question.LEFT else -1
        for step in (*range(6), *[5] * 4, *reversed(range(6))):
            self.head.degrees = sign * degrees * step / 5
            places = aside if abs(self.head.degrees) >= TURNING else HERE
            self.play(1 / FPS, places)
        return self

    @property
    def phases(self) -> list[Phase]:
        """But for the moods of who stays in view."""
        return [one.phase for one in self.sightings if one.phase is not Phase.CONTINUED]

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]


def test_without_liveness_the_first_sighting_is_live_at_once_and_no_mesh_is_made() -> None:
    door = Door("off").play(2)
    assert [(one.phase, one.live) for one in door.sightings] == [(Phase.OPENED, True)]
    assert door.head.asked == 0


def test_a_still_picture_is_named_but_not_live_and_is_asked_after_the_window() -> None:
    door = Door()
    door.until_asked()
    assert WINDOW <= door.seconds < WINDOW + 0.5
    assert [(one.phase, one.live) for one in door.sightings] == [(Phase.OPENED, False)]


def test_always_asks_at_once() -> None:
    door = Door("always")
    door.until_asked()
    assert door.seconds < 0.5


def test_who_turns_as_asked_is_live_and_nothing_more_is_computed() -> None:
    door = Door()
    door.turn(door.until_asked()).play(0.5)
    assert door.phases == [Phase.OPENED, Phase.LIVE]
    assert door.last.live
    assert door.last.evidence is not None
    assert door.last.evidence["by"] == "turn"
    made = door.head.asked
    door.play(2)
    assert door.head.asked == made
    assert list(door.question.values()) == [None]


def test_a_head_that_turns_from_one_frame_to_the_next_is_still_the_person_who_was_asked() -> None:
    """Turned aside, a face may look less like its track than two people do; so it is known first that it is turned."""
    door = Door("always")
    door.head.degrees = 25.0 if door.until_asked() is Question.LEFT else -25.0
    door.stage.aside["Ada"] = 0.93
    door.play(0.5)
    door.head.degrees = 0.0
    door.stage.aside.clear()
    door.play(0.5)
    assert door.phases == [Phase.OPENED, Phase.LIVE]


def test_a_small_head_that_is_too_narrow_in_some_frames_while_it_is_turned_passes() -> None:
    door = Door("always", width=50)
    door.head.degrees = 25.0 if door.until_asked() is Question.LEFT else -25.0
    for door.width in (44, 50) * 5:
        door.play(1 / FPS)
    door.head.degrees = 0.0
    door.play(0.5)
    assert door.phases == [Phase.OPENED, Phase.LIVE]


def test_a_mesh_that_turns_on_a_face_that_stays_flat_is_no_answer() -> None:
    door = Door(limits=Limits())
    door.turn(door.until_asked()).play(PATIENCE)
    assert Phase.LIVE not in door.phases


def test_a_turn_that_a_second_look_does_not_see_is_no_answer() -> None:
    door = Door()
    door.head.again = 10.0
    door.turn(door.until_asked()).play(PATIENCE)
    assert Phase.LIVE not in door.phases


def test_while_the_head_is_turned_the_person_is_asked_to_look_back() -> None:
    door = Door("always")
    side = door.until_asked()
    door.head.degrees = 25.0 if side is Question.LEFT else -25.0
    door.play(0.5)
    assert list(door.question.values()) == [Question.STRAIGHT]
    assert door.phases == [Phase.OPENED]


@pytest.fixture
def turned_away() -> Door:
    door = Door("always")
    door.until_asked()
    return door.play(ATTEMPTS * (PATIENCE + 0.5))


def test_who_does_not_turn_twice_is_told_not_live_once_with_the_evidence(turned_away: Door) -> None:
    assert turned_away.phases == [Phase.OPENED, Phase.NOT_LIVE]
    assert not turned_away.last.live
    assert turned_away.last.evidence is not None
    assert turned_away.last.evidence["failed_2"] == "no turn"
    made = turned_away.head.asked
    turned_away.play(1)
    assert turned_away.head.asked == made
    assert list(turned_away.question.values()) == [None]


def test_who_comes_again_begins_anew(turned_away: Door) -> None:
    turned_away.play(2, {})
    turned_away.turn(turned_away.until_asked()).play(0.5)
    assert turned_away.phases[-2:] == [Phase.OPENED, Phase.LIVE]


def test_a_turn_to_the_wrong_side_fails_and_the_second_question_may_be_answered() -> None:
    door = Door("always")
    side = door.until_asked()
    door.turn(Question.RIGHT if side is Question.LEFT else Question.LEFT).play(PATIENCE)
    assert Phase.NOT_LIVE not in door.phases
    door.turn(door.until_asked()).play(0.5)
    assert door.phases == [Phase.OPENED, Phase.LIVE]


def test_somebody_elses_turned_head_does_not_count() -> None:
    """Two photographs: the frontal one is the victim's, the turned one is another person's."""
    door = Door("always")
    side = door.until_asked()
    door.head.degrees = 25.0 if side is Question.LEFT else -25.0
    door.play(0.5, {"Bela": (320, 240)})
    door.head.degrees = 0.0
    door.play(0.5)
    assert Phase.LIVE not in door.phases


def test_somebody_elses_turned_head_does_not_count_where_the_track_goes_on() -> None:
    """The two look alike to the tracker, and of the people enrolled the stranger is the most similar to Ada."""
    door = Door("always", look_alike=True, enrolled=["Ada"])
    for _ in range(ATTEMPTS):
        door.turn(door.until_asked(), aside={"stranger": (320, 240)}).play(0.5)
    assert door.phases == [Phase.OPENED, Phase.NOT_LIVE]
    assert door.last.evidence is not None
    assert door.last.evidence["failed_1"] == "another face while turned"


@pytest.mark.parametrize("alive", [True, False])
def test_a_face_that_may_be_somebody_elses_by_now_is_neither_let_in_nor_asked(
    alive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's living face may have taken the place of the photograph that was recognised."""
    monkeypatch.setattr(liveness, "judge", lambda cues, limits: Verdict(alive, False, {}))
    stage, check = Stage(), LivenessCheck("ask", Head(), randomness=random.Random(4), limits=ANY_RELIEF)
    one = check.begin()

    def look(first: int, last: int, *, recognised: bool) -> State:
        for index in range(first, last):
            frame = stage.frame(index / FPS, HERE)
            track = Track(1, stage.detect(frame.rgb)[0], index + 1, 0.0, frame.seconds)
            check.look(one, frame, track, recognised=recognised)
        return one.state

    assert look(0, 4 * FPS, recognised=False) is State.OPEN
    assert look(4 * FPS, 4 * FPS + 2, recognised=True) is (State.LIVE if alive else State.ASKED)


def test_who_was_asked_and_went_away_does_not_keep_others_from_their_question() -> None:
    door = Door("always")
    door.until_asked()
    door.play(2, {})
    door.until_asked({"Bela": (320, 240)})


def test_who_was_asked_and_stepped_back_does_not_keep_others_from_their_question() -> None:
    door = Door("always")
    door.until_asked({"Ada": (160, 240)})
    for width in range(80, 40, -2):
        door.widths["Ada"] = width
        door.play(1 / FPS, {"Ada": (160, 240)})
    both: Places = {"Ada": (160, 240), "Bela": (480, 240)}
    door.play(2 * PATIENCE, both)
    asked = [question for question in door.question.values() if question in (Question.LEFT, Question.RIGHT)]
    assert len(asked) == 1
    assert Question.CLOSER in door.question.values()


def test_a_face_that_was_out_of_view_while_it_turned_does_not_count() -> None:
    door = Door("always")
    side = door.until_asked()
    door.play(0.6, blind=True)
    door.turn(side, 25.0)
    assert door.phases == [Phase.OPENED]


def test_a_small_face_is_asked_to_come_closer_and_judged_when_it_did() -> None:
    door = Door("always", width=40)
    door.play(2)
    assert list(door.question.values()) == [Question.CLOSER]
    assert door.head.asked == 0
    door.width = 60
    door.until_asked()


def test_of_two_people_one_is_asked_at_a_time() -> None:
    both: Places = {"Ada": (200, 240), "Bela": (440, 240)}
    door = Door("always")
    door.until_asked(both)
    door.play(1, both)
    assert sum(one is not None for one in door.question.values()) == 1


def test_a_stranger_is_not_asked() -> None:
    door = Door("always").play(3, {"stranger": (320, 240)})
    assert list(door.question.values()) == [None]
    assert door.head.asked == 0
    assert door.last.live, "an unknown face is written as before"
