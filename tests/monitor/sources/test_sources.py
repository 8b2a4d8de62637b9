"""Files, folders, cameras and streams deliver frames, or say in one sentence why not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from monitor.domain import Frame, RgbImage
from monitor.errors import SourceError
from monitor.sources.camera import CameraInfo, CameraSource, cameras_in
from monitor.sources.file import FileSource
from monitor.sources.folder import FolderSource
from monitor.sources.source import open_source
from monitor.sources.stream import StreamSource, open_stream, without_password
from monitor.sources.turned import turned

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RED = (200, 30, 10)


def write_video(path: Path, frames: int, fps: float = 10.0, codec: str = "MJPG") -> Path:
    """A video whose frames are red and get brighter, with noise so that they differ and fill the file."""
    noise = np.random.default_rng(0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    for _ in range(frames):
        rgb = np.clip(np.array(RED) + noise.integers(-9, 9, (48, 64, 3)), 0, 255).astype(np.uint8)
        writer.write(rgb[..., ::-1])
    writer.release()
    return path


def cut(path: Path, share: float) -> Path:
    whole = path.read_bytes()
    shorter = path.with_stem(path.stem + "_cut")
    shorter.write_bytes(whole[: int(len(whole) * share)])
    return shorter


def frames_of(source: FileSource | FolderSource) -> list[Frame]:
    source.open()
    frames = list(iter(source.read, None))
    source.close()
    return frames


def test_the_first_frame_of_a_file_or_folder_may_have_a_time(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.avi", 3)
    for source in (open_source(str(video), START), open_source(f"file://{video}", START)):
        assert isinstance(source, FileSource)
        assert [frame.at for frame in frames_of(source)][:2] == [START, START + timedelta(seconds=0.1)]
    for live in ("0", "rtsp://camera.example/door"):
        with pytest.raises(SourceError, match="is live"):
            open_source(live, START)


class FakeCapture:
    """Stands in for cv2.VideoCapture."""

    def __init__(self, pictures: list[np.ndarray | None] | None = None) -> None:
        self.pictures: Iterator[RgbImage | None] | None = None if pictures is None else iter(pictures)
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.pictures is not None

    def read(self) -> tuple[bool, RgbImage | None]:
        assert self.pictures is not None
        picture = next(self.pictures, None)
        return picture is not None, picture

    def grab(self) -> bool:
        return self.read()[0]

    def get(self, _property: int) -> float:
        return 0.0

    def set(self, _property: int, _value: float) -> bool:
        return True

    def release(self) -> None:
        self.released = True


@pytest.mark.parametrize(("suffix", "codec"), [("avi", "MJPG"), ("mkv", "MJPG"), ("mp4", "mp4v")])
def test_a_file_delivers_every_frame_in_rgb_at_its_own_time(tmp_path: Path, suffix: str, codec: str) -> None:
    video = write_video(tmp_path / f"v.{suffix}", frames=12, fps=10, codec=codec)
    frames = frames_of(FileSource(video, started_at=START))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.seconds for frame in frames] == pytest.approx([n / 10 for n in range(12)], abs=0.002)
    assert (frames[10].at - START) / timedelta(seconds=1) == pytest.approx(1.0, abs=0.002)
    assert frames[0].rgb.shape == (48, 64, 3)
    assert frames[0].rgb.mean(axis=(0, 1)) == pytest.approx(RED, abs=12)


def test_a_file_can_be_read_again_from_its_first_frame(tmp_path: Path) -> None:
    source = FileSource(write_video(tmp_path / "v.avi", frames=3))
    assert len(frames_of(source)) == 3
    assert [frame.index for frame in frames_of(source)] == [0, 1, 2]


def test_a_video_that_ends_mid_frame_delivers_what_is_there_and_says_so(tmp_path: Path) -> None:
    source = FileSource(cut(write_video(tmp_path / "v.avi", frames=30), 0.6))
    frames = frames_of(source)
    assert 12 <= len(frames) <= 20
    assert source.warning is not None
    assert f"{len(frames)} of about 30 frames" in source.warning


def test_a_whole_video_has_no_warning(tmp_path: Path) -> None:
    source = FileSource(write_video(tmp_path / "v.avi", frames=30))
    frames_of(source)
    assert source.warning is None


def test_times_go_on_where_a_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "v.avi").write_bytes(b"x")
    picture = np.full((4, 4, 3), 99, np.uint8)
    source = FileSource(tmp_path / "v.avi", opener=lambda _: FakeCapture([picture] * 3))
    assert [frame.seconds for frame in frames_of(source)] == pytest.approx([0, 0.04, 0.08])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory; check the path."),
        (b"", "is empty; record or copy it again."),
        (b"just some text\n" * 50, "is not a video that can be read"),
        (b"\0\0\0\x18ftypmp42" + bytes(500), "is a damaged or cut off video; record or copy it again."),
    ],
)
def test_what_is_no_video_is_one_sentence(
    tmp_path: Path, content: bytes | None, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(str(path)).open()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", ""), "the decoder must not write to the terminal"


def test_a_video_cut_before_its_index_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = cut(write_video(tmp_path / "v.mp4", frames=20, codec="mp4v"), 0.6)
    with pytest.raises(SourceError, match="damaged or cut off"):
        FileSource(path).open()
    assert capfd.readouterr() == ("", "")


def test_a_video_without_frames_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "v.avi").write_bytes(b"RIFF")
    with pytest.raises(SourceError, match="has no frames"):
        FileSource(tmp_path / "v.avi", opener=lambda _: FakeCapture([])).open()


def test_clips_from_real_cameras_are_read_whole(shared_data: Path) -> None:
    frames = frames_of(FileSource(shared_data / "clips" / "five_faces_3s.mp4"))
    assert len(frames) == 90
    assert all(b.seconds > a.seconds for a, b in pairwise(frames))


def test_a_folder_delivers_its_images_in_natural_order_and_counts_what_it_skips(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"f{number}.png"), np.full((8, 9, 3), number, np.uint8))
    (tmp_path / "f3.jpg").write_text("no image")
    (tmp_path / "notes.txt").write_text("not looked at")
    source = FolderSource(tmp_path, fps=4, started_at=START)
    frames = frames_of(source)
    assert [int(frame.rgb[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.seconds for frame in frames] == [0, 0.25, 0.5]
    assert source.warning == f"1 of 4 images in {tmp_path} could not be read and were skipped."


def test_a_folder_without_a_readable_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no images"):
        FolderSource(tmp_path).open()
    (tmp_path / "a.png").write_text("text")
    (tmp_path / "b.png").write_text("text")
    with pytest.raises(SourceError, match=r"No image in .* can be read"):
        frames_of(FolderSource(tmp_path))


def test_a_single_image_is_a_source_of_one_frame(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((5, 6, 3), np.uint8))
    source = open_source(str(tmp_path / "one.png"))
    source.open()
    assert source.read() is not None
    assert source.read() is None


def test_a_camera_delivers_rgb_and_keeps_counting_when_opened_again() -> None:
    blue_in_bgr = np.zeros((4, 4, 3), np.uint8)
    blue_in_bgr[..., 0] = 255
    source = CameraSource(0, opener=lambda _: FakeCapture([blue_in_bgr] * 2))
    indices = []
    for _ in range(2):
        source.open()
        frames = [source.read(), source.read()]
        with pytest.raises(SourceError, match="Camera 0 stopped sending pictures"):
            source.read()
        source.close()
        indices += [frame.index for frame in frames]
    assert indices == [0, 1, 2, 3]
    assert tuple(frames[0].rgb[0, 0]) == (0, 0, 255)
    assert source.live


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ((), "Camera 97 does not exist: this machine has no camera"),
        (
            (CameraInfo(0, "a"), CameraInfo(2, "b")),
            "Camera 97 does not exist; use one of the cameras of this machine: 0, 2.",
        ),
        ((CameraInfo(97, "a"),), "Camera 97 does not open; close the program that uses it"),
    ],
)
def test_a_camera_that_does_not_open_says_why(others: tuple[CameraInfo, ...], sentence: str) -> None:
    closed = FakeCapture()
    with pytest.raises(SourceError) as caught:
        CameraSource(97, opener=lambda _: closed, cameras=lambda: others).open()
    assert sentence in str(caught.value)
    assert closed.released


def test_opencv_says_nothing_about_a_missing_camera(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="Camera 97"):
        open_source("97").open()
    assert capfd.readouterr() == ("", "")


def test_cameras_are_listed_without_their_metadata_nodes(tmp_path: Path) -> None:
    for node, index, name in (("video2", "0", "Desk"), ("video0", "0", "Door"), ("video1", "1", "Door")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(index + "\n")
        (tmp_path / node / "name").write_text(name + "\n")
    assert cameras_in(tmp_path) == (CameraInfo(0, "Door"), CameraInfo(2, "Desk"))
    assert cameras_in(tmp_path / "missing") == ()


def test_of_a_stream_of_jpegs_those_of_which_a_third_is_missing_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg would fill them with the picture before."""
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")  # with buffering, as over HTTP
    random, sent = np.random.default_rng(3), []
    for number in range(12):
        picture = random.integers(0, 255, (48, 64, 3), np.uint8)
        jpeg = bytes(cv2.imencode(".jpg", picture)[1])
        sent.append(jpeg[: len(jpeg) * 2 // 3] if number % 4 == 3 else jpeg)
    parts = [
        b"--part\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(one), one) for one in sent
    ]
    (file := tmp_path / "stream.mjpeg").write_bytes(b"".join(parts))
    source = StreamSource(str(file), opener=open_stream)
    source.open()
    whole = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in sent]
    for bgr in (one for one in whole if one is not None):
        assert np.array_equal(source.read().rgb, bgr[..., ::-1])
    with pytest.raises(SourceError, match="stopped sending pictures"):
        source.read()
    source.close()


def test_a_stream_that_cannot_be_reached_is_one_sentence_without_the_password() -> None:
    source = StreamSource("rtsp://guard:s3cret@10.0.0.7:554/door?key=abc", opener=lambda _: FakeCapture())
    with pytest.raises(SourceError) as caught:
        source.open()
    assert str(caught.value).startswith("rtsp://10.0.0.7:554/door cannot be opened; check")
    assert "s3cret" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_a_file_can_be_read_after_a_stream_was_tried(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg's options for streams come from the environment and would make short files look empty."""
    monkeypatch.delenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", raising=False)
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source("rtsp://127.0.0.1:9/door").open()
    assert len(frames_of(FileSource(write_video(tmp_path / "v.mkv", frames=5)))) == 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://[fe80::1]:8080/video", "http://[fe80::1]:8080/video"),
        ("rtsp://u:p@host:notaport/x", "rtsp://…"),
        ("https://cam.example/live", "https://cam.example/live"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_opening_by_text_finds_the_kind_of_source(tmp_path: Path) -> None:
    assert open_source(" 0 ").name == "Camera 0"
    assert open_source("/dev/video3").name == "Camera 3"
    assert isinstance(open_source("rtsp://cam/1"), StreamSource)
    assert isinstance(open_source(str(tmp_path)), FolderSource)
    assert isinstance(open_source(f"file://{tmp_path}/a.mp4"), FileSource)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "The source is empty"), ("-1", "is not a camera number"), ("gopher://x", "gopher:// cannot be read")],
)
def test_text_that_names_no_source_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        open_source(text)


def test_a_skipped_frame_counts_and_its_end_is_a_loss() -> None:
    first, second = (np.full((4, 4, 3), shade, np.uint8) for shade in (10, 20))
    source = CameraSource(0, opener=lambda _: FakeCapture([first, second]))
    source.open()
    source.skip()
    frame = source.read()
    assert (frame.index, int(frame.rgb[0, 0, 0])) == (1, 20)
    with pytest.raises(SourceError, match="stopped sending pictures"):
        source.skip()


@pytest.mark.parametrize(("degrees", "corner"), [(0, (0, 0)), (90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_a_turned_source_turns_clockwise(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:5, :5] = 255
    Image.fromarray(picture).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"damaged")
    source = turned(FolderSource(tmp_path), degrees)
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.rgb[corner].min() == 255
    assert frame.rgb.mean() == pytest.approx(255 * 25 / 600)
    assert source.read() is None
    assert source.warning
    source.close()
