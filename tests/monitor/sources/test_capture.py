"""The capture thread: what is dropped, what never is, and how a lost camera is noticed and won back."""

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from monitor.domain import Frame, RgbImage
from monitor.errors import SourceError
from monitor.sources.capture import AHEAD, Backoff, Capture
from monitor.sources.health import Health

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BLACK = np.zeros((16, 16, 3), np.uint8)


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(60, 200, (16, 16, 3)).astype(np.uint8)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


Step = RgbImage | Exception | Callable[[], object]


class ScriptedSource:
    """Plays one script per opening: pictures, exceptions to raise, or functions to call in between."""

    warning: str | None = None

    def __init__(self, *openings: Iterable[Step], live: bool = True) -> None:
        self.name = "Camera 9"
        self.live = live
        self._openings = iter(openings)
        self._script: Iterator[Step] = iter(())
        self.opened = 0
        self.closed = 0
        self.read_frames = 0

    def open(self) -> None:
        self.opened += 1
        script = next(self._openings, None)
        if script is None:
            raise SourceError("Camera 9 does not exist.")
        self._script = iter(script)

    def read(self) -> Frame | None:
        for step in self._script:
            if isinstance(step, np.ndarray):
                self.read_frames += 1
                return Frame(index=self.read_frames - 1, at=START, seconds=float(self.read_frames), rgb=step)
            if isinstance(step, Exception):
                raise step
            step()
        return None

    def close(self) -> None:
        self.closed += 1


class Diary:
    """Writes down what the capture says, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def lost(self, sentence: str) -> None:
        self.lines.append(sentence)

    def back(self) -> None:
        self.lines.append("back")


def never_wait(stopped: threading.Event, _seconds: float) -> bool:
    return stopped.is_set()


def until(done: Callable[[], bool], capture: Capture) -> None:
    """Consumes frames until `done`; the suite's time limit ends a test that never gets there."""
    while not done():
        capture.next(0.05)


def test_a_file_hands_over_every_frame_in_order_and_then_ends() -> None:
    source = ScriptedSource([picture(n) for n in range(3 * AHEAD)], live=False)
    capture = Capture(source, on_lost=pytest.fail, on_back=lambda: pytest.fail("never lost"))
    capture.start()
    frames = []
    while not capture.ended:
        frame = capture.next(60)
        if frame is not None:
            frames.append(frame.index)
    capture.stop()
    assert frames == list(range(3 * AHEAD))
    assert capture.dropped == 0
    assert source.closed == 1


def test_a_file_is_decoded_only_a_few_frames_ahead() -> None:
    reached = threading.Event()
    pictures: list[Step] = [picture(n) for n in range(100)]
    pictures.insert(AHEAD, reached.set)
    source = ScriptedSource(pictures, live=False)
    capture = Capture(source, on_lost=pytest.fail, on_back=lambda: None)
    capture.start()
    assert reached.wait(60)
    capture.stop()
    assert source.read_frames == AHEAD + 1
    assert source.closed == 1


def test_an_unreadable_file_is_raised_in_the_consumer() -> None:
    capture = Capture(ScriptedSource(live=False), on_lost=pytest.fail, on_back=lambda: None)
    capture.start()
    with pytest.raises(SourceError, match="does not exist"):
        capture.next(60)
    capture.stop()


def test_an_unforeseen_error_in_the_thread_reaches_the_consumer() -> None:
    capture = Capture(ScriptedSource([ZeroDivisionError("odd")]), on_lost=pytest.fail, on_back=lambda: None)
    capture.start()
    with pytest.raises(ZeroDivisionError):
        capture.next(60)
    capture.stop()


def test_of_a_live_source_the_newest_frame_wins_and_drops_are_counted() -> None:
    all_there, go_on = threading.Event(), threading.Event()
    source = ScriptedSource([*[picture(n) for n in range(7)], all_there.set, go_on.wait])
    capture = Capture(source, on_lost=lambda _: None, on_back=lambda: None)
    capture.start()
    assert all_there.wait(60)
    newest = capture.next(60)
    assert newest is not None
    assert newest.index == 6
    assert capture.dropped == 6
    go_on.set()
    capture.stop()


class SkippingSource(ScriptedSource):
    """Can let frames go by undecoded."""

    def __init__(self, *openings: Iterable[Step]) -> None:
        super().__init__(*openings)
        self.skipped = 0

    def skip(self) -> None:
        self.read()
        self.skipped += 1


@pytest.mark.parametrize(("seconds_a_frame", "decoded", "newest"), [(0.001, 1, 0), (0.04, 2, 4), (0.2, 4, 6)])
def test_frames_that_nobody_can_take_in_time_are_not_decoded(seconds_a_frame: float, decoded: int, newest: int) -> None:
    """The frame that is handed over is the newest, or at most a tenth of a second older."""
    clock, all_there, go_on = Clock(), threading.Event(), threading.Event()

    def later() -> None:
        clock.now += seconds_a_frame

    steps: list[Step] = [step for n in range(7) for step in (picture(n), later)]
    source = SkippingSource([*steps, all_there.set, go_on.wait])
    capture = Capture(source, on_lost=lambda _: None, on_back=lambda: None, clock=clock)
    capture.start()
    assert all_there.wait(60)
    frame = capture.next(60)
    assert frame is not None
    assert frame.index == newest
    assert capture.dropped == 6
    assert source.read_frames - source.skipped == decoded
    go_on.set()
    capture.stop()


def test_a_camera_that_fails_is_lost_reopened_and_back() -> None:
    diary, over = Diary(), threading.Event()
    source = ScriptedSource([picture(0), SourceError("Camera 9 stopped sending pictures.")], [picture(1), over.wait])
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, wait=never_wait)
    capture.start()
    until(lambda: "back" in diary.lines, capture)
    assert diary.lines == ["Camera 9 stopped sending pictures.", "back"]
    over.set()
    capture.stop()
    assert source.closed == source.opened


def test_a_missing_camera_is_tried_again_for_ever_with_longer_and_longer_pauses() -> None:
    diary, pauses = Diary(), []

    def wait(stopped: threading.Event, seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) >= 9 or stopped.is_set()

    capture = Capture(ScriptedSource(), on_lost=diary.lost, on_back=diary.back, wait=wait, backoff=Backoff(1, 10, 30))
    capture.start()
    until(lambda: len(pauses) >= 9 and bool(diary.lines), capture)
    capture.stop()
    assert pauses == [1, 2, 4, 8, 10, 10, 10, 10, 10]
    assert diary.lines == ["Camera 9 does not exist."], "a loss is told once"


def test_after_a_long_good_time_the_pauses_start_short_again() -> None:
    clock, pauses = Clock(), []

    def later(seconds: float) -> Callable[[], None]:
        return lambda: setattr(clock, "now", clock.now + seconds)

    def wait(stopped: threading.Event, seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 4 or stopped.is_set()

    gone = SourceError("gone")
    source = ScriptedSource(
        [gone], [picture(1), later(1), picture(2), gone], [picture(3), later(31), picture(4), gone], [gone]
    )
    capture = Capture(
        source,
        on_lost=lambda _: None,
        on_back=lambda: None,
        wait=wait,
        clock=clock,
        backoff=Backoff(1, 10, 30),
    )
    capture.start()
    until_paused = threading.Event()
    while len(pauses) < 4:
        until_paused.wait(0.01)
    capture.stop()
    assert pauses == [1, 2, 1, 2]


def test_failing_fast_raises_the_first_open_error_of_a_camera() -> None:
    capture = Capture(ScriptedSource(), on_lost=pytest.fail, on_back=lambda: None, fail_fast=True)
    capture.start()
    with pytest.raises(SourceError, match="does not exist"):
        capture.next(60)
    capture.stop()


def test_failing_fast_is_over_once_the_camera_has_worked() -> None:
    diary = Diary()
    source = ScriptedSource([picture(0), SourceError("gone")])
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, fail_fast=True, wait=lambda *_: True)
    capture.start()
    until(lambda: diary.lines == ["gone"], capture)
    capture.stop()


def test_a_camera_that_hangs_is_noticed_within_five_seconds_and_does_not_block_the_stop() -> None:
    clock, diary = Clock(), Diary()
    hanging, let_go = threading.Event(), threading.Event()
    source = ScriptedSource([picture(0), hanging.set, let_go.wait, picture(1)])
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, clock=clock)
    capture.start()
    assert hanging.wait(60)
    assert capture.next(0) is not None
    clock.now += 3
    capture.next(0)
    assert diary.lines == []
    clock.now += 2
    capture.next(0)
    assert diary.lines == ["Camera 9 has sent no picture for 4 seconds."]
    capture.stop(patience=0.01)
    let_go.set()


def test_a_camera_that_only_stalled_is_back_with_its_next_picture() -> None:
    clock, diary = Clock(), Diary()
    hanging, let_go, over = threading.Event(), threading.Event(), threading.Event()
    source = ScriptedSource([picture(0), hanging.set, let_go.wait, picture(1), over.wait])
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, clock=clock)
    capture.start()
    assert hanging.wait(60)
    clock.now += 5
    until(lambda: len(diary.lines) == 1, capture)
    let_go.set()
    frame = capture.next(60)
    assert frame is not None
    assert diary.lines[-1] == "back"
    over.set()
    capture.stop()


def test_a_camera_that_hangs_for_ever_is_opened_anew_by_another_thread() -> None:
    clock, diary = Clock(), Diary()
    hanging, let_go, over = threading.Event(), threading.Event(), threading.Event()
    source = ScriptedSource([hanging.set, let_go.wait, picture(0)], [picture(1), over.wait])
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, clock=clock, wait=never_wait)
    capture.start()
    assert hanging.wait(60)
    for _ in range(3):
        clock.now += 5
        capture.next(0)
    until(lambda: "back" in diary.lines, capture)
    assert source.opened == 2
    let_go.set()
    over.set()
    capture.stop()


@pytest.mark.parametrize(
    ("blind", "sentence"),
    [(BLACK, "Camera 9 delivers only black;"), (picture(5), "Camera 9 is frozen;")],
)
def test_a_black_or_frozen_camera_is_noticed_within_five_seconds(blind: np.ndarray, sentence: str) -> None:
    clock, diary = Clock(), Diary()
    noticed_at: list[float] = []

    def second_passes() -> None:
        clock.now += 0.5

    def noticed(text: str) -> None:
        noticed_at.append(clock.now)
        diary.lost(text)

    script: list[Step] = [picture(1)]
    for _ in range(20):
        script += [second_passes, blind]
    again, over = [blind.copy(), picture(2)], threading.Event()
    source = ScriptedSource(script, [*again, over.wait])
    capture = Capture(source, on_lost=noticed, on_back=diary.back, clock=clock, wait=never_wait)
    capture.start()
    until(lambda: "back" in diary.lines, capture)
    assert diary.lines[0].startswith(sentence)
    assert noticed_at[0] - 100.0 <= 5
    assert source.read_frames < 20, "it was opened again instead of read on"
    over.set()
    capture.stop()


def test_a_dark_room_with_some_light_is_not_black() -> None:
    dim = np.random.default_rng(0).integers(0, 40, (480, 640, 3)).astype(np.uint8)
    assert Health().look(dim, 0.0) == (True, None)


def test_a_still_scene_with_sensor_noise_is_not_frozen() -> None:
    health, scene = Health(), picture(1)
    for second in range(20):
        scene = scene.copy()
        scene[second % 16, 3] ^= 1
        assert health.look(scene, float(second)) == (True, None)


def test_a_picture_that_repeats_while_the_cameras_own_time_goes_on_is_not_frozen() -> None:
    health, scene = Health(), picture(1)
    assert all(health.look(scene.copy(), float(second), 40.0 * second) == (True, None) for second in range(1, 20))
    assert health.look(scene, 20.0, 40.0 * 19) == (False, None)
    assert health.look(scene, 25.0, 40.0 * 19) == (False, "is frozen; plug it in again")


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("fill", [(128, 128, 128), (0, 135, 0)])
def test_a_picture_of_which_a_third_did_not_come_is_bad(turns: int, fill: tuple[int, int, int]) -> None:
    rows = np.random.default_rng(2).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    rows[320:] = fill
    damaged = np.rot90(rows, turns)
    health = Health()
    assert health.look(damaged, 0.0) == (False, None)
    good, flaw = health.look(damaged, 5.0)
    assert (good, str(flaw)[:26]) == (False, "sends only a part of its p")


@pytest.mark.parametrize("bar", [0, 255])
def test_bars_of_black_or_glaring_white_are_part_of_a_good_picture(bar: int) -> None:
    rows = np.random.default_rng(2).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    rows[:80], rows[400:] = bar, bar
    assert Health().look(rows, 0.0) == (True, None)


def test_after_each_of_200_losses_a_camera_is_back_within_ten_seconds_of_its_return() -> None:
    clock, diary, over, pauses = Clock(), Diary(), threading.Event(), list[float]()

    def pass_by(stopped: threading.Event, seconds: float) -> bool:
        pauses.append(seconds)
        clock.now += seconds
        return stopped.is_set()

    def lives(number: int) -> Iterator[Iterable[Step]]:
        """It shows two pictures, is lost by an error or by its end, and stays away for none to six tries."""
        ends = [SourceError("Camera 9 was unplugged.")] if number % 2 else []
        yield [picture(2 * number), picture(2 * number + 1), *ends]
        yield from ([SourceError("Camera 9 does not exist.")] for _ in range(number % 7))

    openings = [opening for number in range(200) for opening in lives(number)]
    source = ScriptedSource(*openings, [picture(999), over.wait])
    before = set(threading.enumerate())
    capture = Capture(source, on_lost=diary.lost, on_back=diary.back, clock=clock, wait=pass_by)
    capture.start()
    until(lambda: diary.lines.count("back") == 200, capture)
    assert len(set(threading.enumerate()) - before) == 1
    over.set()
    capture.stop()
    assert len(diary.lines) == 400, "each loss is said once"
    assert (source.opened, len(pauses)) == (len(openings) + 1, len(openings))
    assert max(pauses) <= 5, "beside the 4 seconds that opening it may take"
