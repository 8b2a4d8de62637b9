"""Opening models without a word from native libraries."""

import os
import subprocess
import sys
import threading

import pytest

from monitor.errors import ModelError
from monitor.vision.runtime import open_session, quiet_native_output


class OnnxError(RuntimeError):
    __module__ = "onnxruntime.capi"


def test_a_model_is_damaged_unless_memory_was_short(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="damaged"):
        open_session(b"no model")

    def short(*_: object, **__: object) -> None:
        raise OnnxError("Exception during initialization: std::bad_alloc")

    monkeypatch.setattr("monitor.vision.runtime.onnxruntime.InferenceSession", short)
    with pytest.raises(OnnxError, match="bad_alloc"):
        open_session(b"")


def test_what_is_written_past_python_goes_nowhere_and_afterwards_somewhere_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with quiet_native_output():
        os.write(2, b"noise")
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


def test_threads_that_take_turns_leave_the_output_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    inside, second_asked = threading.Event(), threading.Event()

    def first() -> None:
        with quiet_native_output():
            inside.set()
            second_asked.wait(60)

    def second() -> None:
        inside.wait(60)
        second_asked.set()
        with quiet_native_output():
            os.write(2, b"noise")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


_GROWTH = """
from pathlib import Path
import numpy as np
from monitor.vision.encoder import FaceEncoder
from monitor.vision.second_encoder import SecondEncoder
def resident():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])
before = resident()
both = SecondEncoder(), FaceEncoder()
both[0].embed(np.zeros((1, 112, 112, 3), np.uint8))
both[1].embed(np.zeros((1, 150, 150, 3), np.uint8))
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
def test_both_encoders_take_little_more_memory_than_their_weights() -> None:
    """They have 61 MB; models kept beside their sessions, and freed memory kept by glibc, made 257 MB of that."""
    for _ in range(2):  # the first time may build the cache
        done = subprocess.run([sys.executable, "-c", _GROWTH], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 120e6
