"""Whole files, and the ways in which they are damaged."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import openpyxl
from hypothesis import strategies as st
from PIL import Image

Edit = tuple[str, int, bytes]
"""What is done (set, insert, delete, repeat, cut), where, and with which bytes."""

_NUMBERS = [
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x00" * 4,
    b"\xff" * 4,
    b"\x7f" + b"\xff" * 3,
    b"\xff" * 8,
    b"\x00" * 64,
]
_WORDS = [b'"', b",", b";", b"\n", b"\r", b"\x00", b"..", b"/", b"\\", b"1048576", b"XFD", b"<", b"&", b"\xed\xa0\x80"]

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "repeat", "cut"]),
        st.integers(0, 2**20),
        st.one_of(st.sampled_from(_NUMBERS + _WORDS), st.binary(min_size=1, max_size=12)),
    ),
    min_size=1,
    max_size=6,
)
"""A few edits at places that are taken modulo the file's length."""


def damaged(content: bytes, edits: list[Edit]) -> bytes:
    """The file after the edits."""
    data = bytearray(content)
    for kind, place, some in edits:
        at = place % (len(data) + 1)
        if kind == "set":
            data[at : at + len(some)] = some
        elif kind == "insert":
            data[at:at] = some
        elif kind == "delete":
            del data[at : at + 16 * len(some)]
        elif kind == "repeat":
            data[at:at] = data[at : at + 256] * len(some)
        else:
            del data[at:]
    return bytes(data)


def picture(kind: str, **options: object) -> bytes:
    """A small picture with some detail in it."""
    rgb = np.random.default_rng(3).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    image = Image.fromarray(np.repeat(np.repeat(rgb[::4, ::4], 4, 0), 4, 1))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def pictures() -> Mapping[str, bytes]:
    """Pictures by the ending of their names."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera" * 20
    return {
        "jpg": picture("JPEG", exif=exif),
        "jpeg": picture("JPEG", progressive=True),
        "png": picture("PNG"),
        "webp": picture("WEBP"),
        "avif": picture("AVIF"),
        "gif": picture("GIF"),
        "bmp": picture("BMP"),
        "tif": picture("TIFF", compression="tiff_lzw"),
        "tiff": picture("TIFF", compression="jpeg"),
        "jp2": picture("JPEG2000"),
        "qoi": picture("QOI"),
        "tga": picture("TGA"),
        "ppm": picture("PPM"),
    }


def zipped(files: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    """A ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
    return file.getvalue()


@cache
def archives() -> tuple[bytes, ...]:
    """Archives of pictures, and one that Muster exported."""
    jpg, png = pictures()["jpg"], pictures()["png"]
    about = json.dumps({"person": {"name": "Anna", "number": "1", "group_name": None}}).encode()
    return (
        zipped({"Anna/1.jpg": jpg, "Anna/2.png": png, "Ben.jpg": jpg, "notes.txt": b"hello", "photo": jpg}),
        zipped({"Anna/1.jpg": jpg, "Ben.jpg": jpg}, stored=True),
        zipped({"person.json": about, "images/face-1.jpg": jpg, "images/portrait.jpg": jpg}),
    )


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    """An XLSX workbook."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    fill(book)
    book.save(file)
    return file.getvalue()


def _fill(book: openpyxl.Workbook) -> None:
    for row in (["Staff", None, None], ["name", "file", "number"], ["Anna", "a.jpg", 7], ["Ben", "b.jpg, c.jpg", 8.5]):
        book.worksheets[0].append(row)
    book.create_sheet("more").append(["name", "file"])


@cache
def workbooks() -> tuple[bytes, ...]:
    """A workbook, and the same with its parts not compressed, so that edits reach the XML."""
    packed = workbook(_fill)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed, zipped(parts, stored=True)


LISTS = (
    b"file,name,number,group\na.jpg,Anna,1,Desk\nb.jpg,Ben,2,\n",
    'sep=;\nname;file;file2\n"Anna; Dr.";a.jpg;"b.jpg, c.jpg"\n'.encode("utf-8-sig"),
    "Staff list;;\n;;\nname;file\nJürgen;a.jpg\n".encode("cp1252"),
    "name\tfile\nAnna\tC:\\x\\a.jpg\n".encode("utf-16"),
)


@cache
def tables() -> tuple[bytes, ...]:
    """FER2013 in the forms that are read."""
    pixels = " ".join(str(number % 256) for number in range(2304))
    table = f"emotion,pixels,Usage\n3,{pixels},Training\n6,{pixels},PublicTest\n".encode()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        info = tarfile.TarInfo("fer2013/fer2013.csv")
        info.size = len(table)
        archive.addfile(info, io.BytesIO(table))
    folder = zipped({"train/happy/a.png": pictures()["png"], "test/sad/b.jpg": pictures()["jpg"]})
    return table, gzip.compress(table), zipped({"fer2013.csv": table}), tar.getvalue(), folder
