"""The discriminant on points."""

import numpy as np

from training.eigenfaces.discriminant import CosineDiscriminant

RANDOM = np.random.default_rng(0)


def test_the_discriminant_finds_people_apart_in_few_directions() -> None:
    people = np.repeat(np.arange(6), 8)
    centres = RANDOM.normal(size=(6, 30)) * 3
    rows = np.stack([centres[people] + RANDOM.normal(size=(48, 30)) for _ in range(2)], axis=1)
    model = CosineDiscriminant(20).fit(rows[::2], people[::2])
    assert (model.predict(rows[1::2]) == people[1::2]).mean() > 0.95
    np.testing.assert_allclose(np.linalg.norm(model.embed(rows), axis=1), 1)
    scores = model.decision_function(rows[1::2])
    assert scores.shape == (24, 6)
    assert np.abs(scores).max() <= 1 + 1e-9
