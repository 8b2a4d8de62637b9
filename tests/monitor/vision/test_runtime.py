"""Opening models without a word from native libraries."""

import os
import threading

import pytest

from monitor.vision.runtime import quiet_native_output


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
