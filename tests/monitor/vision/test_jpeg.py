"""Faces as JPEG: nearly without loss, in the right order of colours, and damaged ones are noticed."""

import numpy as np
import pytest

from monitor.errors import ImageError
from monitor.vision.jpeg import decode_jpeg, encode_jpeg


def test_a_picture_comes_back_in_its_colours() -> None:
    rgb = np.full((12, 20, 3), (200, 100, 30), np.uint8)
    back = decode_jpeg(encode_jpeg(rgb))
    assert back is not None
    assert back.shape == rgb.shape
    assert back.dtype == np.uint8
    assert np.abs(back.astype(int) - rgb).max() <= 3


def test_less_quality_needs_less_room() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    assert len(encode_jpeg(noise, 90)) < len(encode_jpeg(noise))


@pytest.mark.parametrize("jpeg", [b"", b"text", encode_jpeg(np.zeros((8, 8, 3), np.uint8))[:20]])
def test_what_is_damaged_is_no_picture(jpeg: bytes) -> None:
    assert decode_jpeg(jpeg) is None


@pytest.mark.parametrize("shape", [(0, 5, 3), (65_501, 1, 3)])
def test_what_jpeg_cannot_hold_is_said(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ImageError, match="cannot be kept as JPEG"):
        encode_jpeg(np.zeros(shape, np.uint8))
