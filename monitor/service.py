"""Tells systemd that Muster is ready and alive (sd_notify(3)), so that it restarts a Muster that hangs."""

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Sends a state such as "READY=1" or "WATCHDOG=1"; does nothing where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.connect(address.replace("@", "\0", 1))
        service.send(state.encode())
