"""FER2013 in its two forms, whole and broken."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.errors import DataError
from training.emotion.data.fer2013 import Fer2013, load_fer2013

GOOD = " ".join(["7"] * 2304)
HEADER = "emotion,pixels,Usage"


def csv_of(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_reads_faces_labels_and_splits(tmp_path: Path) -> None:
    rising = " ".join(str(number % 256) for number in range(2304))
    file = csv_of(tmp_path / "fer.csv", f"3,{rising},Training", f"6,{GOOD},PublicTest", f"0,{GOOD},Training")
    data = load_fer2013(file)
    training = data.split("Training")
    assert training.labels.tolist() == [3, 0]
    assert training.rows.tolist() == [0, 2]
    assert training.faces[0, 1, :3].tolist() == [48, 49, 50]
    assert data.split("PublicTest").counts().tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert data.skipped == ()


def test_reads_a_compressed_file_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "fer.csv"
    file.write_bytes(gzip.compress(f"{HEADER}\n1,{GOOD},Training\n".encode()))
    assert len(load_fer2013(file).split("Training")) == 1


BROKEN = {
    "label": f"7,{GOOD},Training",
    "Usage": f"1,{GOOD},Testing",
    "2303 pixels": f"1,{GOOD[2:]},Training",
    "256, outside": f"1,256 {GOOD[2:]},Training",
    "-1, outside": f"1,-1 {GOOD[2:]},Training",
    "whole number": f"1,x {GOOD[2:]},Training",
    "2 columns": f"1,{GOOD}",
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_row_is_named_and_skipped(tmp_path: Path, why: str) -> None:
    file = csv_of(tmp_path / "fer.csv", f"2,{GOOD},Training", BROKEN[why], f"4,{GOOD},Training")
    data = load_fer2013(file)
    assert data.split("Training").labels.tolist() == [2, 4]
    assert data.split("Training").rows.tolist() == [0, 2]
    assert len(data.skipped) == 1
    assert why in data.skipped[0]
    assert "Row 3" in data.skipped[0]


def test_strict_stops_at_the_first_broken_row(tmp_path: Path) -> None:
    file = csv_of(tmp_path / "fer.csv", BROKEN["label"], f"2,{GOOD},Training")
    with pytest.raises(DataError, match=r"Row 2 .* unknown label '7'"):
        load_fer2013(file, strict=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"label,pixels,Usage\n", "FER2013's are emotion,pixels,Usage"),
        (b"", "FER2013's are"),
        (f"{HEADER}\n".encode(), "no usable face"),
        (b"\x1f\x8bbroken", "cannot be read"),
        (b"\xff\xfe\x00emotion", "cannot be read"),
    ],
)
def test_a_file_that_is_not_fer2013_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "fer.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says):
        load_fer2013(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training data at"):
        load_fer2013(tmp_path / "none.csv")


def test_an_empty_or_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="no faces in its PrivateTest split"):
        Fer2013({}).split("PrivateTest")
    with pytest.raises(DataError, match="no split named 'test'"):
        Fer2013({}).split("test")


def image_of(path: Path, shade: int, side: int = 48) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((side, side), shade, np.uint8))


def test_reads_a_folder_of_images_and_names_what_it_skips(tmp_path: Path) -> None:
    image_of(tmp_path / "train" / "happy" / "a.png", 10)
    image_of(tmp_path / "train" / "angry" / "b.jpg", 20)
    image_of(tmp_path / "test" / "neutral" / "c.png", 30)
    image_of(tmp_path / "train" / "happy" / "large.png", 40, side=64)
    image_of(tmp_path / "train" / "happy" / "tiny.png", 40, side=12)
    cv2.imwrite(str(tmp_path / "train" / "happy" / "wide.png"), np.full((48, 64, 3), 9, np.uint8))
    image_of(tmp_path / "train" / "bored" / "d.png", 50)
    (tmp_path / "train" / "happy" / "broken.png").write_bytes(b"no image")
    (tmp_path / "train" / "happy" / "notes.txt").write_text("hello")
    data = load_fer2013(tmp_path)
    assert sorted(data.split("Training").labels.tolist()) == [0, 3, 3]
    assert data.scaled == 1
    assert data.split("PublicTest").labels.tolist() == [6]
    told = " ".join(data.skipped)
    assert all(
        name in told
        for name in ("tiny.png is 12x12", "wide.png is 64x48", "bored", "broken.png", "notes.txt is not an image")
    )
    with pytest.raises(DataError):
        load_fer2013(tmp_path, strict=True)


def test_a_folder_without_splits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder named train or test"):
        load_fer2013(tmp_path)


def test_a_table_without_usage_is_for_training(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(f"emotion,pixels\n3,{GOOD}\n6,{GOOD}\n")
    data = load_fer2013(tmp_path / "train.csv")
    assert {name: split.labels.tolist() for name, split in data.splits.items()} == {"Training": [3, 6]}


@pytest.mark.parametrize(
    "table",
    [
        f"emotion, Usage, pixels\n3,Training,{GOOD}\n6,PublicTest,{GOOD}\n",
        f",emotion,pixels,Usage\n0,3,{GOOD},Training\n1,6,{GOOD},PublicTest\n",
        f"emotion,pixels,usage\n3,{GOOD},training\n6,{GOOD},publictest\n",
        f"emotion;pixels;Usage\n3;{GOOD};Training\n6;{GOOD};PublicTest\n",
        f"Emotion\tpixels\tUsage\n3\t{GOOD}\tTraining\n6\t{GOOD}\tPublicTest\n",
        f'"emotion","pixels","Usage"\r\n"Happy","{GOOD}","Training"\r\n"neutral","{GOOD}","PublicTest"\r\n',
    ],
    ids=["the competition's order", "index column", "lower case", "semicolons", "tabs", "quoted names of emotions"],
)
@pytest.mark.parametrize("form", ["csv", "gz", "zip", "tar.gz"])
def test_reads_the_table_in_the_forms_that_are_about(tmp_path: Path, table: str, form: str) -> None:
    file = tmp_path / f"fer.{form}"
    content = table.encode("utf-8-sig")
    if form == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("fer2013/README", "hello")
            archive.writestr("fer2013/fer2013.csv", content)
    elif form == "tar.gz":
        with tarfile.open(file, "w:gz") as tar:
            info = tarfile.TarInfo("fer2013/fer2013.csv")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    else:
        file.write_bytes(gzip.compress(content) if form == "gz" else content)
    data = load_fer2013(file)
    assert data.split("Training").labels.tolist() == [3]
    assert data.split("PublicTest").labels.tolist() == [6]
    assert data.skipped == ()


@pytest.mark.parametrize("validation", ["validation", "Val", "valid"])
def test_a_folder_for_validation_is_the_public_test_and_a_test_beside_it_the_private_one(
    tmp_path: Path, validation: str
) -> None:
    image_of(tmp_path / "images" / "train" / "happy" / "a.png", 10)
    image_of(tmp_path / "images" / validation / "angry" / "b.png", 20)
    assert load_fer2013(tmp_path).split("PublicTest").labels.tolist() == [0]
    image_of(tmp_path / "images" / "test" / "sad" / "c.png", 30)
    data = load_fer2013(tmp_path)
    assert [data.split(name).labels.tolist() for name in ("Training", "PublicTest", "PrivateTest")] == [[3], [0], [4]]


def test_larger_and_coloured_pictures_are_scaled_to_grey(tmp_path: Path) -> None:
    path = tmp_path / "train" / "happy" / "a.png"
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), np.full((224, 224, 3), (40, 80, 160), np.uint8))
    data = load_fer2013(tmp_path)
    grey = round(0.114 * 40 + 0.587 * 80 + 0.299 * 160)
    assert np.abs(data.split("Training").faces.astype(int) - grey).max() <= 1
    assert data.scaled == 1


def test_an_archive_of_folders_writes_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    image_of(tmp_path / "a.png", 10)
    with zipfile.ZipFile(tmp_path / "here" / "fer.zip", "w") as archive:
        for name in ("train/happy/a.png", "../../escaped.png", "/escaped.png"):
            archive.write(tmp_path / "a.png", name)
    data = load_fer2013(tmp_path / "here" / "fer.zip")
    assert len(data.split("Training")) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "here"]


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, "gz"])
def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, packed: int | str) -> None:
    file = tmp_path / "bomb"
    if packed == "gz":
        file.write_bytes(gzip.compress(f"{HEADER}\n".encode() + b"7 " * 2**23))
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("fer.csv", b"0" * 2**25)
    with pytest.raises(DataError, match=r"far more than training data|a line has more than"):
        load_fer2013(file)


def test_a_damaged_compressed_table_is_one_sentence(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(f"{HEADER}\n1,{GOOD},Training\n".encode()))
    content[15:25] = b"\xff" * 10
    (tmp_path / "fer.csv").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as CSV"):
        load_fer2013(tmp_path / "fer.csv")
