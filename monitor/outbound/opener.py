"""Opens a door: runs a program or calls an address, with a time-out, and says in one sentence what came of it."""

import asyncio
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import IO, Final
from uuid import UUID

from monitor.config_outbound import Opener, Webhook
from monitor.outbound.webhooks import message, post
from monitor.text import printable

_LAST_WORDS: Final = 200
"""Letters of what a failed program said that are kept."""
_MOST_READ: Final = 4 * _LAST_WORDS
"""Bytes of these that are read."""


def open_door(opener: Opener, id: UUID, told: Mapping[str, object], now: datetime) -> str | None:
    """Runs the command, then calls the address, as far as each is set.

    Args:
        id: of the opening, the same when it is tried again.
        told: the event; the program gets its parts as variables MUSTER_EVENT, MUSTER_AT, MUSTER_DOOR and MUSTER_PERSON.
            What the program leaves running when it ends runs on: a part that closes the relay again, for example.

    Returns:
        None where the door was opened, else one sentence on why not.
    """
    if opener.command and (fault := _run(opener, told)):
        return fault
    return _call(opener, id, told, now) if opener.url else None


def _run(opener: Opener, told: Mapping[str, object]) -> str | None:
    words = shlex.split(opener.command)
    variables = {f"MUSTER_{name.upper()}": str(value or "") for name, value in told.items() if name in _PASSED}
    with _scratch() as words_said:  # not a pipe, which would end only with what the program leaves behind
        try:
            process = subprocess.Popen(  # noqa: S603 - the owner's own command, from the settings; no shell reads it
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words_said,
                start_new_session=True,
                env=environment() | variables,
            )
        except OSError as error:
            return f"The program {words[0]} cannot be run ({error.strerror})."
        try:
            code = process.wait(opener.timeout)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with whatever it started
            process.wait()
            return f"The program {words[0]} did not end within {opener.timeout:g} seconds."
        words_said.seek(0)
        why = printable(words_said.read(_MOST_READ).decode("utf-8", "replace"), _LAST_WORDS)
    return f"The program {words[0]} failed with exit code {code}{f' ({why})' if why else ''}." if code else None


def _scratch() -> IO[bytes]:
    """A file that nobody else sees; on a disk that takes none the door opens all the same, and what is said is lost."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")


def environment() -> dict[str, str]:
    """Variables for a program of somebody else: all but Muster's own, one of which is the key of the faces."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}


_PASSED: Final = frozenset({"event", "at", "door", "person"})


def _call(opener: Opener, id: UUID, told: Mapping[str, object], now: datetime) -> str | None:
    import aiohttp

    receiver = Webhook(name="opener", url=opener.url, secret=opener.secret, timeout=opener.timeout)

    async def call() -> str | None:
        async with aiohttp.ClientSession() as session:
            return (await post(session, receiver, id, message(receiver, told, ""), now)).error

    return asyncio.run(call())
