"""The flow with two encoders: the second is asked where a name hangs on it, and decides with the first."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding, Phase, Sighting
from monitor.pipeline.pipeline import VisionFlow
from monitor.recording.candidates import CandidateSelector, TemplateCandidate
from monitor.vision.matching.gallery import Enrolled, GalleryEntry
from monitor.vision.matching.joined import is_joined, join, second_of
from tests.monitor.stage import CAST, FLOW, Stage, gallery_of, near, person_id, unit_vector

FPS = 15
ENROLLED = ("Ada", "Bela", "Cleo", "Dana")


@dataclass
class Second:
    """The second encoder on the stage: it sees who somebody is, or takes one for another."""

    stage: Stage
    takes: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    _random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))
    _centres: dict[str, Embedding] = field(default_factory=dict)

    def embedding(self, name: str) -> Embedding:
        if not self._centres:
            everyone = unit_vector(self._random)
            self._centres = {one: near(everyone, np.sqrt(0.1), self._random) for one in CAST}
        return near(self._centres[name], np.sqrt(0.8), self._random)

    def embed(self, aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        names = [CAST[round(float(np.median(face[45:70, 45:70, 0])) / 40) - 1] for face in aligned]
        self.seen += names
        return np.stack([self.embedding(self.takes.get(name, name)) for name in names])

    def entry(self, name: str) -> GalleryEntry:
        views = [join(self.stage.embedding(name), self.embedding(name)) for _ in range(5)]
        return GalleryEntry(person_id(name), name, np.mean(views, axis=0).astype(np.float32))


def door(
    second: Second, *, old: tuple[str, ...] = (), heard: bool = True, candidates: CandidateSelector | None = None
) -> VisionFlow:
    entries = [second.stage.entry(name) if name in old else second.entry(name) for name in ENROLLED]
    people = Enrolled(gallery_of(entries), frozenset())
    return VisionFlow(second.stage, None, people, FLOW, second=second if heard else None, candidates=candidates)


def play(flow: VisionFlow, stage: Stage, name: str, seconds: float) -> list[Sighting]:
    told: list[Sighting] = []
    for number in range(round(seconds * FPS)):
        frame = stage.frame(number / FPS, {name: (300.0, 240.0)})
        told += flow.process(frame, stage.detect(frame.rgb))[1]
    return told + list(flow.finish())


def test_a_name_takes_three_views_of_the_second_encoder_and_no_more() -> None:
    stage = Stage()
    second = Second(stage)
    opened = play(door(second), stage, "Ada", 6)[0]
    assert opened.match.person is not None
    assert (opened.match.person.name, opened.match.encoders) == ("Ada", "both")
    assert opened.match.person.second_similarity is not None
    assert 2 <= len(second.seen) <= 3
    assert len(stage.encoded) > len(second.seen)


def test_a_stranger_is_looked_at_a_few_times_and_kept_with_both_embeddings() -> None:
    stage = Stage()
    second = Second(stage)
    opened, *_ = play(door(second), stage, "stranger", 20)
    assert (opened.phase, opened.match.person) == (Phase.OPENED, None)
    assert opened.embedding is not None
    assert is_joined(opened.embedding)
    assert len(second.seen) == 6


def test_who_looks_like_one_to_one_encoder_and_like_another_to_the_other_is_unknown() -> None:
    stage = Stage()
    second = Second(stage, takes={"Ada": "Bela", "stranger": "Cleo"})
    for name in ("Ada", "stranger"):
        assert all(sighting.match.person is None for sighting in play(door(second), stage, name, 4))


def test_somebody_without_the_second_part_is_still_named_among_others_who_have_it() -> None:
    stage = Stage()
    second = Second(stage)
    opened = play(door(second, old=("Ada",)), stage, "Ada", 4)[0]
    assert opened.match.person is not None
    assert (opened.match.person.name, opened.match.person.second_similarity) == ("Ada", None)


def test_an_old_gallery_works_as_before_and_its_strangers_are_kept_with_both() -> None:
    stage = Stage()
    second = Second(stage)
    named = play(door(second, old=ENROLLED), stage, "Ada", 4)[0]
    assert named.match.person is not None
    assert (named.match.person.name, named.match.encoders) == ("Ada", "dlib")
    stranger = play(door(second, old=ENROLLED), stage, "stranger", 4)[0]
    assert stranger.match.person is None
    assert stranger.embedding is not None
    assert is_joined(stranger.embedding)


def test_without_the_second_encoder_nobody_is_compared_by_it() -> None:
    stage = Stage()
    second = Second(stage)
    told = play(door(second, heard=False), stage, "stranger", 4)
    assert second.seen == []
    assert told[0].embedding is not None
    assert not is_joined(told[0].embedding)


def test_a_view_that_may_join_a_template_has_both_embeddings() -> None:
    stage = Stage()
    second = Second(stage)
    offered: list[TemplateCandidate] = []
    anything = lambda rgb, face: {"sharpness": 0.5}  # noqa: E731
    selector = CandidateSelector("dlib-resnet-v1", anything, offered.append)
    play(door(second, candidates=selector), stage, "Ada", 6)
    assert offered
    assert all(second_of(one.embedding) is not None for one in offered)
