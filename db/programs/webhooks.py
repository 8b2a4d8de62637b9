"""The outbox of webhooks: what each receiver has not taken yet, filled from the ledger behind a cursor of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Delete, Update, and_, delete, func, select, update
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.ids import new_id
from db.programs import event_feed
from db.programs.event_feed import FeedEvent
from db.schema.programs import DeliveryRow, WebhookCursorRow

FIRST_PAUSE: Final = timedelta(seconds=5)
"""Before the second try of a message; each later pause is twice as long."""
LONGEST_PAUSE: Final = timedelta(hours=1)
MOST_ATTEMPTS: Final = 80
"""Tries after which a message is a dead letter; with these pauses, after three days."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that waits. `event` is None for what is not in the ledger."""

    id: UUID
    webhook: str
    kind: str
    at: datetime
    event: UUID | None
    door: str
    text: str | None
    attempts: int
    due_at: datetime
    dead: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class WebhookState:
    """How a webhook is doing."""

    webhook: str
    behind: int
    """Events of the ledger that were not looked at yet."""
    waiting: int
    dead: int
    sent: int
    sent_at: datetime | None
    error: str | None
    """Of the newest message that failed."""


def mqtt_outbox(kiosk: str) -> str:
    """In the place of a webhook's name: what this kiosk's MQTT broker has not taken yet."""
    return f"mqtt:{kiosk}"


def take(session: Session, webhook: str, wanted: Callable[[FeedEvent], bool], now: datetime) -> int:
    """Puts what is new in the ledger into the outbox, once each; how many messages that made.

    A webhook that is new here begins with the next event: nobody wants the years before.
    """
    cursor = session.get(WebhookCursorRow, webhook, with_for_update=True)  # of two senders one waits for the other
    if cursor is None:
        session.add(WebhookCursorRow(webhook=webhook, seq=ledger.count(session), sent=0, sent_at=None))
        session.flush()
        return 0
    made = 0
    while events := event_feed.after(session, cursor.seq, _BATCH):
        for one in filter(wanted, events):
            add(session, webhook, one.kind, one.at, now, event=one.id, door=one.door)
            made += 1
        cursor.seq = events[-1].seq
        session.flush()
    return made


def is_behind(session: Session, webhook: str) -> bool:
    """Whether `take` has something to look at."""
    seq = session.scalar(select(WebhookCursorRow.seq).where(WebhookCursorRow.webhook == webhook))
    return seq is None or seq < ledger.count(session)


def add(
    session: Session,
    webhook: str,
    kind: str,
    at: datetime,
    now: datetime,
    *,
    door: str,
    event: UUID | None = None,
    text: str | None = None,
) -> None:
    """Puts something that happened into the outbox.

    Args:
        event: its row of the ledger; None for what is not in the ledger.
    """
    row = DeliveryRow(
        id=new_id(), webhook=webhook, kind=kind, at=at, event_id=event, door=door, text=text, created_at=now,
        attempts=0, due_at=now, away=False, dead=False, error=None,
    )  # fmt: skip
    session.add(row)


def due(session: Session, webhook: str, now: datetime, limit: int) -> list[Delivery]:
    """The oldest messages that are to be tried now."""
    query = select(DeliveryRow).where(
        DeliveryRow.webhook == webhook, DeliveryRow.dead.is_(False), DeliveryRow.due_at <= now
    )
    return [_record(row) for row in session.scalars(query.order_by(DeliveryRow.id).limit(limit))]


def claim(session: Session, delivery: Delivery, until: datetime) -> bool:
    """Keeps a message from other programs until then; False where one was faster, or it is gone."""
    mine = (DeliveryRow.id == delivery.id, DeliveryRow.due_at == delivery.due_at, DeliveryRow.dead.is_(False))
    return _changed(session, update(DeliveryRow).where(*mine).values(due_at=until)) == 1


def delivered(session: Session, webhook: str, deliveries: Sequence[Delivery], now: datetime) -> None:
    """The receiver took these (a few hundred at most); what waits because it was away is tried at once."""
    if not deliveries:
        return
    session.execute(delete(DeliveryRow).where(DeliveryRow.id.in_([one.id for one in deliveries])))
    session.execute(
        update(WebhookCursorRow)
        .where(WebhookCursorRow.webhook == webhook)
        .values(sent=WebhookCursorRow.sent + len(deliveries), sent_at=now)
    )
    waiting = (DeliveryRow.webhook == webhook, DeliveryRow.away.is_(True), DeliveryRow.dead.is_(False))
    session.execute(update(DeliveryRow).where(*waiting).values(away=False, due_at=now))


def failed(session: Session, delivery: Delivery, error: str, now: datetime, *, away: bool) -> None:
    """The receiver did not take it. Where it is away, all that is due to it waits, too, and counts as tried."""
    which: ColumnElement[bool] = DeliveryRow.id == delivery.id
    if away:
        waiting = (DeliveryRow.due_at <= now) | which
        which = and_(DeliveryRow.webhook == delivery.webhook, DeliveryRow.dead.is_(False), waiting)
    # Those of one number of tries at once: after days without a receiver there may be very many.
    found = session.scalars(select(DeliveryRow.attempts).where(which).distinct()).all()
    for tries in sorted(found, reverse=True):  # else a message that was counted just now would be met again
        now_tried = tries + 1
        values = {"attempts": now_tried, "due_at": now + pause(now_tried), "dead": now_tried >= MOST_ATTEMPTS}
        rows = update(DeliveryRow).where(which, DeliveryRow.attempts == tries)
        session.execute(rows.values(away=away, error=error, **values))


def hold(session: Session, webhook: str, error: str, now: datetime, *, door: str) -> None:
    """Notes why all that waits does so; where nothing does, the message waits that this door is online.

    For a sender that sees to the next try itself.
    """
    waiting = DeliveryRow.webhook == webhook
    if session.scalar(select(DeliveryRow.id).where(waiting).limit(1)) is None:
        add(session, webhook, "online", now, now, door=door)
        session.flush()
    session.execute(update(DeliveryRow).where(waiting).values(away=True, error=error))


def pause(attempts: int) -> timedelta:
    """The time until the next try."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def states(session: Session) -> list[WebhookState]:
    """All webhooks that ever ran here."""
    failed = select(DeliveryRow.webhook, DeliveryRow.error).where(DeliveryRow.error.is_not(None))
    errors = dict(session.execute(failed.order_by(DeliveryRow.due_at)).all())
    waiting, dead = (func.count(DeliveryRow.id).filter(DeliveryRow.dead.is_(dead)) for dead in (False, True))
    query = select(WebhookCursorRow, waiting, dead).outerjoin(
        DeliveryRow, DeliveryRow.webhook == WebhookCursorRow.webhook
    )
    head = ledger.count(session)
    return [
        WebhookState(row.webhook, head - row.seq, waits, given_up, row.sent, row.sent_at, errors.get(row.webhook))
        for row, waits, given_up in session.execute(
            query.group_by(WebhookCursorRow.webhook).order_by(WebhookCursorRow.webhook)
        )
    ]


def waiting(session: Session, webhook: str | None = None, *, dead: bool = False) -> list[Delivery]:
    """Messages that wait, or only dead letters; the oldest first, a thousand at most."""
    query = select(DeliveryRow).order_by(DeliveryRow.id).limit(1000)
    if webhook is not None:
        query = query.where(DeliveryRow.webhook == webhook)
    if dead:
        query = query.where(DeliveryRow.dead.is_(True))
    return [_record(row) for row in session.scalars(query)]


def retry(session: Session, now: datetime, webhook: str | None = None, only: Sequence[UUID] = ()) -> int:
    """Has dead letters, and messages that wait, tried from anew; how many."""
    rows = update(DeliveryRow)
    if webhook is not None:
        rows = rows.where(DeliveryRow.webhook == webhook)
    if only:
        rows = rows.where(DeliveryRow.id.in_(only))
    return _changed(session, rows.values(dead=False, attempts=0, due_at=now))


def forget(session: Session, webhook: str) -> int:
    """Deletes a webhook's cursor and all that waits for it; how many messages."""
    gone = _changed(session, delete(DeliveryRow).where(DeliveryRow.webhook == webhook))
    session.execute(delete(WebhookCursorRow).where(WebhookCursorRow.webhook == webhook))
    return gone


def _changed(session: Session, statement: Update | Delete) -> int:
    """Executes it; how many rows that concerned."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _record(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.webhook, row.kind, row.at, row.event_id, row.door, row.text, row.attempts, row.due_at, row.dead,
        row.error,
    )  # fmt: skip
