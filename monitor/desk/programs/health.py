"""How Muster is, in numbers for a dashboard. It blocks: call it in workers only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from db import backup
from db.attendance import kiosks, ledger
from db.engine import reading
from db.people import people
from db.programs import webhooks
from db.programs.webhooks import WebhookState
from db.records.attendance import Kiosk
from monitor.config import Settings
from monitor.desk.days.today import today_of


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the site; it names nobody."""

    people: int
    inside: int
    events: int
    """Rows of the ledger."""
    database_bytes: int | None
    kiosks: tuple[Kiosk, ...]
    webhooks: tuple[WebhookState, ...]


def health(engine: Engine, settings: Settings, now: datetime) -> Health:
    """Raises: DatabaseError."""
    inside = today_of(engine, settings, now).board.inside
    with reading(engine) as session:
        return Health(
            people=people.count_people(session),
            inside=inside,
            events=ledger.count(session),
            database_bytes=backup.size(engine),
            kiosks=tuple(kiosks.all_kiosks(session)),
            webhooks=tuple(webhooks.states(session)),
        )


def answers(engine: Engine) -> None:
    """Raises: DatabaseError, where the database does not answer."""
    with reading(engine) as session:
        ledger.count(session)
