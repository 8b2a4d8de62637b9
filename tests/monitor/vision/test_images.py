"""Still images that nobody vouches for: each is read upright, or refused with one sentence."""

import contextlib
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from monitor.errors import ImageError
from monitor.vision.images import MAX_SIDE, SIGNATURE, SUFFIXES, begins_as_image, read_image

WIDTH, HEIGHT = 40, 30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "picture"


def picture() -> Image.Image:
    """Red to the left, green to the right, blue below."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[:20, :20], rgb[:20, 20:], rgb[20:] = (250, 10, 10), (10, 250, 10), (10, 10, 250)
    return Image.fromarray(rgb)


def sentence_of(path: Path) -> str:
    """The one sentence with which an image is refused."""
    with pytest.raises(ImageError) as caught:
        read_image(path)
    text = str(caught.value)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def looks_like_the_picture(rgb: np.ndarray) -> bool:
    corners = rgb[5, 5], rgb[5, -5], rgb[-5, 5]
    return all(int(np.argmax(corner)) == channel and corner.max() > 150 for channel, corner in enumerate(corners))


def test_what_is_not_a_file_is_not_called_empty() -> None:
    assert sentence_of(Path(os.devnull)).endswith("is not a file; name an image.")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "HEIF"])
def test_every_usual_format_is_read_in_its_colours(file: Path, kind: str) -> None:
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    picture().save(file, kind)
    rgb = read_image(file)
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert looks_like_the_picture(rgb)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("P", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("YCbCr", "JPEG"), ("RGBA", "PNG")],
)
def test_other_colour_modes_become_rgb(file: Path, mode: str, kind: str) -> None:
    picture().convert(mode).save(file, kind)
    assert looks_like_the_picture(read_image(file))


@pytest.mark.parametrize(("mode", "kind"), [("L", "PNG"), ("L", "JPEG"), ("LA", "PNG"), ("1", "PNG")])
def test_grey_becomes_three_equal_channels(file: Path, mode: str, kind: str) -> None:
    Image.new("L", (WIDTH, HEIGHT), 255).convert(mode).save(file, kind)
    rgb = read_image(file)
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert (rgb == 255).all()


def test_a_16_bit_picture_keeps_its_shades(file: Path) -> None:
    ramp = np.linspace(0, 65535, WIDTH).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (HEIGHT, 1))).save(file, "PNG")
    row = read_image(file)[0, :, 0].astype(int)
    assert (row[0], row[-1]) == (0, 255)
    assert np.abs(row - np.linspace(0, 255, WIDTH)).max() <= 1


def test_a_dark_16_bit_picture_stays_dark(file: Path) -> None:
    Image.fromarray(np.full((HEIGHT, WIDTH), 200, np.uint16)).save(file, "PNG")
    assert read_image(file).max() <= 1


@pytest.mark.parametrize(("bits", "kind"), [(10, "PNG"), (12, "PNG"), (12, "TIFF"), (14, "PNG")])
def test_fewer_bits_in_words_of_16_are_as_bright_as_16(file: Path, bits: int, kind: str) -> None:
    ramp = np.linspace(0, 2**bits * 0.9, WIDTH).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (HEIGHT, 1))).save(file, kind)
    row = read_image(file)[0, :, 0].astype(int)
    assert np.abs(row - np.linspace(0, 255 * 0.9, WIDTH)).max() <= 2


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [("jfif", "JPEG"), ("jpe", "JPEG"), ("avif", "AVIF"), ("jp2", "JPEG2000"), ("tga", "TGA"), ("qoi", "QOI")],
)
def test_less_usual_formats_are_read(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    picture().save(path, kind)
    assert path.suffix in SUFFIXES
    assert looks_like_the_picture(read_image(path))


@pytest.mark.parametrize(
    ("kind", "known"), [("JPEG", True), ("PNG", True), ("AVIF", True), ("TIFF", True), ("TGA", False)]
)
def test_a_common_format_is_known_by_how_it_begins(file: Path, kind: str, known: bool) -> None:
    picture().save(file, kind)
    assert begins_as_image(file.read_bytes()[:SIGNATURE]) is known


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7", b"PK\x03\x04", b"RIFF....AVI LIST", b"....ftypmp42"])
def test_other_files_do_not_begin_as_images(content: bytes) -> None:
    assert not begins_as_image(content)


def test_a_picture_that_would_start_a_program_is_not_read(file: Path) -> None:
    picture().save(file, "EPS")
    with pytest.raises(ImageError, match="not an image that can be read"):
        read_image(file)


def test_damaged_tags_of_a_tiff_print_nothing(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture().save(file, "TIFF", software="x" * 200)
    file.write_bytes(file.read_bytes().replace(b"x" * 200, b"")[:-40])
    with warnings.catch_warnings(record=True) as warned, contextlib.suppress(ImageError):
        warnings.simplefilter("always")
        read_image(file)
    assert [str(one.message) for one in warned] == []
    assert capfd.readouterr().err == ""


def test_a_float_picture_is_read_and_what_is_no_number_in_it_is_black(file: Path) -> None:
    values = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    values[0, :2] = np.nan, np.inf
    Image.fromarray(values).save(file, "TIFF")
    rgb = read_image(file)
    assert rgb[0, 0].tolist() == [0, 0, 0]
    assert rgb[-1, -1].tolist() == [127, 127, 127]


def test_what_is_transparent_becomes_white(file: Path) -> None:
    Image.new("RGBA", (WIDTH, HEIGHT), (200, 0, 0, 0)).save(file, "PNG")
    assert (read_image(file) == 255).all()


def test_a_palette_with_a_transparent_colour_becomes_white_there(file: Path) -> None:
    image = Image.new("P", (WIDTH, HEIGHT), 0)
    image.putpalette([200, 0, 0, 0, 0, 200])
    image.save(file, "PNG", transparency=0)
    assert (read_image(file) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_that_a_telephone_held_another_way_is_turned_upright(file: Path, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = picture() if orientation == 1 else picture().transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(file, "JPEG", exif=exif, quality=95)
    rgb = read_image(file)
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert looks_like_the_picture(rgb)


@pytest.mark.parametrize("tag", [b"\x01\x00", b"\x01\x1a"], ids=["width", "resolution"])
def test_a_photo_is_turned_upright_although_another_of_its_tags_is_damaged(file: Path, tag: bytes) -> None:
    picture().transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=_exif(), quality=95)
    maker_as_text = b"\x01\x0f\x00\x02"
    content = file.read_bytes()
    assert content.count(maker_as_text) == 1
    file.write_bytes(content.replace(maker_as_text, tag + maker_as_text[2:]))
    assert looks_like_the_picture(read_image(file))


def test_of_an_animation_the_first_picture_is_read(file: Path) -> None:
    later = [Image.new("RGB", (WIDTH, HEIGHT), "black") for _ in range(3)]
    picture().save(file, "GIF", save_all=True, append_images=later)
    assert looks_like_the_picture(read_image(file))


def test_a_picture_of_one_pixel_is_a_picture(file: Path) -> None:
    Image.new("RGB", (1, 1), (1, 2, 3)).save(file, "PNG")
    assert read_image(file).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("size", [(MAX_SIDE + 904, 30), (3, MAX_SIDE * 2), (MAX_SIDE * 3, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_scaled_down_and_keeps_its_shape(file: Path, size: tuple[int, int], kind: str) -> None:
    Image.new("L", size, 128).save(file, kind)
    rgb = read_image(file)
    scale = MAX_SIDE / max(size)
    assert max(rgb.shape[:2]) == MAX_SIDE
    assert min(rgb.shape[:2]) == max(1, round(min(size) * scale))


def test_a_picture_as_large_as_the_largest_side_keeps_every_pixel(file: Path) -> None:
    Image.new("L", (MAX_SIDE, 2), 128).save(file, "PNG")
    assert read_image(file).shape == (2, MAX_SIDE, 3)


@pytest.mark.parametrize("side", [14_500, 60_000], ids=["210 megapixels", "3,600 megapixels"])
def test_too_many_pixels_are_refused_before_they_are_decoded(file: Path, side: int) -> None:
    file.write_bytes(_png_of(side, side))
    assert "megapixels" in sentence_of(file)


def test_nearly_200_megapixels_are_read(file: Path) -> None:
    Image.new("L", (19_000, 10_000), 128).save(file, "JPEG", quality=10)
    assert max(read_image(file).shape) == MAX_SIDE


def test_a_missing_file_says_so(file: Path) -> None:
    assert "No such file" in sentence_of(file)


def test_a_folder_says_so(tmp_path: Path) -> None:
    assert "folder" in sentence_of(tmp_path)


def test_an_empty_file_says_so(file: Path) -> None:
    file.touch()
    assert "empty" in sentence_of(file)


@pytest.mark.parametrize("name", ["notes.txt", "notes.jpg", "notes.png"])
def test_text_is_no_image_whatever_its_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("I am a picture of a cat.\n" * 50)
    assert "not an image" in sentence_of(file)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_file_that_was_cut_off_is_refused(file: Path, kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    Image.fromarray(noise).save(file, kind)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    sentence_of(file)


def test_the_reader_of_a_damaged_tiff_prints_nothing(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    picture().save(file, "TIFF", compression="tiff_lzw")
    content = bytearray(file.read_bytes())
    content[8:40] = b"\xff" * 32
    file.write_bytes(content)
    sentence_of(file)
    assert capfd.readouterr().err == ""


def test_a_name_too_long_for_the_system_is_refused(tmp_path: Path) -> None:
    sentence_of(tmp_path / ("x" * 300))


def _samples(folder: Path) -> dict[str, bytes]:
    kinds: dict[str, dict[str, Any]] = {
        "JPEG": {"exif": _exif()},
        "PNG": {"exif": _exif()},
        "GIF": {"save_all": True, "append_images": [picture().rotate(90)]},
        "WEBP": {"exif": _exif()},
        "TIFF": {"compression": "tiff_lzw"},
        "BMP": {},
        "PPM": {},
        "ICO": {},
    }
    content = {}
    for kind, options in kinds.items():
        file = folder / kind
        picture().save(file, kind, **options)
        content[kind] = file.read_bytes()
    return content


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera"
    return exif


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _samples(tmp_path_factory.mktemp("samples"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_whatever_damage_a_file_has_it_is_read_or_refused_and_nothing_else(
    samples: dict[str, bytes], file: Path, data: st.DataObject
) -> None:
    content = bytearray(samples[data.draw(st.sampled_from(sorted(samples)))])
    changes = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=8)
    for position, value in data.draw(changes):
        content[position] = value
    file.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        rgb = read_image(file)
    except ImageError:
        return
    assert rgb.dtype == np.uint8
    assert rgb.shape[2:] == (3,)


def _png_of(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_cut_off_image_is_refused_with_advice(tmp_path: Path) -> None:
    file = tmp_path / "cut.jpg"
    picture().resize((400, 300)).save(file)
    file.write_bytes(file.read_bytes()[:1000])
    assert "copy it again" in sentence_of(file)
    assert "check the path" in sentence_of(tmp_path / "none.jpg")
