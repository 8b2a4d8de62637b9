"""PINs of a site: each as the door hashed it that set it, with that door's pepper, sealed with the site key.

The centre has neither key, so it can try no PIN. A door keeps the peppers of the others sealed with its own key, and
verifies their PINs as they are: nothing is hashed anew only because another door set it.
"""

import hashlib
import json
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.errors import DatabaseDamaged
from db.forwarding.shared import Plan, Side
from db.proof.key import known_peppers, site_pepper_owner
from db.schema.doors import SitePepperRow, SitePinRow
from db.schema.people import PersonRow

KIND = "pin"
"""Of `SyncedRow`."""


def of_door(side: Side) -> dict[UUID, str]:
    """Digests of the PINs at a door, by the centre's ids of people."""
    query = select(PersonRow.id, PersonRow.pin_hash).where(PersonRow.pin_hash.is_not(None))
    return {
        side.centre[person]: hashlib.sha256(kept.encode()).hexdigest()
        for person, kept in side.session.execute(query)
        if person in side.centre and kept is not None
    }


def of_centre(session: Session) -> dict[UUID, str]:
    """Digests of the PINs at the centre, by person."""
    return dict(session.execute(select(SitePinRow.person_id, SitePinRow.digest)).all())


def take_down(mine: Side, theirs: Side, todo: Plan) -> int:
    """Brings PINs of other doors here, and takes away those that were taken away elsewhere; gives how many."""
    local = {centre: own for own, centre in mine.centre.items()}
    done = 0
    for id in sorted(todo.gone_here):
        done += _set(mine.session, local.get(id), None)
    for id in sorted(todo.down):
        row = theirs.session.get(SitePinRow, id)
        if row is None or id not in local:
            continue
        try:
            kept = json.loads(theirs.cipher.open(row.sealed, _owner(id)))
        except DatabaseDamaged:
            continue
        if kept["key"] not in known_peppers(mine.session, mine.cipher):
            sealed = mine.cipher.seal(bytes.fromhex(kept["pepper"]), site_pepper_owner(kept["key"]))
            mine.session.merge(SitePepperRow(key_id=kept["key"], sealed=sealed))
        done += _set(mine.session, local[id], kept["hash"])
    return done


def send_up(mine: Side, theirs: Side, todo: Plan) -> int:
    """Sends PINs that were set here, and takes away those that were taken away here; gives how many."""
    local = {centre: own for own, centre in mine.centre.items()}
    known = known_peppers(mine.session, mine.cipher)
    theirs.session.execute(delete(SitePinRow).where(SitePinRow.person_id.in_(todo.gone_there)))
    done = len(todo.gone_there)
    for id in sorted(todo.up):
        person = mine.session.get(PersonRow, local[id])
        key = _key_of(person.pin_hash) if person and person.pin_hash else None
        if person is None or person.pin_hash is None or key not in known:
            continue  # a hash of before peppers stays at its door until it is used there
        content = {"hash": person.pin_hash, "key": key, "pepper": known[key].hex()}
        sealed = theirs.cipher.seal(json.dumps(content).encode(), _owner(id))
        digest = hashlib.sha256(person.pin_hash.encode()).hexdigest()
        theirs.session.merge(SitePinRow(person_id=id, digest=digest, sealed=sealed))
        done += 1
    theirs.session.flush()
    return done


def _set(session: Session, person: UUID | None, kept: str | None) -> int:
    row = session.get(PersonRow, person) if person else None
    if row is None or (kept is not None and row.number is None):
        return 0
    row.pin_hash = kept
    session.flush()
    return 1


def _key_of(kept: str) -> str | None:
    scheme, key, *_ = kept.split("$")
    return key if scheme == "argon2id" else None


def _owner(person: UUID) -> str:
    return f"site pin {person}"
