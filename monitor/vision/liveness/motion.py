"""What moves in a face, and what moves with it: tells a living head from a picture of one without asking anybody.

A flat picture moves by a homography: after the face is registered by one, nothing is left. In a living face eyes, mouth
and nose go on moving ("life"; Kollreider et al. 2009 measure the same by optical flow). And what is held in a hand
carries its surroundings with it, which stand still beside a head ("carried"; as in Anjos and Marcel 2011). Where the
camera or the whole scene moves, neither is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage
from monitor.vision.face_mesh import Mesh

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

_FACE_WIDTH: Final = 90.0
"""Pixels to which a wider face is scaled down, so that time does not grow with the picture."""
_REACH: Final = 2.4
"""How far beside the middle of the face the surroundings reach, in face widths."""
_EDGE: Final = 24.0
"""Least gradient of an edge pixel, in grey levels over two pixels."""
_FEWEST_EDGES: Final = 120
"""Edge pixels beside the head from which the surroundings can be judged."""
_CHANGED: Final = 14
"""Grey levels by which an edge pixel must differ to have changed."""
_NOISE: Final = 1.5
"""Mean square of a camera's noise in a patch, in grey levels, below which nothing is told apart."""
_FAR_WIDTH: Final = 320.0
"""Pixels to which a wider picture is scaled down to see whether the whole scene moves."""
_FAR_MOVED: Final = 0.6
"""Pixels by which a far corner must move to have moved."""

_EYES: Final = ((33, 133, 159, 145), (362, 263, 386, 374))
_MOUTH: Final = (61, 291, 0, 17)
_NOSE: Final = (1, 4, 98, 327)
_QUIET: Final = ((109, 338, 151, 10), (50, 205, 187, 117), (280, 425, 411, 346), (152, 199, 175, 148, 377))
"""Forehead, cheeks and chin, where little moves."""
_EYE_LINE, _FACE_LINE = (33, 263), (10, 152)
"""Outer corners of the eyes; top and bottom of the face."""
_HULL: Final = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
"""The points round the face, in order."""


@dataclass(frozen=True, slots=True)
class Cues:
    """One frame against the first frame of its window. NaN: cannot be judged."""

    eyes: float
    """1 - correlation of the registered patches round the eyes, the mean of both: 0 for a still picture."""
    mouth: float
    nose: float
    excess: float
    """By how much the liveliest of them moves more than forehead, cheeks and chin: a ratio of energies."""
    width: float
    """Distance of the eyes over the height of the face, as a share of the first frame's: what is turned gets narrow."""
    surroundings: float
    """Share of edge pixels beside the head that changed, 0 to 1."""
    ring: float
    """How much better the face's homography explains the pixels beside the head than standing still does; -1 to 1."""
    scene: float
    """Share of far corners or far edges that moved, whichever is more: 0 to 1."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the measures; chosen on one half of the people of `tests/bench/liveness.py`."""

    life: float = 0.07
    """Least difference of the liveliest of eyes, mouth and nose, times a quarter of its excess (at most 1): cheeks that
    are smooth are quiet on a picture, too."""
    surroundings: float = 0.10
    """Share of edges beside the head that change from which something is carried."""
    ring: float = 0.30
    scene: float = 0.6
    """Share of far corners or edges that move from which the camera or the whole scene moves."""
    nose: float = 0.10
    mouth: float = 0.25
    """Least differences of a turned head after registration by a plane; all of ORL's heads reach one of the two."""
    width: float = 0.8
    """Least width of a turned head: a sheet that seems to turn as far has become narrower."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a window says."""

    live: bool
    """Surely a living head: life, and nothing moves with it."""
    carried: bool
    """Something beside the head moves with it, and the scene stands."""
    measures: Mapping[str, float]
    """What was measured, by name."""


class MotionWindow:
    """The first frame of a window, with which the later ones are compared."""

    def __init__(self, rgb: RgbImage, face: Face, mesh: Mesh, seconds: float) -> None:
        """
        Args:
            rgb: uint8 (h, w, 3).
            seconds: when, on the source's clock.
        """
        self.began = seconds
        self._scale = min(1.0, _FACE_WIDTH / face.box.width)
        self._width = face.box.width * self._scale
        self._part = _around(mesh, face.box.width, rgb.shape)
        self._corner = np.array([self._part[1].start, self._part[0].start], np.float32)
        self._grey = self._near(rgb)
        self._mesh = self._on_part(mesh)
        self._corners = _corners(self._grey, self._face_mask(), 60)
        self._gradient = _gradient(self._grey)
        self._side_edges = (self._gradient > _EDGE) & (self._side_mask(self._mesh) > 0)
        self._far_scale = min(1.0, _FAR_WIDTH / rgb.shape[1])
        self._far = _shrunk(rgb, self._far_scale)
        far = self._far_mask(mesh[:, :2] * np.float32(self._far_scale), face.box.width * self._far_scale)
        self._far_corners = _corners(self._far, far, 50)
        self._far_gradient = _gradient(self._far)
        self._far_edges = (self._far_gradient > _EDGE) & (far > 0)

    def measure(self, rgb: RgbImage, mesh: Mesh) -> Cues:
        """Compare a later frame."""
        grey, points = self._near(rgb), self._on_part(mesh)
        warp = self._by_corners(grey, self._by_mesh(points))
        registered = _back(grey, warp)
        both = [self._difference(registered, one) for one in _EYES]
        eyes, mouth, nose = np.mean(both, axis=0), *(self._difference(registered, one) for one in (_MOUTH, _NOSE))
        quiet = np.nanmedian([self._difference(registered, one, 0.14 * self._width)[1] for one in _QUIET])
        excess = float(max(eyes[1], mouth[1], nose[1]) / (quiet + _NOISE))
        surroundings, ring = self._beside(grey, points, registered)
        narrow = _across(points) / max(_across(self._mesh), 1e-6)
        scene = self._scene(_shrunk(rgb, self._far_scale))
        return Cues(float(eyes[0]), mouth[0], nose[0], excess, narrow, surroundings, ring, scene)

    def _near(self, rgb: RgbImage) -> Grey:
        """The part of a frame with the face and its surroundings."""
        return _shrunk(np.ascontiguousarray(rgb[self._part]), self._scale)

    def _on_part(self, mesh: Mesh) -> Points:
        return np.asarray((mesh[:, :2] - self._corner) * np.float32(self._scale), np.float32)

    def _face_mask(self) -> Grey:
        mask = np.zeros_like(self._grey)
        cv2.fillConvexPoly(mask, self._mesh[list(_HULL)].astype(np.int32), 255)
        return mask

    def _head(self, mask: Grey, points: Points) -> None:
        """Cut the head out: the ellipse round the face with hair and ears, and the body below it."""
        (x, y), (width, height) = _middle(points), _size(points)
        axes = round(0.85 * width), round(0.95 * height)
        cv2.ellipse(mask, (round(x), round(y - 0.1 * height)), axes, 0, 0, 360, 0, -1)
        mask[max(round(y + 0.5 * height), 0) :, :] = 0

    def _side_mask(self, points: Points) -> Grey:
        """Beside the head, on both sides of it."""
        (x, y), (_, height) = _middle(points), _size(points)
        mask = np.zeros_like(self._grey)
        left, right = max(round(x - _REACH * self._width), 0), max(round(x + _REACH * self._width), 0)
        mask[max(round(y - 1.1 * height), 0) : max(round(y + 0.5 * height), 0), left:right] = 255
        self._head(mask, points)
        return mask

    def _far_mask(self, points: Points, width: float) -> Grey:
        """Farther from the face than its surroundings; the picture's rim where the face leaves no room."""
        x = _middle(points)[0]
        mask = np.full_like(self._far, 255)
        mask[:, max(round(x - _REACH * width), 0) : max(round(x + _REACH * width), 0)] = 0
        if np.count_nonzero(mask) < 0.15 * mask.size:
            mask[:] = 0
            rim = max(round(0.12 * mask.shape[1]), 1)
            mask[:, :rim] = mask[:, -rim:] = 255
        return mask

    def _by_mesh(self, points: Points) -> NDArray[np.float64]:
        """The homography from the first mesh to this one."""
        warp, _ = cv2.findHomography(self._mesh[::6], points[::6], 0)
        return np.eye(3) if warp is None else np.asarray(warp, np.float64)

    def _by_corners(self, grey: Grey, guess: NDArray[np.float64]) -> NDArray[np.float64]:
        """The homography of corners followed on the face; the mesh's where too few are found again."""
        if len(self._corners) < 10:
            return guess
        start = cv2.perspectiveTransform(self._corners, guess).astype(np.float32)
        found, status, _ = cv2.calcOpticalFlowPyrLK(
            self._grey, grey, self._corners, start, winSize=(11, 11), maxLevel=1, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
        )
        good = status.ravel() == 1
        if good.sum() < 10:
            return guess
        warp, inliers = cv2.findHomography(self._corners[good], found[good], cv2.RANSAC, 1.5)
        return guess if warp is None or inliers.sum() < 8 else np.asarray(warp, np.float64)

    def _difference(self, registered: Grey, where: Sequence[int], half: float | None = None) -> tuple[float, float]:
        """1 - correlation of a patch with the first frame's, 0 to 2, and the mean square of what differs.

        Args:
            half: of the patch's width, in pixels; None: it follows from the points.
        """
        points = self._mesh[list(where)]
        (x, y), half = points.mean(axis=0), half or 0.5 * float(np.ptp(points[:, 0])) + 2
        rows = slice(max(round(y - 0.8 * half), 0), max(round(y + 0.8 * half), 0) + 1)
        columns = slice(max(round(x - half), 0), max(round(x + half), 0) + 1)
        one, other = self._grey[rows, columns].astype(np.float32), registered[rows, columns].astype(np.float32)
        if one.size < 20:
            return float("nan"), float("nan")
        one, other = one - one.mean(), other - other.mean()
        alike = float((one * other).sum()) / max(float(np.sqrt((one * one).sum() * (other * other).sum())), 1e-6)
        return 1 - alike, float(((one - other) ** 2).mean())

    def _beside(self, grey: Grey, points: Points, registered: Grey) -> tuple[float, float]:
        """Surroundings and ring, where the head is at neither time."""
        keep = np.full_like(grey, 255)
        self._head(keep, points)
        edges = self._side_edges & (keep > 0)
        count = int(edges.sum())
        if count < _FEWEST_EDGES:
            return float("nan"), float("nan")
        still = cv2.absdiff(grey, self._grey)
        changed = float((still[edges] > np.maximum(_CHANGED, 0.4 * self._gradient[edges])).mean())
        carried = cv2.absdiff(registered, self._grey)
        a, b = float(still[edges].mean()), float(carried[edges].mean())
        return changed, (a - b) / max(a + b, 4.0)

    def _scene(self, grey: Grey) -> float:
        shares = [0.0]
        if len(self._far_corners) >= 8:
            found, status, _ = cv2.calcOpticalFlowPyrLK(
                self._far, grey, self._far_corners, None, winSize=(11, 11), maxLevel=2
            )
            good = status.ravel() == 1
            moves = np.linalg.norm((found - self._far_corners)[good].reshape(-1, 2), axis=1)
            shares.append(float((moves > _FAR_MOVED).mean()) if len(moves) else 1.0)
        if int(self._far_edges.sum()) >= _FEWEST_EDGES:
            still = cv2.absdiff(grey, self._far)[self._far_edges]
            shares.append(float((still > np.maximum(_CHANGED, 0.4 * self._far_gradient[self._far_edges])).mean()))
        return max(shares)


def judge(cues: Sequence[Cues], limits: Limits | None = None) -> Verdict:
    """What the frames of one window say together."""
    limits = limits or Limits()
    if not cues:
        return Verdict(live=False, carried=False, measures={})
    names = ("eyes", "mouth", "nose", "excess")
    high = {name: _quantile([getattr(one, name) for one in cues], 0.9) for name in names}
    beside = {name: _quantile([getattr(one, name) for one in cues], 0.75) for name in ("surroundings", "ring")}
    scene = _quantile([one.scene for one in cues], 0.75)
    life = _quantile([max(one.eyes, one.mouth, one.nose) for one in cues], 0.9) * min(high["excess"] / 4, 1)
    standing = scene < limits.scene
    carried = standing and (beside["surroundings"] >= limits.surroundings or beside["ring"] >= limits.ring)
    measures = {**high, **beside, "scene": scene, "life": life}
    told = {name: round(value, 3) for name, value in measures.items() if not np.isnan(value)}
    return Verdict(live=life >= limits.life and standing and not carried, carried=carried, measures=told)


def has_relief(cues: Cues, limits: Limits | None = None) -> bool:
    """Whether a face that turned aside has depth: nose or mouth leave the plane, and it has not become narrow."""
    limits = limits or Limits()
    return (cues.nose >= limits.nose or cues.mouth >= limits.mouth) and cues.width >= limits.width


def _quantile(values: Sequence[float], share: float) -> float:
    """NaN where nothing was measured; comparisons with it are False."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.quantile(known, share)) if known else float("nan")


def _corners(grey: Grey, mask: Grey, most: int) -> Points:
    found = cv2.goodFeaturesToTrack(grey, most, 0.02, 4, mask=mask, blockSize=5)
    return np.empty((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)


def _back(grey: Grey, warp: NDArray[np.float64]) -> Grey:
    """A picture as it was before the homography."""
    return np.asarray(cv2.warpPerspective(grey, warp, grey.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))


def _gradient(grey: Grey) -> NDArray[np.float32]:
    """Grey levels over two pixels."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(cv2.magnitude(across, down) / 4, np.float32)


def _across(points: Points) -> float:
    """Distance of the eyes over the height of the face."""
    (a, b), (top, bottom) = points[list(_EYE_LINE)], points[list(_FACE_LINE)]
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(top - bottom)), 1e-6)


def _around(mesh: Mesh, width: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the frame that the face and its surroundings take up."""
    (x, y), (_, height) = _middle(mesh[:, :2]), _size(mesh[:, :2])
    rows = max(round(y - 1.5 * height), 0), min(max(round(y + 1.3 * height), 2), shape[0])
    columns = max(round(x - 2.7 * width), 0), min(max(round(x + 2.7 * width), 2), shape[1])
    return slice(min(rows[0], rows[1] - 2), rows[1]), slice(min(columns[0], columns[1] - 2), columns[1])


def _shrunk(rgb: RgbImage, scale: float) -> Grey:
    """In grey, scaled down, and a little softened against noise."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.uint8)


def _middle(points: Points) -> tuple[float, float]:
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2


def _size(points: Points) -> tuple[float, float]:
    low, high = points.min(axis=0), points.max(axis=0)
    return float(high[0] - low[0]), float(high[1] - low[1])
