"""The loss of every face, and which answers are right."""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import ops

from monitor.domain import EMOTIONS

CLASSES = len(EMOTIONS)

Losses: TypeAlias = Callable[[Any, Any], Any]
"""Targets (n, classes) and the network's answers to a loss for each face, float32 (n,)."""


def losses_of(votes_weight: float) -> Losses:
    """The cross-entropy of FER2013's label, and `votes_weight` times that of the votes where a network gives both."""

    def losses(wanted: Any, given: Any) -> Any:
        if given.shape[-1] == CLASSES:
            return keras.losses.categorical_crossentropy(wanted, given)
        label = _cross_entropy(wanted[:, :CLASSES], given[:, :CLASSES])
        if not votes_weight:
            return label
        return label + votes_weight * _cross_entropy(wanted[:, CLASSES:], given[:, CLASSES:])

    return losses


def _cross_entropy(wanted: Any, logits: Any) -> Any:
    """Without votes a face has targets of 0: TensorFlow's own function would have a gradient there."""
    return -ops.sum(wanted * ops.log_softmax(logits, axis=-1), axis=-1)


def right_answers(wanted: Any, given: Any) -> Any:
    """How many faces get the likeliest label, float32 ()."""
    right = ops.equal(ops.argmax(wanted[:, :CLASSES], -1), ops.argmax(given[:, :CLASSES], -1))
    return ops.sum(ops.cast(right, "float32"))
