"""Faces are read as they are, and bad data ends in one clear sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monitor.errors import DataError
from training.eigenfaces.load import MAX_SIDE, load_faces, load_folder, load_olivetti, load_orl


def write_people(folder: Path, people: int = 4, images: int = 5, size: tuple[int, int] = (24, 32)) -> Path:
    """A folder per person with random grey images of (width, height) pixels."""
    random = np.random.default_rng(0)
    for person in range(people):
        (folder / f"p{person}").mkdir(parents=True)
        for index in range(images):
            pixels = random.integers(0, 256, (size[1], size[0]), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"p{person}" / f"{index}.png")
    return folder


def test_orl_has_ten_images_of_forty_people() -> None:
    faces = load_orl()
    assert faces.images.shape == (400, 80, 66)
    assert faces.images.dtype == np.float32
    assert 0 <= faces.images.min() < faces.images.max() <= 1
    assert np.bincount(faces.target).tolist() == [10] * 40


def test_a_folder_is_read_person_by_person_in_the_order_people_count(tmp_path: Path) -> None:
    write_people(tmp_path, people=11)
    faces = load_folder(tmp_path)
    assert faces.names == tuple(f"p{index}" for index in range(11))
    assert faces.shape == (32, 24)
    first = np.asarray(Image.open(tmp_path / "p2" / "0.png"), np.float32) / 255
    np.testing.assert_allclose(faces.images[faces.target == 2][0], first, atol=1e-6)


def test_large_images_are_scaled_down(tmp_path: Path) -> None:
    faces = load_folder(write_people(tmp_path, size=(150, 300)))
    assert faces.shape == (MAX_SIDE, 40)


def test_without_olivetti_orl_is_studied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "nothing"))
    assert load_faces().source.startswith("ORL")
    assert not (tmp_path / "nothing").exists()


def test_one_person_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 1 person; the study needs at least 4"):
        load_folder(write_people(tmp_path, people=1))


def test_a_person_with_one_image_is_named(tmp_path: Path) -> None:
    write_people(tmp_path)
    for path in sorted((tmp_path / "p1").iterdir())[1:]:
        path.unlink()
    with pytest.raises(DataError, match=r"p1 in .* has 1 image; the study needs at least 5"):
        load_folder(tmp_path)


def test_images_of_different_sizes_are_named_both(tmp_path: Path) -> None:
    write_people(tmp_path)
    Image.new("L", (30, 30)).save(tmp_path / "p3" / "4.png")
    with pytest.raises(DataError, match=r"4\.png is 30x30 but .*0\.png is 24x32; crop all faces to one size"):
        load_folder(tmp_path)


@pytest.mark.parametrize("contents", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_an_unreadable_image_is_named(tmp_path: Path, contents: bytes) -> None:
    write_people(tmp_path)
    (tmp_path / "p2" / "3.png").write_bytes(contents)
    with pytest.raises(DataError, match=r"3\.png"):
        load_folder(tmp_path)


def test_a_person_without_images_is_named(tmp_path: Path) -> None:
    write_people(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("x")
    with pytest.raises(DataError, match="empty has no images"):
        load_folder(tmp_path)


def test_a_folder_without_people_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no sub-folders"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        load_faces(str(tmp_path / "missing"))


def test_missing_and_damaged_olivetti_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no olivetti_py3\.pkz; .*--data orl"):
        load_olivetti(tmp_path)
    (tmp_path / "olivetti_py3.pkz").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"olivetti_py3\.pkz is damaged"):
        load_olivetti(tmp_path)
