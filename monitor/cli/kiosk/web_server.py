"""The server of `muster web`: one window of the app behind a random token.

The address holds the token, new at each start, in its path: a page of a stranger can neither guess it nor read it.
Host and Origin are compared as well, so that no other site reaches the app through the user's browser.
"""

import asyncio
import hmac
import ipaddress
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from aiohttp import web as http
from textual_serve.server import Server

from monitor.cli.options import tell
from monitor.files import unfinished

_Handler: TypeAlias = Callable[[http.Request], Awaitable[http.StreamResponse]]
PAGES: Final = Path(__file__).parent / "pages"
ENDING: Final = 3.0
"""Seconds that an app has to end after its window was closed, and that open connections have when the server stops."""
FREED: Final = 5.0
"""Seconds for which a new page waits for the session before it to end, as when a page is loaded anew."""
BUSY: Final = "Muster is open in another window. Close that window, then load this page again."
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data:; connect-src 'self' ws: wss:; "
    "frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the app is served, and how browsers call it."""

    host: str
    port: int
    public_url: str
    """As browsers see it, without a path."""

    @property
    def hosts(self) -> frozenset[str]:
        """The values of the header Host that are answered."""
        own = {urlsplit(self.public_url).netloc}
        if is_loopback(self.host):
            own |= {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        return frozenset(own)

    @property
    def origins(self) -> frozenset[str]:
        """The values of the header Origin that are answered."""
        return frozenset(f"{urlsplit(self.public_url).scheme}://{host}" for host in self.hosts)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class OneWindow(Server):  # type: ignore[misc]  # the library has no types
    """Serves one window at a time, and closes it when the server stops."""

    def __init__(self, command: str, address: Address) -> None:
        """
        Args:
            command: starts the app for one window.
        """
        super().__init__(
            f"exec {command}",
            address.host,
            address.port,
            title="Muster",
            public_url=address.public_url,
            templates_path=PAGES,
        )
        self._window: http.WebSocketResponse | None = None
        self._app: asyncio.subprocess.Process | None = None
        self._free = asyncio.Event()
        self._free.set()

    async def handle_index(self, request: http.Request) -> http.StreamResponse:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._free.wait(), FREED)
        if not self._free.is_set():
            return http.Response(status=409, text=BUSY)
        shown: http.StreamResponse = await super().handle_index(request)
        return shown

    async def handle_websocket(self, request: http.Request) -> http.StreamResponse:
        if not self._free.is_set():
            return http.Response(status=409, text=BUSY)
        self._free.clear()
        try:
            socket: http.StreamResponse = await super().handle_websocket(request)
            return socket
        finally:
            self._window = None
            self._free.set()

    async def _process_messages(self, websocket: http.WebSocketResponse, app_service: Any) -> None:
        self._window, self._app = websocket, app_service._process
        try:
            await super()._process_messages(websocket, app_service)
        finally:  # the library waits for an app that it told to quit, however long that takes
            asyncio.get_running_loop().call_later(ENDING, _end, app_service._process)

    async def on_startup(self, app: object) -> None:
        """Nothing is printed before the address is listened on."""

    async def on_shutdown(self, app: object) -> None:
        if self._window is not None:
            await self._window.close(code=1001, message=b"Muster is stopped")

    async def on_cleanup(self, app: object) -> None:
        """After the last connection: no app outlives the server."""
        _end(self._app)


def _end(process: asyncio.subprocess.Process | None) -> None:
    """Ends the app of a window that was closed, if it has not ended by itself."""
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()


async def serve(
    command: str, address: Address, token: str, tls: ssl.SSLContext | None = None, *, file: Path | None = None
) -> None:
    """Serves until SIGTERM, SIGINT or SIGHUP.

    Args:
        file: takes the address while it holds, readable by its owner only; None prints the address.

    Raises:
        OSError: the address cannot be listened on, or the file cannot be written.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = http.AppRunner(await application(command, address, token), shutdown_timeout=ENDING, access_log=None)
    await runner.setup()
    try:
        await http.TCPSite(runner, address.host, address.port, ssl_context=tls).start()
        where = f"{address.public_url}/{token}/"
        if file is not None:  # what a service prints is kept in the system's log
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with unfinished(file, private=True, replace=True) as part:
                part.write_text(f"{where}\n", encoding="utf-8")
        place = where if file is None else f"the address in {file}"
        tell(f"Muster is at {place}  One window at a time. Press Ctrl+C to stop.")
        sys.stdout.flush()
        await stopped.wait()
        tell("Muster in the browser is stopped.")
    finally:
        await runner.cleanup()
        if file is not None:
            file.unlink(missing_ok=True)


async def application(command: str, address: Address, token: str) -> http.Application:
    """The web application: the app behind the token, and nothing beside it.

    Args:
        command: starts the app for one window.
    """
    outer = http.Application(middlewares=[_guard(address, token)])
    outer.on_response_prepare.append(_harden)
    window = OneWindow(command, address)
    outer.on_cleanup.append(window.on_cleanup)
    outer.add_subapp(f"/{token}/", await window._make_app())
    return outer


def _guard(address: Address, token: str) -> Any:
    @http.middleware
    async def guard(request: http.Request, handler: _Handler) -> http.StreamResponse:
        given = request.path.split("/")[1]
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise http.HTTPNotFound(text="There is nothing here. Use the whole address that 'muster web' printed.")
        origin = request.headers.get("Origin")
        needed = request.path.endswith("/ws")
        if request.host not in address.hosts or (origin not in address.origins and (origin or needed)):
            raise http.HTTPForbidden(text="Muster does not answer other sites.")
        return await handler(request)

    return guard


async def _harden(_request: http.Request, response: http.StreamResponse) -> None:
    response.headers.update(_HEADERS)
