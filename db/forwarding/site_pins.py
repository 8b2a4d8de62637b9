"""PINs of a site: each as the door hashed it that set it, with that door's pepper, sealed with the site key.

The centre has neither key, so it can try no PIN. A door keeps the peppers of the others sealed with its own key, and
verifies their PINs as they are: nothing is hashed anew only because another door set it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.batches import batches
from db.errors import DatabaseDamaged
from db.forwarding.shared import Side
from db.proof.key import known_peppers, site_pepper_owner
from db.schema.doors import SitePepperRow, SitePinRow
from db.schema.people import PersonRow

KIND = "pin"
"""Of `SyncedRow`."""


def digests(side: Side) -> dict[UUID, str]:
    """Digests of the PINs that one side looks at, by the centre's ids of people."""
    if side.is_centre:
        theirs = select(SitePinRow.person_id, SitePinRow.digest).where(side.looks_at(SitePinRow.person_id))
        return dict(side.session.execute(theirs).all())
    query = select(PersonRow.id, PersonRow.pin_hash)
    query = query.where(PersonRow.pin_hash.is_not(None), side.looks_at(PersonRow.id))
    return {
        side.centre[person]: _digest(kept)
        for person, kept in side.session.execute(query)
        if person in side.centre and kept is not None
    }


def read(side: Side, ids: Iterable[UUID]) -> dict[UUID, dict[str, str]]:
    """These people's PINs by the centre's ids of people: their hash, and the pepper that it was made with.

    Left out are those that cannot be opened, and those of before peppers, which stay at their door until they are used.
    """
    found: dict[UUID, dict[str, str]] = {}
    if side.is_centre:
        for some in batches(list(ids)):
            for row in side.session.scalars(select(SitePinRow).where(SitePinRow.person_id.in_(some))):
                with suppress(DatabaseDamaged):
                    found[row.person_id] = json.loads(side.cipher.open(row.sealed, _owner(row.person_id)))
        return found
    known = known_peppers(side.session, side.cipher)
    for id in ids:
        person = side.session.get(PersonRow, side.local[id])
        kept = (person and person.pin_hash) or ""
        scheme, key, *_ = f"{kept}$".split("$")
        if scheme == "argon2id" and key in known:
            found[id] = {"hash": kept, "key": key, "pepper": known[key].hex()}
    return found


def write(side: Side, pins: Mapping[UUID, Mapping[str, str]], gone: Iterable[UUID]) -> set[UUID]:
    """Sets PINs that the other side read, and takes away those that were taken away there; gives whose were set."""
    if side.is_centre:
        side.session.execute(delete(SitePinRow).where(SitePinRow.person_id.in_(gone)))
        for id, pin in pins.items():
            sealed = side.cipher.seal(json.dumps(pin).encode(), _owner(id))
            side.session.merge(SitePinRow(person_id=id, digest=_digest(pin["hash"]), sealed=sealed))
        side.session.flush()
        return set(pins)
    for id in gone:
        _set(side.session, side.local.get(id), None)
    known = known_peppers(side.session, side.cipher).keys() if pins else set()
    for pin in pins.values():
        if pin["key"] not in known:
            sealed = side.cipher.seal(bytes.fromhex(pin["pepper"]), site_pepper_owner(pin["key"]))
            side.session.merge(SitePepperRow(key_id=pin["key"], sealed=sealed))
    return {id for id, pin in pins.items() if _set(side.session, side.local.get(id), pin["hash"])}


def _set(session: Session, person: UUID | None, kept: str | None) -> bool:
    row = session.get(PersonRow, person) if person else None
    if row is None or (kept is not None and row.number is None):
        return False
    row.pin_hash = kept
    session.flush()
    return True


def _digest(kept: str) -> str:
    return hashlib.sha256(kept.encode()).hexdigest()


def _owner(person: UUID) -> str:
    return f"site pin {person}"
