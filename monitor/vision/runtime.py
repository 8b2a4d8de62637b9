"""How models are opened here: quiet, on few threads, without spinning on a core that others need."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Before it is imported: onnxruntime keeps a device id and records of its use, and would send them to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

from monitor.errors import ModelError

_quiet = threading.RLock()
"""Two threads that redirect the same output in turns would leave it redirected for ever."""


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
    """Send to nowhere what native libraries write to standard error past Python, where it would damage the screen."""
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
