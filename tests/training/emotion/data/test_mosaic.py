"""FER2013 as one picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.errors import DataError
from training.emotion.data.fer2013 import load_fer2013
from training.emotion.data.mosaic import ROWS, write_mosaic


def written(folder: Path) -> Path:
    random = np.random.default_rng(0)
    faces = np.stack([cv2.GaussianBlur(random.integers(0, 256, (48, 48)).astype(np.uint8), (0, 0), 4)] * 3)
    faces[1] = 255 - faces[1]
    return write_mosaic(folder, "few", faces, [(3, "Training"), (6, "PublicTest"), (0, "Training")])


def test_the_faces_come_back_with_labels_splits_and_rows(tmp_path: Path) -> None:
    data = load_fer2013(written(tmp_path))
    training, public = data.split("Training"), data.split("PublicTest")
    assert (training.labels.tolist(), training.rows.tolist()) == ([3, 0], [0, 2])
    assert (public.labels.tolist(), public.rows.tolist()) == ([6], [1])
    assert np.abs(training.faces[0].astype(int) - (255 - public.faces[0].astype(int))).mean() < 4


def test_a_picture_without_its_table_is_refused(tmp_path: Path) -> None:
    picture = written(tmp_path)
    (tmp_path / f"few{ROWS}").unlink()
    with pytest.raises(DataError, match="few_rows"):
        load_fer2013(picture)


def test_a_table_of_other_data_is_refused(tmp_path: Path) -> None:
    picture = written(tmp_path)
    (tmp_path / f"few{ROWS}").write_text("emotion,usage\n" + "1,Training\n" * 400)
    with pytest.raises(DataError, match=r"341 faces and few_rows\.csv 400 rows"):
        load_fer2013(picture)
