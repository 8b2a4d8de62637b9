"""`muster serve`: people, attendance, moods and events for other programs, over HTTP."""

from importlib.metadata import version
from typing import Annotated

import typer

from monitor.cli.options import CertificateOption, HostOption, KeyOption, Run, err, shared, tell
from monitor.errors import MusterError, UsageError


@shared
def serve(
    run: Run,
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8010,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    openapi: Annotated[bool, typer.Option("--openapi", help="Only print the description of the interface.")] = False,
) -> None:
    """People, attendance, moods and events for other programs, over HTTP; see 'muster keys add'.

    Where there is no database yet, as on a new volume, an empty one is made.
    """
    import json
    import signal
    import socket
    from contextlib import suppress

    import uvicorn

    from db.location import sqlite_file
    from monitor.cli.kiosk.web import tls_of
    from monitor.cli.kiosk.web_server import is_loopback
    from monitor.serve.app import make_app

    settings = run.settings()
    encrypted = tls_of(certificate, key) is not None
    if not is_loopback(host) and not encrypted:
        raise UsageError(f"Others than this machine reach {host}, and would see keys: give --certificate and --key.")
    place = sqlite_file(settings.db)
    if place is not None and not place.exists() and not openapi:
        run.open_store(settings, create=True)[0].dispose()
        tell(f"There was no database at {place}; an empty one is made.", err)
    engine = run.database(settings)
    app = make_app(engine, settings, lambda: run.at, version("muster"))
    if openapi:
        typer.echo(json.dumps(app.openapi(), indent=2))
        return
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        raise MusterError(f"Muster cannot listen on {host}:{port} ({error.strerror}); give another --port.") from None
    tell(f"Muster answers on {host}:{port}; stop it with Ctrl+C.", err)
    files = {"ssl_certfile": certificate, "ssl_keyfile": key} if encrypted else {}
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, **files)  # type: ignore[arg-type]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service is stopped as by Ctrl+C
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listening])
    tell("Muster does not answer programs any more.", err)
