"""`muster web`: the app in a browser, for whoever has the address that is printed, and for nobody else."""

import asyncio
import secrets
import shlex
import ssl
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import CertificateOption, ConfigOption, DbOption, HostOption, KeyOption, Run
from monitor.errors import MusterError, UsageError


def web(
    db: DbOption = None,
    config: ConfigOption = None,
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="How browsers call it, behind a proxy that does TLS: https://…")
    ] = None,
) -> None:
    """The app in a browser, at an address with a secret in it. One window at a time.

    Where nobody reads the output, as of a service, the address is in the file web-address beside the settings.
    """
    from monitor.cli.kiosk.web_server import Address, is_loopback, serve

    run = Run(db, config)
    settings = run.settings()  # an error in the settings is printed here, not in the browser
    encrypted = certificate is not None or (public_url or "").startswith("https://")
    if not is_loopback(host) and not (settings.admin_pin_hash and encrypted):
        raise UsageError(
            f"Others than this machine reach {host}: set an admin PIN first (in 'muster review' on System: "
            "admin_pin_hash), and give --certificate and --key, or --public-url https://… of a proxy."
        )
    tls = tls_of(certificate, key)
    shown = f"[{host}]" if ":" in host else host
    own = f"{'https' if tls else 'http'}://{shown}:{port}"
    command = [sys.executable, "-m", "monitor.cli", "review"]
    for option, value in (("--db", db), ("--config", config)):
        command += [option, str(value)] if value is not None else []
    address = Address(host, port, (public_url or own).rstrip("/"))
    token = secrets.token_urlsafe(32)
    try:
        file = None if sys.stdout.isatty() else run.config_file.parent / "web-address"
        asyncio.run(serve(shlex.join(command), address, token, tls, file=file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise MusterError(
            f"The app cannot listen on {host}:{port} ({reason}); give another --host or --port."
        ) from None


def tls_of(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What these files say of TLS; None without both. Raises: UsageError, where they cannot be used."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("TLS needs both; give --certificate and --key.")
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"The certificate {certificate} or its key {key} cannot be used: {error}.") from None
    return made
