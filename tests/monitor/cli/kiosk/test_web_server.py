"""`muster web`: whoever lacks the address, or comes from another site, gets nothing; one window at a time."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from monitor.cli.kiosk import web_server
from monitor.cli.kiosk.web import web
from monitor.cli.kiosk.web_server import BUSY, Address, application, is_loopback
from monitor.errors import UsageError

TOKEN = "secret-token"
APP = """
import os, sys
sys.stdout.buffer.write(b"__GANGLION__\\n" + b"D" + (5).to_bytes(4, "big") + b"Ada Y")
sys.stdout.flush()
told = b""
while STUBBORN or b"quit" not in told:
    told += os.read(0, 100)
"""
"""An app as the browser's driver shows it: a first line, then a packet with a name; a stubborn one does not quit."""


@pytest.fixture
async def served(
    request: pytest.FixtureRequest, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """The address up to the token."""
    monkeypatch.setattr(web_server, "FREED", 0.05)
    monkeypatch.setattr(web_server, "ENDING", 0.2)
    (tmp_path / "app.py").write_text(f"STUBBORN = {getattr(request, 'param', False)}\n{APP}")
    address = Address("127.0.0.1", port, f"http://127.0.0.1:{port}")
    made = await application(f"{sys.executable} {tmp_path / 'app.py'}", address, TOKEN)
    server = TestServer(made, host="127.0.0.1", port=port)
    await server.start_server()
    yield address.public_url
    await server.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/{TOKEN}/", {}, 200),
        (f"/{TOKEN}/static/js/textual.js", {}, 200),
        ("/", {}, 404),
        ("/ws", {}, 404),
        ("/other-token/", {}, 404),
        ("/static/js/textual.js", {}, 404),
        ("/download/1", {}, 404),
        (f"/{TOKEN}/", {"Host": "evil.example"}, 403),
        (f"/{TOKEN}/", {"Origin": "http://evil.example"}, 403),
        (f"/{TOKEN}/ws", {"Origin": "http://evil.example"}, 403),
        (f"/{TOKEN}/ws", {"Origin": "null"}, 403),
        (f"/{TOKEN}/ws", {}, 403),
    ],
)
async def test_only_the_whole_address_is_answered_and_no_other_site(
    served: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with aiohttp.ClientSession() as client, client.get(served + path, headers=headers) as response:
        assert response.status == status
        assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_page_names_muster_and_asks_no_other_site_for_anything(served: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{served}/{TOKEN}/") as response:
        page = await response.text()
    assert "<title>Muster</title>" in page
    assert "textual" not in page.lower().replace("textual-terminal", "").replace("textual.js", "")
    assert {part.split("/")[0] for part in page.split("://")[1:]} == {served.split("://")[1]}


@pytest.mark.parametrize("served", [False, True], indirect=True, ids=["quits", "stubborn"])
async def test_one_window_sees_the_app_and_a_second_one_is_told_so(served: str) -> None:
    socket = f"{served}/{TOKEN}/ws?width=80&height=24"
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(socket, origin=served) as window:
            assert (await window.receive(timeout=60)).data == b"Ada Y"
            async with client.get(f"{served}/{TOKEN}/") as second:
                assert (second.status, await second.text()) == (409, BUSY)
            with pytest.raises(aiohttp.WSServerHandshakeError, match="409"):
                await client.ws_connect(socket, origin=served)
        status = 409
        while status == 409:
            async with client.get(f"{served}/{TOKEN}/") as again:
                status = again.status
        assert status == 200


@pytest.mark.parametrize("service", [False, True])
async def test_sigterm_ends_it_with_an_open_window(tmp_path: Path, port: int, service: bool) -> None:
    file = tmp_path / "new folder" / "web-address" if service else None
    (tmp_path / "app.py").write_text(f"STUBBORN = False\n{APP}")
    url = f"http://127.0.0.1:{port}"
    code = (
        f"import asyncio; from pathlib import Path; file = {f'Path({str(file)!r})' if file else None}; "
        "from monitor.cli.kiosk.web_server import Address, serve; "
        f"asyncio.run(serve({f'{sys.executable} {tmp_path}/app.py'!r}, "
        f"Address('127.0.0.1', {port}, {url!r}), {TOKEN!r}, file=file))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    told = (await process.stdout.readline()).decode()
    if file is None:
        assert f"{url}/{TOKEN}/" in told, "printed once it can be opened"
    else:
        assert TOKEN not in told
        assert str(file) in told
        assert (file.read_text(), file.stat().st_mode & 0o077) == (f"{url}/{TOKEN}/\n", 0)
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{url}/{TOKEN}/ws", origin=url) as window:
        await window.receive(timeout=60)
        process.send_signal(signal.SIGTERM)
        closed = await window.receive(timeout=60)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert file is None or not file.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "door.example"])
def test_others_are_not_let_in_without_a_pin_and_encryption(tmp_path: Path, host: str) -> None:
    config = tmp_path / "muster.toml"
    config.touch()
    with pytest.raises(UsageError, match="set an admin PIN first"):
        web(db=None, config=config, host=host, public_url="https://door.example")
    config.write_text('admin_pin_hash = "x"\n')
    with pytest.raises(UsageError, match="--certificate and --key"):
        web(db=None, config=config, host=host)


def test_what_only_this_machine_reaches() -> None:
    assert [is_loopback(one) for one in ("127.0.0.1", "::1", "localhost", "127.9.9.9")] == [True] * 4
    assert not any(is_loopback(one) for one in ("0.0.0.0", "::", "192.0.2.7", "localhost.example"))


def test_behind_a_proxy_its_name_is_the_one_that_is_answered() -> None:
    address = Address("127.0.0.1", 8000, "https://door.example")
    assert "door.example" in address.hosts
    assert "https://door.example" in address.origins
    assert not any("evil" in one for one in address.hosts)
