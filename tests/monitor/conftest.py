"""Real faces from the AT&T/ORL set, and the models that look at them; each is opened once. A port."""

import socket
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.monitor.stage import Photo
from tests.monitor.world import empty_world, seeded, world

__all__ = ["empty_world", "seeded", "world"]

from monitor.domain import RgbImage
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.second_encoder import SecondEncoder


@pytest.fixture(scope="session")
def orl_photo(orl: Path) -> Photo:
    """A picture of the set by subject (1 to 40) and image (1 to 10), three times as large, with a border."""

    def photo(subject: int, image: int) -> RgbImage:
        grey = cv2.imread(str(orl / f"s{subject}" / f"{image}.pgm"), cv2.IMREAD_GRAYSCALE)
        large = cv2.resize(grey, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        framed = cv2.copyMakeBorder(large, 60, 60, 60, 60, cv2.BORDER_REPLICATE)
        return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), np.uint8)

    return photo


@pytest.fixture(scope="session")
def blazeface() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for built models, so that tests neither read nor write the user's."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def encoder(model_cache: Path) -> FaceEncoder:
    return FaceEncoder(cache=model_cache)


@pytest.fixture(scope="session")
def second(model_cache: Path) -> SecondEncoder:
    return SecondEncoder(cache=model_cache)


@pytest.fixture
def port() -> Iterator[int]:
    """A TCP port on loopback on which nobody listens; it is kept from others, and a server of the test can take it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
