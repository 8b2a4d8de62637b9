"""This kiosk, as the database knows it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance import kiosks
from monitor.config import Settings


def register(session: Session, settings: Settings, at: datetime) -> UUID:
    """The id of the kiosk that the settings name, which is made or brought up to date."""
    found = kiosks.register(
        session, settings.kiosk, site=settings.site, role=settings.role, time_zone=settings.time_zone, at=at
    )
    return found.id
