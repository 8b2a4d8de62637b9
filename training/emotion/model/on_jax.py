"""What training needs of JAX itself: gradients and compiled functions, on a CPU or an accelerator."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import keras
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from monitor.errors import UsageError
from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import Planned, made
from training.emotion.model.losses import Losses, right_answers

FAILURE = jax.errors.JaxRuntimeError
"""What a computation raises that the device cannot do."""

STEPS_AT_ONCE = 1 if jax.default_backend() == "cpu" else 28
"""Steps that one call of `steps` takes: on an accelerator many, so that it does not wait for Python."""


def _values(variables: list[keras.Variable]) -> list[Any]:
    return [variable.value for variable in variables]


@lru_cache(maxsize=4)
def forward(model: keras.Model) -> Callable[[Any], Any]:
    """The network in inference mode."""
    compiled = jax.jit(lambda own, other, pixels: model.stateless_call(own, other, pixels, training=False)[0])
    return lambda pixels: compiled(_values(model.trainable_variables), _values(model.non_trainable_variables), pixels)


def observed(model: keras.Model) -> Callable[[Any], list[Any]]:
    """A pass in training mode: pixels to the values of the network's untrained variables afterwards."""
    compiled = jax.jit(lambda own, other, pixels: model.stateless_call(own, other, pixels, training=True)[1])
    return lambda pixels: compiled(_values(model.trainable_variables), _values(model.non_trainable_variables), pixels)


def gradient(function: Callable[[Any], Any], at: Any) -> Any:
    """The gradient of the sum of a function's values, at a tensor."""
    return jax.grad(lambda start: function(start).sum())(jax.numpy.asarray(at))


def steps(
    model: keras.Model,
    losses: Losses,
    faces: Any,
    targets: Any,
    how: Augmentation | None,
    batch: int,
    strategy: Mesh | None = None,
) -> Callable[[Planned], Any]:
    """A function that trains on planned batches; see `on_tensorflow.steps`.

    With a mesh of several processes as its strategy each device computes its part of the batch. The result is that of
    one device with the whole batch, also where the network normalises it.

    Raises:
        UsageError: the devices cannot get equal parts of the batch.
    """
    optimizer = model.optimizer
    whole, part = _shardings(strategy, batch)
    stored, wished = _placed(jax.device_put((faces, targets)), whole)

    def one(stored: Any, wished: Any, state: tuple[Any, Any, Any], planned: tuple[Any, Any, Any]) -> Any:
        trainable, other, moments = state
        pixels, wanted = made(stored, wished, *planned, how)

        def cost(trainable: Any) -> Any:
            given, after = model.stateless_call(trainable, other, pixels, training=True)
            each = losses(wanted, given)
            return each.sum() / batch, (after, jax.numpy.stack([each.sum(), right_answers(wanted, given)]))

        (_, (after, sums)), gradients = jax.value_and_grad(cost, has_aux=True)(trainable)
        trainable, moments = optimizer.stateless_apply(moments, gradients, trainable)
        return (trainable, after, moments), sums

    @partial(jax.jit, donate_argnums=2, out_shardings=whole)
    def many(stored: Any, wished: Any, state: Any, planned: tuple[Any, Any, Any]) -> Any:
        # A loop of one step is unrolled: XLA convolves slowly inside of a loop on a CPU.
        state, sums = jax.lax.scan(partial(one, stored, wished), state, planned, unroll=STEPS_AT_ONCE == 1)
        return state, sums.sum(0)

    groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)

    def run(planned: Planned) -> Any:
        batches = (*_placed((planned.chosen, planned.draws), part), _placed(planned.strength, whole))
        state, sums = many(stored, wished, _placed(tuple(map(_values, groups)), whole), batches)
        for variables, values in zip(groups, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return sums

    return run


def _shardings(mesh: Mesh | None, batch: int) -> tuple[NamedSharding | None, NamedSharding | None]:
    """Of what every device has whole, and of planned batches, of which every device has its part."""
    if mesh is None:
        return None, None
    if batch % mesh.size:
        raise UsageError(f"A batch of {batch} faces cannot be divided among {mesh.size} workers; give another --batch.")
    return NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec(None, *mesh.axis_names))


def _placed(values: Any, sharding: NamedSharding | None) -> Any:
    """Arrays, equal in all processes, on the devices of all; without a sharding as they are."""

    def place(value: Any) -> Any:
        if getattr(value, "sharding", None) == sharding:
            return value
        return jax.make_array_from_process_local_data(sharding, np.asarray(value), value.shape)

    return jax.tree.map(place, values) if sharding else values
