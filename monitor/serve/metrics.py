"""Numbers in Prometheus' text format 0.0.4; they name nobody."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from monitor.desk.programs.health import Health

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics(found: Health, now: datetime, version: str) -> str:
    """All numbers as text."""
    return "\n".join(_lines(found, now, version)) + "\n"


def _lines(found: Health, now: datetime, version: str) -> Iterator[str]:
    yield from _one("muster_info", "gauge", "Which Muster this is.", [({"version": version}, 1)])
    yield from _one("muster_people", "gauge", "People enrolled.", [({}, found.people)])
    yield from _one("muster_inside", "gauge", "People inside now.", [({}, found.inside)])
    yield from _one("muster_events_total", "counter", "Events in the ledger.", [({}, found.events)])
    if found.database_bytes is not None:
        yield from _one("muster_database_bytes", "gauge", "Size of the database.", [({}, found.database_bytes)])
    seen = [({"door": one.name, "site": one.site}, (now - one.seen_at).total_seconds()) for one in found.kiosks]
    yield from _one("muster_kiosk_silent_seconds", "gauge", "Seconds since a kiosk last wrote.", seen)
    for name, kind, text in (
        ("sent", "counter", "Messages that a webhook's receiver took."),
        ("waiting", "gauge", "Messages that wait for a webhook's receiver."),
        ("dead", "gauge", "Messages that nobody tries any more."),
    ):
        values = [({"webhook": one.webhook}, float(getattr(one, name))) for one in found.webhooks]
        yield from _one(f"muster_webhook_{name}{'_total' if kind == 'counter' else ''}", kind, text, values)


def _one(name: str, kind: str, text: str, values: list[tuple[dict[str, str], float]]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{told}}} {value:.15g}" if told else f"{name} {value:.15g}"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
