"""Moods that were sent and deleted here since: of somebody who was named later, and did not agree to them."""

from datetime import datetime

from sqlalchemy import Engine, delete, select

from db.attendance import ledger
from db.batches import batches
from db.engine import reading, writing
from db.privacy import retention
from db.schema.moods import MoodRow
from db.schema.observations import SightingRow


def take_back(source: Engine, target: Engine, since: datetime) -> int:
    """Deletes them on the other side, and returns how many they were. Moods that grew too old here stay there.

    Args:
        since: of sightings that began earlier, nothing is taken back.
    """
    with reading(source) as here:
        since = max(since, retention.gone_before(here)["moods"])
        named = select(SightingRow.id).where(SightingRow.person_id.is_not(None), SightingRow.first_at >= since)
        seen = here.scalars(named).all()
    deleted = 0
    for some in batches(seen):
        theirs = select(MoodRow.id).where(MoodRow.sighting_id.in_(some), MoodRow.at >= since)
        with reading(source) as here:
            kept = set(here.scalars(theirs))
        with writing(target) as there:
            ledger.lock(there)
            gone = [id for id in there.scalars(theirs.where(MoodRow.person_id.is_(None))) if id not in kept]
            for part in batches(gone):
                there.execute(delete(MoodRow).where(MoodRow.id.in_(part)))
        deleted += len(gone)
    return deleted
