"""Training on several machines: every worker runs the same command with its own TF_CONFIG."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from monitor.errors import UsageError

_ADDRESS = re.compile(r"\S+:\d{1,5}")
_EXAMPLE = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True, slots=True)
class Workers:
    """The processes that train one network together, as one of them sees them; by default it is alone."""

    index: int = 0
    """The number of this worker; worker 0 writes the checkpoints."""
    strategy: Any = None
    """How the backend distributes the work: `tf.distribute.Strategy` or `jax.sharding.Mesh`."""
    scope: Callable[[], AbstractContextManager[Any]] = nullcontext
    """Where the network is built."""
    session: Callable[[], AbstractContextManager[Any]] = nullcontext
    """Where the workers need each other; afterwards each goes its own way."""
    agree: Callable[[str], bool] = lambda _: True
    """Whether all workers give the same text."""
    from_first: Callable[[list[Any]], list[Any]] = list
    """What worker 0 gives, for all; arrays of equal shapes."""
    stop: Callable[[bool], bool] = bool
    """Whether to stop after this step, the same answer for all, from whether this worker was asked to."""


def cluster() -> tuple[list[str], int]:
    """The addresses of all workers and the number of this one, of TF_CONFIG.

    TF_CONFIG is JSON such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker",
    "index": 0}}.

    Raises:
        UsageError: TF_CONFIG is missing or does not describe the workers.
    """
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        addresses, task = config["cluster"]["worker"], config["task"]
        index = int(task["index"])
        known = task["type"] == "worker" and 0 <= index < len(addresses)
        known = known and all(_ADDRESS.fullmatch(address) for address in addresses)
    except (KeyError, ValueError, TypeError):
        known = False
    if not known:
        raise UsageError(f"Training on several machines needs TF_CONFIG on each of them, such as '{_EXAMPLE}'.")
    return addresses, index


def multiworker() -> Workers:
    """The workers of TF_CONFIG. Call it before the backend of KERAS_BACKEND computes anything.

    Worker 0 writes the checkpoints; to resume, all workers must be able to read their folder.

    Raises:
        UsageError: see `cluster`.
        DataError: with JAX, another worker stopped or cannot be reached.
    """
    addresses, index = cluster()
    if os.environ.get("KERAS_BACKEND") == "jax":
        from training.emotion.fitting import processes

        processes.watch(addresses)
        mesh = processes.connect(addresses, index)
        return Workers(
            index, mesh, nullcontext, processes.session, processes.agree, processes.from_first, processes.stopper()
        )
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    return Workers(index, strategy, strategy.scope)
