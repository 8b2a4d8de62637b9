"""The day's secret of moods without a person, the same at all doors of a site, so that a person has one token at all.

It goes through the centre sealed with the site key, and a day ahead, so that doors agree from the first token on. As at
a door alone it is deleted after its day. A token made from the site key itself could be computed again for ever.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, select

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.observations import crowd
from db.schema.attendance import KioskRow
from db.schema.moods import CrowdSecretRow


def share(kiosk: Engine, centre: Engine, cipher: TemplateCipher, site: TemplateCipher, now: datetime) -> None:
    """Has this door use the centre's secrets of today and tomorrow; makes those that are missing there.

    Nothing where this door never made a token. Tokens that it made while it was alone stay as they are.

    Raises: DatabaseError.
    """
    with reading(kiosk) as here, reading(centre) as there:
        if here.scalar(select(CrowdSecretRow.day).limit(1)) is None:
            return
        zone = here.scalar(select(KioskRow.time_zone).order_by(KioskRow.seen_at.desc()).limit(1))
        if zone is None:
            return
        today = now.astimezone(ZoneInfo(zone)).date()
        days = (today, today + timedelta(days=1))
        mine, theirs = crowd.secrets(here, cipher, days), crowd.secrets(there, site, days)
    if theirs.keys() != set(days):
        with writing(centre) as there:
            ledger.lock(there)
            there.execute(delete(CrowdSecretRow).where(CrowdSecretRow.day < today - timedelta(days=1)))
            theirs = {day: crowd.secret(there, site, day, mine.get(day)) for day in days}
    if mine != theirs:
        with writing(kiosk) as here:
            here.execute(delete(CrowdSecretRow).where((CrowdSecretRow.day < today) | CrowdSecretRow.day.in_(days)))
            for day in days:
                crowd.secret(here, cipher, day, theirs[day])
