"""What every training command begins with: the library that computes, and the faces."""

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.options import err, tell
from monitor.errors import UsageError
from monitor.text import plural, printable

if TYPE_CHECKING:
    from training.emotion.data.fer2013 import Fer2013
    from training.emotion.fitting.strategy import Workers


def start_backend(threads: int = 0, strategy: str = "alone") -> "Workers | None":
    """Import the library that computes, without its messages; returns the workers where there are several."""
    from monitor.vision.runtime import quiet_native_output

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    name = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if name not in ("tensorflow", "jax"):
        raise UsageError(f"Training does not run on Keras' backend {name!r}; set KERAS_BACKEND to tensorflow or jax.")
    if threads and name == "jax":
        os.environ["PJRT_NPROC"] = str(threads)  # XLA reads it when JAX makes its first array
    if strategy == "multiworker":
        from training.emotion.fitting.strategy import cluster, multiworker

        others = plural(len(cluster()[0]) - 1, "other worker")
        tell(f"Waiting for {others}...", err)
        if name == "jax":
            return multiworker()
    with quiet_native_output():
        if name == "jax":
            import_module("jax")
            return None
        import tensorflow as tf

        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        if strategy == "multiworker":
            return multiworker()
        tf.zeros(())
    return None


def load_faces(path: Path, strict: bool) -> "Fer2013":
    """The data set; what was left out or scaled is said."""
    from training.emotion.data.fer2013 import load_fer2013

    data = load_fer2013(path, strict=strict)
    if data.skipped:
        broken = plural(len(data.skipped), "broken row or file", "broken rows or files")
        tell(f"Skipped {broken}. The first: {printable(data.skipped[0])}", err)
    if data.scaled:
        tell(f"{plural(data.scaled, 'picture')} of another size scaled to 48x48 grey pixels.", err)
    return data
