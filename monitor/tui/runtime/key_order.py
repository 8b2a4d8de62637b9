"""Keys that come in one burst: each has its effect before Textual gets the next one.

Textual hands a key to whatever has the focus at that moment. When several wait, because somebody types ahead of a busy
screen, or a scanner or a script types for them, all of them would go where only the first belongs: the letters after
"/" would be commands to the list instead of text in the filter.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.widgets import Input, Select

PATIENCE: Final = 2.0
"""Seconds for which a key waits at most for the effect of the key before it."""

STEPS: Final = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "home", "end", "backspace", "delete"})

Typed: TypeAlias = events.Key | events.Paste


@runtime_checkable
class Searches(Protocol):
    """A screen whose list follows from what was typed."""

    async def found(self) -> None:
        """Return when the list shows what was asked for last."""


class KeyOrder:
    """The keys that are still to be handed on.

    Args:
        hand_on: Textual's own handling of a key, which gives it to what has the focus.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[Typed] = deque()
        self._effect: asyncio.Task[None] | None = None

    async def take(self, event: Typed) -> None:
        """A key came: it is handed on at once, or after those before it."""
        self._waiting.append(event)
        if self._effect is None:
            await self._hand_waiting()

    async def _hand_waiting(self) -> None:
        self._effect = None
        while self._waiting and self._effect is None:
            event, target, screen = self._waiting.popleft(), self._app.focused or self._app.screen, self._app.screen
            await self._hand_on(event)
            if not _leaves_focus(event, target):
                self._effect = asyncio.create_task(self._after(event, target, screen))

    async def _after(self, event: Typed, target: DOMNode, screen: DOMNode) -> None:
        with suppress(TimeoutError, ScreenStackError):  # the app may end meanwhile
            async with asyncio.timeout(PATIENCE):
                # A key that nobody takes wanders from the target up to the app, which then looks for what it is bound
                # to; each deals with what it is sent in its own time.
                for node in target.ancestors_with_self:
                    await _turn(node)
                if self._app.screen is not screen:
                    await _turn(self._app.screen)
                if isinstance(event, events.Key) and event.key == "enter" and isinstance(screen, Searches):
                    await screen.found()  # the next key is about what was looked for
        if not self._waiting or not self._app.call_later(self._hand_waiting):
            self._effect = None


def _leaves_focus(event: Typed, target: DOMNode) -> bool:
    """Whether a key surely leaves the focus where it is: then the next key need not wait."""
    if isinstance(event, events.Paste):
        return True
    step = event.key in STEPS and not isinstance(target, Select)  # which opens with the arrows
    return step or (event.is_printable and isinstance(target, Input))


async def _turn(node: DOMNode) -> None:
    """Wait until this node has handled all messages that it was sent until now."""
    done = asyncio.Event()
    if node.call_later(done.set):
        await done.wait()
