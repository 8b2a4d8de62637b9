"""Template adaptation: which views of a named face are offered for a template."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from monitor.domain import Box, Candidate, Embedding, Face, Frame, Match, RgbImage, Sighting
from monitor.pipeline.pipeline import VisionFlow
from monitor.recording.candidates import CLEAR, LEAD, CandidateSelector, TemplateCandidate, TrackView, is_sure, nearest
from monitor.vision.matching.gallery import Enrolled
from tests.monitor.stage import FLOW, START, Stage, frontal, gallery_of, person_id

ADA, BELA = person_id("Ada"), person_id("Bela")


def _match(similarity: float, runner_up: float | None = 0.9, *, who: UUID = ADA, accepted: bool = True) -> Match:
    second = None if runner_up is None else Candidate(BELA, "Bela", runner_up)
    return Match(Candidate(who, "Ada", similarity), second, 0.94, accepted=accepted)


class Answers:
    """A gallery that has one answer for the track and one for the view alone."""

    def __init__(self, track: Match, alone: Match) -> None:
        self.track, self.alone = track, alone

    def identify(self, probe: Embedding) -> Match:
        return self.track if probe[0] == 0 else self.alone


VIEW = TrackView(
    sighting=UUID(int=5),
    person=ADA,
    frame=Frame(3, START, 0.2, np.zeros((120, 120, 3), np.uint8)),
    face=frontal(Box(20, 20, 80, 80)),
    chip=np.zeros((150, 150, 3), np.uint8),
    embedding=np.eye(128, dtype=np.float32)[0],
    fused=np.eye(128, dtype=np.float32)[1],
)


def _offered(
    gallery: Answers, quality: dict[str, float] | None, views: int = 1, *, asked: bool = False
) -> list[TemplateCandidate]:
    offered: list[TemplateCandidate] = []
    candidates = CandidateSelector("test-1", lambda rgb, face: quality, offered.append)
    for _ in range(views):
        candidates.consider(VIEW, gallery.identify, asked=asked)
    return offered


def test_a_view_of_a_sure_track_is_offered_with_its_numbers() -> None:
    (capture,) = _offered(Answers(_match(0.98), _match(0.95)), {"sharpness": 0.2})
    assert (capture.sighting, capture.person, capture.at, capture.encoder) == (UUID(int=5), ADA, START, "test-1")
    assert (capture.quality, capture.similarity) == ({"sharpness": 0.2}, 0.98)
    assert capture.lead == pytest.approx(0.04)


@pytest.mark.parametrize(
    "track",
    [
        _match(0.94 + LEAD - 0.001),
        _match(0.98, 0.98 - CLEAR + 0.001),
        _match(0.98, who=BELA),
        _match(0.98, accepted=False),
        Match(None, None, 0.94, accepted=False),
    ],
    ids=["little above the threshold", "close runner-up", "somebody else", "not named", "nobody enrolled"],
)
def test_a_track_that_is_only_sure_enough_for_a_name_teaches_nothing(track: Match) -> None:
    assert not is_sure(track, ADA)
    assert _offered(Answers(track, _match(0.98)), {}) == []


def test_somebody_alone_in_the_gallery_has_no_runner_up() -> None:
    assert is_sure(_match(0.98, None), ADA)


@pytest.mark.parametrize("alone", [_match(0.93, accepted=False), _match(0.98, who=BELA)])
def test_the_view_itself_must_be_the_persons(alone: Match) -> None:
    assert _offered(Answers(_match(0.98), alone), {}) == []


@pytest.mark.parametrize(
    ("track", "alone", "offered"),
    [
        (_match(0.941), _match(0.93, accepted=False), 1),
        (_match(0.93, accepted=False), _match(0.98), 0),
        (_match(0.98, 0.98 - CLEAR + 0.001), _match(0.98), 0),
        (_match(0.98), _match(0.98, who=BELA), 0),
    ],
    ids=["just named", "not named", "close runner-up", "a view of somebody else"],
)
def test_of_somebody_who_was_asked_for_a_view_being_named_is_enough(track: Match, alone: Match, offered: int) -> None:
    assert len(_offered(Answers(track, alone), {}, asked=True)) == offered


def test_what_the_gate_refuses_is_not_offered() -> None:
    assert _offered(Answers(_match(0.98), _match(0.98)), None) == []


def test_a_long_sighting_is_not_looked_at_for_ever() -> None:
    assert len(_offered(Answers(_match(0.98), _match(0.98)), {}, views=50)) == 10


def test_tries_are_counted_for_each_sighting() -> None:
    offered: list[TemplateCandidate] = []
    candidates = CandidateSelector("test-1", lambda rgb, face: {}, offered.append)
    for number in range(600):
        answers = Answers(_match(0.98), _match(0.98))
        candidates.consider(replace(VIEW, sighting=UUID(int=number)), answers.identify)
    assert len(offered) == 600
    assert len(candidates._tries) <= 256


def test_the_nearest_image_is_the_most_similar_one() -> None:
    faces = np.eye(128, dtype=np.float32)
    assert nearest(faces[0], [faces[1], faces[0]]) == 1.0
    assert nearest(faces[0], []) == -1.0


def test_the_flow_looks_at_the_named_face_only_and_with_that_frames_picture() -> None:
    stage = Stage()
    gallery = gallery_of([stage.entry(name) for name in ("Ada", "Bela")], target_fpir=0.001)
    offered: list[TemplateCandidate] = []
    widths: list[float] = []

    def assess(rgb: RgbImage, face: Face) -> dict[str, float]:
        left, top = round(face.box.left), round(face.box.top)
        widths.append(float((rgb[top : top + 80, left : left + 80, 0] == rgb[top + 40, left + 40, 0]).mean()))
        return {"sharpness": 0.2}

    candidates = CandidateSelector("test-1", assess, offered.append)
    flow = VisionFlow(stage, None, Enrolled(gallery, frozenset()), FLOW, candidates=candidates)
    told: list[Sighting] = []
    for frame in range(90):
        seconds = frame / 15
        places = {"Ada": (160.0 + 60 * seconds, 240.0), "stranger": (500.0, 100.0)}
        shown = stage.frame(seconds, places)
        told += flow.process(shown, stage.detect(shown.rgb))[1]
    named = {one.id for one in told if one.match.person}
    assert offered
    assert {capture.person for capture in offered} == {person_id("Ada")}
    assert {capture.sighting for capture in offered} == named
    assert min(widths) > 0.99


def test_the_flow_says_which_views_were_asked_for() -> None:
    times: list[float] = []

    class Noting:
        def consider(self, view: TrackView, identify: object, *, asked: bool) -> None:
            if asked:
                times.append(view.frame.seconds)

    stage = Stage()
    people = Enrolled(gallery_of([stage.entry("Ada")], target_fpir=0.001), frozenset(), ask={ADA})
    flow = VisionFlow(stage, None, people, FLOW, candidates=Noting())  # type: ignore[arg-type]
    for frame in range(120):
        shown = stage.frame(frame / 15, {"Ada": (320, 240)})
        flow.process(shown, stage.detect(shown.rgb))
    assert len(times) > 5
    assert 2 <= min(times) < max(times) < 7


def test_without_adaptation_the_flow_encodes_no_more_than_before() -> None:
    encoded = []
    for candidates in (None, CandidateSelector("test-1", lambda rgb, face: {}, lambda candidate: None)):
        stage = Stage()
        gallery = gallery_of([stage.entry("Ada")], target_fpir=0.001)
        flow = VisionFlow(stage, None, Enrolled(gallery, frozenset()), FLOW, candidates=candidates)
        for frame in range(60):
            shown = stage.frame(frame / 15, {"Ada": (320, 240)})
            flow.process(shown, stage.detect(shown.rgb))
        encoded.append(len(stage.encoded))
    assert encoded[0] == encoded[1]
