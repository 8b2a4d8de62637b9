"""Faces as JPEG, as they are kept in the database. OpenCV is imported late: the app's screens start without it."""

import numpy as np

from monitor.domain import RgbImage
from monitor.errors import ImageError


def encode_jpeg(rgb: RgbImage, quality: int = 95) -> bytes:
    """An image uint8 (h, w, 3) RGB as JPEG; at 95 of 100 nearly without loss.

    Raises:
        ImageError: the image has more than 65,500 pixels on a side, or none at all.
    """
    import cv2

    try:
        done, data = cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error:
        done = False
    if not done:
        raise ImageError(f"An image of {rgb.shape[1]}x{rgb.shape[0]} pixels cannot be kept as JPEG.")
    return bytes(data)


def decode_jpeg(jpeg: bytes) -> RgbImage | None:
    """A JPEG as uint8 (h, w, 3) RGB; None when it is damaged."""
    import cv2

    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    return None if bgr is None else np.ascontiguousarray(bgr[..., ::-1]).astype(np.uint8, copy=False)
