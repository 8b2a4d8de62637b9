"""Opens models in onnxruntime: without output, on few threads, and without spinning on a core that others need."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Set before the import: onnxruntime would keep a device id and send records of its use to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

from monitor.errors import ModelError

_quiet = threading.RLock()
"""Held while standard error is redirected: two threads at once would leave it redirected for ever."""


def open_session(model: bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """An inference session for an ONNX model.

    Raises:
        ModelError: the model is damaged.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's exceptions have no common base that it exports.
        if type(error).__module__.startswith("onnxruntime"):
            raise ModelError("A model file is damaged and cannot be loaded; install Muster again.") from None
        raise


@contextmanager
def quiet_native_output() -> Iterator[None]:
    """Drop what native libraries write to standard error, where it would damage the app's screen."""
    with _quiet:
        sys.stderr.flush()
        saved = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)
