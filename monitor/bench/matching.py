"""One probe against many people, beside a plain matrix product in float32."""

import tracemalloc
from collections.abc import Iterator
from statistics import median
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.bench.measure import Measure, timed
from monitor.domain import EMBEDDING_SIZE
from monitor.vision.matching.gallery import Gallery, GalleryEntry

_PLAIN_BYTES = 8.0 * EMBEDDING_SIZE
"""Bytes of a template of both encoders in float32."""


def measure_matching(people: int, probes: int) -> Iterator[Measure]:
    """Milliseconds per probe. The templates are random: the time does not depend on their values."""
    templates = _random_templates(people)
    gallery = Gallery(_entries(templates), target_fpir=0.01, margin=0.01)
    ours, plain = [], []
    for probe in _random_templates(probes + 1):
        _, seconds = timed(gallery.identify, probe)
        ours.append(seconds)
        _, seconds = timed(_nearest, templates, probe)
        plain.append(seconds)
    yield Measure(f"matching, {people:,} people", 1000 * median(ours[1:]), 1000 * median(plain[1:]), "ms/probe")


def measure_memory(people: int) -> Iterator[Measure]:
    """Bytes per person that the gallery holds, ids and short names included."""
    templates = _random_templates(people)
    entries = _entries(templates)
    tracemalloc.start()
    gallery = Gallery(entries, target_fpir=0.01, margin=0.01)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    yield Measure("memory of the gallery", held / len(gallery), _PLAIN_BYTES, "bytes/person")


def _entries(templates: NDArray[np.float32]) -> list[GalleryEntry]:
    return [GalleryEntry(UUID(int=row), "Somebody", template) for row, template in enumerate(templates)]


def _nearest(templates: NDArray[np.float32], probe: NDArray[np.float32]) -> int:
    return int(np.argmax(templates @ probe))


def _random_templates(count: int) -> NDArray[np.float32]:
    """Unit vectors, float32 (count, 256), of both encoders; scaled in place, for a million of them take a gigabyte."""
    templates = np.random.default_rng(count).standard_normal((count, 2 * EMBEDDING_SIZE), np.float32)
    templates /= np.sqrt(np.einsum("ij,ij->i", templates, templates))[:, None]
    return templates
