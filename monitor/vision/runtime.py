"""Opens models in onnxruntime and LiteRT: without output, on few threads, in little memory, and without spinning."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

# Set before the import: onnxruntime would keep a device id and send records of its use to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from monitor.errors import ModelError, short_of_memory

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

_quiet = threading.RLock()
"""Held while standard error is redirected: two threads at once would leave it redirected for ever."""


def open_session(model: Path | bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """An inference session for an ONNX model.

    Args:
        model: a file, or its content, which is kept in memory beside the session.

    Raises:
        ModelError: the model is damaged.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_mem_pattern = False  # one block for all of a run's tensors saves no time and takes 10 MB (SFace)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        given = model if isinstance(model, bytes) else str(model)
        return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's exceptions have no common base that it exports.
        if type(error).__module__.startswith("onnxruntime") and not short_of_memory(error):
            raise ModelError("A model file is damaged and cannot be loaded; install Muster again.") from None
        raise
    finally:
        _give_back_memory()


def run_batched(
    session: onnxruntime.InferenceSession, pictures: NDArray[np.uint8], at_once: int, output: str | None = None
) -> NDArray[np.float32]:
    """What a network with one input answers to pictures, some in each run: float32 (n, ...).

    Args:
        pictures: uint8 (n, ...), as the network takes them; n may be 0.
        output: its name; None for the first.

    Raises:
        ValueError: the network takes pictures of another size or type.
    """
    (taken,), outputs = session.get_inputs(), session.get_outputs()
    if list(pictures.shape[1:]) != taken.shape[1:] or pictures.dtype != np.uint8:
        raise ValueError(f"{taken.name} are uint8 {taken.shape}, not {pictures.dtype} {pictures.shape}")
    given = next(one for one in outputs if output in (None, one.name))
    starts = range(0, len(pictures), at_once)
    parts = [np.ascontiguousarray(pictures[start : start + at_once]) for start in starts]
    if not parts:
        return np.empty((0, *given.shape[1:]), np.float32)
    return np.concatenate([session.run([given.name], {taken.name: part})[0] for part in parts])


@cache
def _share_memory() -> None:
    """Let all sessions take memory from one store: networks that run one after the other need 12 MB less."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg({}))


def open_litert(model: Path | bytes, *, size: tuple[int, int] | None = None) -> "Interpreter":
    """An interpreter for a LiteRT model, on one thread.

    Args:
        model: a file, or its content.
        size: width and height of its input, which takes one RGB picture; None for the model's own.
    """
    from ai_edge_litert.interpreter import Interpreter

    path, content = (None, model) if isinstance(model, bytes) else (str(model), None)
    with quiet_native_output():
        interpreter = Interpreter(model_path=path, model_content=content, num_threads=1)
        if size is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], [1, size[1], size[0], 3])
        interpreter.allocate_tensors()
    return interpreter


def _give_back_memory() -> None:
    """Give freed memory back to the system: glibc keeps it, and loading a model frees as much as the model takes."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl has no such function, and keeps less
            ctypes.CDLL(None).malloc_trim(0)


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
