"""Kiosks: which doors write into this database."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.attendance import zones
from db.ids import new_id
from db.records.attendance import Kiosk, Role
from db.schema.attendance import KioskRow


def register(session: Session, name: str, *, site: str, role: Role, time_zone: str, at: datetime) -> Kiosk:
    """The kiosk of this name, made or brought up to date; by the kiosk itself, or by a desk that writes for it."""
    row = session.scalar(select(KioskRow).where(KioskRow.name == name))
    if row is None:
        row = KioskRow(id=new_id(), name=name, created_at=at, seen_at=at)
        session.add(row)
    row.site, row.role, row.time_zone = site, role, time_zone
    session.flush()
    zones.know(session, time_zone)
    return _record(row)


def seen(session: Session, kiosk: UUID, at: datetime) -> None:
    """Notes that the kiosk is alive."""
    session.execute(update(KioskRow).where(KioskRow.id == kiosk).values(seen_at=at))


def all_kiosks(session: Session) -> list[Kiosk]:
    return [_record(row) for row in session.scalars(select(KioskRow).order_by(KioskRow.name))]


def _record(row: KioskRow) -> Kiosk:
    return Kiosk(row.id, row.name, row.site, cast(Role, row.role), row.time_zone, row.created_at, row.seen_at)
