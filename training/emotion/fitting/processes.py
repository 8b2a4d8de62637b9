"""Several JAX processes that train together: how they meet, agree, stop and part."""

import atexit
import os
import signal
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from monitor.errors import DataError

if TYPE_CHECKING:
    from jax.sharding import Mesh

MEETING = 300
"""Seconds that a worker waits for the others at its start."""


def watch(addresses: Sequence[str]) -> None:
    """Go on in a child process; this one waits for its end and exits as it does. Call it before JAX is imported.

    As soon as another process is lost, JAX aborts this one with messages for programmers and no exception.

    Raises:
        DataError: in the process that waits, when the child was aborted.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    alive, mine = os.pipe()
    child = os.fork()
    if not child:
        os.close(mine)
        Thread(target=lambda: os.read(alive, 1) or os._exit(1), daemon=True).start()  # also when this one is killed
        _silence()
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the child, too
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        raise DataError(
            f"A worker stopped or cannot be reached ({', '.join(addresses)}); start all workers again within "
            f"{MEETING // 60} minutes, and they go on with the last checkpoint."
        )
    sys.exit(code)


def _silence() -> None:
    """Drop what native libraries print, from now on; what Python prints comes through."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number, name in ((1, "stdout"), (2, "stderr")):
        before = getattr(sys, name)
        copy = open(os.dup(number), "w", 1, before.encoding, before.errors)  # noqa: SIM115 - open to the end
        setattr(sys, name, copy)
        os.dup2(nowhere, number)


def connect(addresses: Sequence[str], index: int) -> "Mesh":
    """Meet the other processes at the first address; returns the devices of all."""
    import jax

    # JAX would wait for the others when this process fails; as it is, they notice at once.
    atexit.register(lambda: os._exit(1) if jax.distributed.is_initialized() else None)
    jax.distributed.initialize(
        addresses[0], len(addresses), index, cluster_detection_method="deactivate", initialization_timeout=MEETING
    )
    return jax.sharding.Mesh(jax.devices(), "batch")


@contextmanager
def session() -> Iterator[None]:
    """Part from the other processes at the end, or after Ctrl+C; end this one when another is lost."""
    import jax

    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if "Gloo" in str(error) or "NCCL" in str(error):
            os.abort()
        raise
    except KeyboardInterrupt:
        jax.distributed.shutdown()
        raise
    jax.distributed.shutdown()


def agree(text: str) -> bool:
    """Whether all processes give the same text."""
    from jax.experimental.multihost_utils import process_allgather

    all_texts = process_allgather(np.uint32(zlib.crc32(text.encode())))
    return bool((all_texts == all_texts[0]).all())


def from_first(arrays: list[Any]) -> list[Any]:
    """What the first process gives, for all."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    return list(broadcast_one_to_all(arrays))


def stopper() -> Callable[[bool], bool]:
    """A function that is called after each step of all processes, with whether this one was asked to stop.

    It gives the same answer to all: JAX agrees on a step as soon as one process gets SIGTERM.
    """
    from jax.experimental.multihost_utils import reached_preemption_sync_point

    steps = count()

    def stop(asked: bool) -> bool:
        if asked:
            signal.raise_signal(signal.SIGTERM)
        return bool(reached_preemption_sync_point(next(steps)))

    return stop
