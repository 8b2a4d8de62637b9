"""Reads still images from files, damaged and malicious ones included."""

import warnings
from contextlib import nullcontext
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from monitor.domain import RgbImage
from monitor.errors import ImageError
from monitor.vision.runtime import quiet_native_output

_SUFFIXES = """
.jpg .jpeg .jpe .jfif .jfi .jif .pjpeg .pjp .mpo .png .apng .webp .avif .avifs .heic .heif .hif .tif .tiff .bmp .dib
.gif .pgm .ppm .pbm .pnm .jp2 .j2k .j2c .jpc .jpf .jpx .qoi .tga .icb .vda .vst .pcx
"""
SUFFIXES = frozenset(_SUFFIXES.split())
"""Endings of the file names that are taken for images."""

_UNREAD_SUFFIXES = """
.cr2 .cr3 .crw .nef .nrw .arw .sr2 .srf .dng .orf .rw2 .raf .pef .srw .raw .rwl .3fr .iiq .x3f .kdc .mrw .jxl .svg
.svgz .psd .psb .eps .ai .xcf .kra .ico .icns .emf .wmf .dcm .exr .hdr .dds .xbm .xpm .insp
"""
UNREAD_SUFFIXES = frozenset(_UNREAD_SUFFIXES.split())
"""Endings of the file names of pictures that are not read: of cameras' sensors, of drawings and of picture editors."""

READ = "JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF"
"""The formats to offer in a sentence."""

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "DIB", "GIF", "PPM", "JPEG2000", "QOI")
"""Pillow's names of the readers that are let loose on a file; others start programs or print."""
_BY_SUFFIX = {".tga": "TGA", ".icb": "TGA", ".vda": "TGA", ".vst": "TGA", ".pcx": "PCX"}
"""Formats whose first bytes are like many another file's: read only under their own name."""
_TALKATIVE = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51")
"""How files begin whose native readers print their complaints themselves: TIFF and JPEG 2000."""
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", *_TALKATIVE)
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")
"""Kinds of ISO base media files that hold a still picture."""
_DEPTHS = (1023, 4095, 16383, 65535)
"""Largest values of pictures of 10, 12, 14 and 16 bits, which cameras store in words of 16 bits."""

MAX_PIXELS = 200_000_000
"""Larger pictures are refused before decoding: 200 megapixels need 600 MB as RGB."""

MAX_SIDE = 4096
"""Pixels on the longer side to which larger pictures are scaled down; their faces stay far larger than needed."""

_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The turn that makes a picture upright, by its EXIF orientation."""


class StillImage(NamedTuple):
    """A picture from a file, and how large it is there."""

    rgb: RgbImage
    """uint8 (height, width, 3), at most `MAX_SIDE` on the longer side."""
    width: int
    """Pixels across the upright picture in its file."""

    @property
    def scale(self) -> float:
        """Pixels of the file's picture to one pixel of `rgb`: 1 or more."""
        return float(self.width / self.rgb.shape[1])


def read_image(path: Path) -> RgbImage:
    """The pixels of `read_still`: uint8 (height, width, 3), at most `MAX_SIDE` on the longer side.

    Raises:
        ImageError: the file is missing, empty, damaged, not an image, or too large.
    """
    return read_still(path).rgb


def read_still(path: Path) -> StillImage:
    """Read the first picture of a file as upright RGB, whatever its depth, colours or orientation tag.

    Raises:
        ImageError: the file is missing, empty, damaged, not an image, or too large.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}; check the path.") from None
    if path.is_dir():
        raise ImageError(f"{path} is a folder; name an image in it.")
    if not path.is_file():
        raise ImageError(f"{path} is not a file; name an image.")
    if size == 0:
        raise ImageError(f"{path} is empty; save the image again.")
    _prepare_readers()
    warnings.filterwarnings("ignore", module=r"PIL|pillow_heif|monitor\.vision\.images")
    try:
        with path.open("rb") as file:
            talkative = file.read(SIGNATURE).startswith(_TALKATIVE)
        suffix = path.suffix.strip().lower()
        formats = (*_FORMATS, _BY_SUFFIX[suffix]) if suffix in _BY_SUFFIX else _FORMATS
        with quiet_native_output() if talkative else nullcontext(), Image.open(path, formats=formats) as image:
            width, height = image.size  # a large JPEG is decoded at a smaller size
            rgb = _to_rgb(image, path)
            turned = (rgb.shape[1] > rgb.shape[0]) != (width > height)
            return StillImage(rgb, height if turned else width)
    except UnidentifiedImageError:
        raise ImageError(f"{path} is not an image that can be read; use {READ}.") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{path} has too many pixels; scale it down below {MAX_PIXELS // 10**6} megapixels.") from None
    except ImageError:
        raise
    except Exception as error:  # noqa: BLE001 - on damaged data Pillow's many readers raise nearly anything
        refused = getattr(error, "strerror", None)
        what = (
            f"{refused}; check the file and its rights" if refused else "its data is damaged or cut off; copy it again"
        )
        raise ImageError(f"{path} cannot be read as an image: {what}.") from None


def is_image(path: PurePath) -> bool:
    """Whether a file's name ends as an image's does."""
    return path.suffix.strip().lower() in SUFFIXES


SIGNATURE = 16
"""Bytes at the beginning of a file that `begins_as_image` looks at."""


def begins_as_image(head: bytes) -> bool:
    """Whether a file's first `SIGNATURE` bytes are those of a common image format, whatever the file is called."""
    riff = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_SIGNATURES) or riff or (head[4:8] == b"ftyp" and head[8:12] in _BRANDS)


def _prepare_readers() -> None:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses from twice this number on, by itself 179 megapixels
    if ".heic" not in Image.registered_extensions():
        from pillow_heif import register_heif_opener

        register_heif_opener()


def _to_rgb(image: Image.Image, path: Path) -> RgbImage:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path} has {width}x{height} pixels; scale it down below {MAX_PIXELS // 10**6} megapixels.")
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))
    image.load()
    upright = _turned(image)
    if upright.mode.startswith(("I", "F")):
        return _shrink(_from_deep(np.asarray(upright)))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    return _shrink(np.asarray(upright.convert("RGB")))


def _turned(image: Image.Image) -> Image.Image:
    """The picture upright, by its orientation tag; Pillow's `exif_transpose` fails where any other tag is damaged."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - damaged tags raise nearly anything; the picture itself may be whole
        return image
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _from_deep(grey: "np.ndarray[Any, np.dtype[Any]]") -> RgbImage:
    """A picture of more than 8 bits or in floating point, scaled from the range of its depth.

    A word of 16 bits may hold fewer: the depth is one of which the picture uses the upper half, else 16 bits. Floating
    point ends at 1, 255 or there.
    """
    values = np.nan_to_num(grey.astype(np.float32), posinf=0, neginf=0)
    largest = float(values.max())
    if largest <= 1 or (largest <= 255 and grey.dtype.itemsize != 2):
        top = 1 if largest <= 1 else 255
    else:
        top = next((depth for depth in _DEPTHS if depth / 2 < largest <= depth), 65535)
    scaled = np.clip(values * (255.0 / top), 0, 255).astype(np.uint8)
    return np.repeat(scaled[..., None], 3, axis=2)


def _shrink(rgb: RgbImage) -> RgbImage:
    longest = max(rgb.shape[:2])
    if longest <= MAX_SIDE:
        return np.ascontiguousarray(rgb)
    scale = MAX_SIDE / longest
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
