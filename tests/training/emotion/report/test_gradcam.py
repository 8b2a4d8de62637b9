"""Activation maps, of every architecture."""

from functools import cache

import keras
import numpy as np
import pytest

from monitor.errors import UsageError
from training.emotion.model.networks import ARCHITECTURES, build
from training.emotion.report.gradcam import _combined, activation_map, default_layer, overlaid

FACE = np.random.default_rng(6).integers(0, 256, (48, 48)).astype(np.uint8)


@cache
def network(name: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build(name)


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_has_a_map(name: str) -> None:
    heat = activation_map(network(name), FACE, 3)
    assert heat.shape == (48, 48)
    assert (heat.min(), heat.max()) == (0, 1)


def test_any_layer_is_found_by_its_name() -> None:
    model = network("champion")
    assert default_layer(model) == "s2b2_out"
    assert model.get_layer("s2b2_out").output.shape[1:3] == (6, 6)
    early, late = (activation_map(model, FACE, 3, layer) for layer in ("s0b0_out", "s3b2_out"))
    assert not np.allclose(early, late)


@pytest.mark.parametrize(
    ("layer", "says"),
    [("s3b2", "no layer named 's3b2'; the nearest names are s3b2_out, "), ("head", "neither height nor width")],
)
def test_a_layer_without_a_picture_is_refused(layer: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        activation_map(network("champion"), FACE, 3, layer)


def test_channels_count_by_the_mean_of_positive_activations_times_positive_gradients() -> None:
    activations = np.zeros((4, 4, 2), np.float32)
    activations[0, 0, 0] = activations[3, 3, 1] = 2
    gradients = np.ones((4, 4, 2), np.float32)
    gradients[..., 1] = -1
    heat = _combined(activations, gradients)
    assert heat[:8, :8].mean() > 0.5
    assert heat[40:, 40:].max() < 0.1


def test_where_nothing_speaks_for_it_the_map_is_empty() -> None:
    assert not _combined(np.ones((4, 4, 2), np.float32), -np.ones((4, 4, 2), np.float32)).any()


def test_the_overlay_is_the_face_without_and_the_map_with_full_alpha() -> None:
    heat = np.linspace(0, 1, 48 * 48, dtype=np.float32).reshape(48, 48)
    assert np.array_equal(overlaid(FACE, heat, alpha=0), np.repeat(FACE[..., None], 3, axis=-1))
    coloured = overlaid(FACE, heat, alpha=1)
    assert coloured[0, 0, 2] > coloured[0, 0, 0]
    assert coloured[-1, -1, 0] > coloured[-1, -1, 2]
