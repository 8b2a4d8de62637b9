"""Work off the event loop: a job runs in a thread, its result is shown on the loop, its error becomes a sentence."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from textual.message import Message
from textual.notifications import SeverityLevel

from db.errors import Interrupted
from monitor.config import LOG_FILE
from monitor.errors import LOW_MEMORY, MusterError, short_of_memory
from monitor.tui.runtime.textual_internals import CleanExit, is_behind, write

log = logging.getLogger(__name__)
T = TypeVar("T")
NOTIFIED, READ = 5.0, 12.0
"""Least seconds for which a toast is shown, and letters per second that people read in a long one."""


class WorkApp(CleanExit):
    """An app whose screens hand work to threads and never wait for it."""

    @dataclass
    class Done(Message):
        """A job is done; `show` shows its result."""

        show: Callable[[], None]

    def in_background(
        self, job: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None] | None = None
    ) -> None:
        """Run a job in a thread, then show its result on the loop.

        Args:
            job: may block; must not touch widgets.
            then: gets what the job returned, on the loop.
            failed: gets one sentence about what went wrong, on the loop; a toast shows it otherwise.
        """
        run = partial(self._run_job, job, then, failed or self.toast_problem)
        # Without a description Textual writes one down, on the loop, with all that the job was given: whole days.
        self.run_worker(run, thread=True, group="jobs", description="job")

    def show_later(self, show: Callable[[], None]) -> None:
        """Call something on the loop, from any thread; nothing happens when the app has ended."""
        self.post_message(self.Done(show))

    def to_terminal(self, sequence: str) -> None:
        """Write an escape sequence that does not move the cursor, between two drawings of the screen. On the loop."""
        write(self, sequence)

    def terminal_is_behind(self) -> bool:
        """Whether the terminal has not yet taken all that was written to it."""
        return is_behind(self)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast: by default as plain text, since names stand in it, and until it can have been read."""
        seconds = max(NOTIFIED, len(message) / READ) if timeout is None else timeout
        super().notify(message, title=title, severity=severity, timeout=seconds, markup=markup)

    def toast_problem(self, sentence: str) -> None:
        """Say what went wrong."""
        self.notify(sentence, severity="error")

    def log_fatal(self, error: Exception) -> None:
        log.critical("The app ends with an error", exc_info=error)

    def _run_job(self, job: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None]) -> None:
        try:
            result = job()
        except Interrupted:
            log.debug("A load was given up: another one took its place")
        except MusterError as error:
            log.warning("%s", error)
            self.show_later(partial(failed, str(error)))
        except Exception as error:
            # Jobs call OpenCV, SQLAlchemy and onnxruntime, whose errors share no class below this one, and an error
            # that leaves a worker ends the app: a mistake in one export would close the door.
            if short_of_memory(error):
                log.error("%s", LOW_MEMORY)
                self.show_later(partial(failed, LOW_MEMORY))
                return
            log.exception("A job of the app failed")
            self.show_later(partial(failed, f"Something went wrong. Details: {LOG_FILE}"))
        else:
            self.show_later(partial(then, result))

    def on_work_app_done(self, message: Done) -> None:
        if self.is_running:  # else the screens are being taken down, and what would be shown has no place any more
            message.show()
