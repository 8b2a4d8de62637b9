"""The key that proves what Muster wrote, and which database is written with it.

The proof key is derived from the installation's key (HKDF, RFC 5869) and is never in the database, so that whoever can
write the database cannot make a row that passes `muster db verify`.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.schema.doors import SitePepperRow
from db.schema.proof import RetiredKeyRow

_OPTION: Final = "muster_prover"
IMAGES: Final = "images"
"""In the place of a key's id: the secret of `db.proof.images`."""


@dataclass(frozen=True, slots=True)
class ProofKey:
    """A proof key of 32 bytes."""

    key: bytes = field(repr=False)
    id: str
    """16 hexadecimal digits that tell keys apart."""

    def mac(self, text: str) -> str:
        """The HMAC-SHA-256 of a text (RFC 2104), 64 hexadecimal digits."""
        return hmac.digest(self.key, text.encode(), hashlib.sha256).hex()

    def of_event(self, chain_hash: str) -> str:
        """What stands in `EventRow.mac` for an event with this hash: the key's id and the code."""
        return self.id + self.mac(f"event\n{chain_hash}")


@dataclass(slots=True)
class Prover:
    """The key that a database is written with, and the file of its heads."""

    key: ProofKey
    heads: Path | None = None
    """None where no heads are noted: a demo."""
    noted: date | None = None
    """The day (UTC) for which a head is noted already."""


def pepper(cipher: TemplateCipher) -> bytes:
    """What PINs are hashed with; its id is the proof key's."""
    return cipher.derive("muster pin pepper")


def known_keys(session: Session, cipher: TemplateCipher) -> dict[str, ProofKey]:
    """The installation's proof key, and those of before its rotations, by their ids.

    Raises:
        WrongKey, DatabaseDamaged: a key of before cannot be opened.
    """
    current = proof_key(cipher)
    return {key: ProofKey(both[:32], key) for key, both in _retired(session, cipher)} | {current.id: current}


def known_peppers(session: Session, cipher: TemplateCipher) -> dict[str, bytes]:
    """The pepper of PINs, those of before rotations and of other doors, by the ids of the proof keys.

    Raises: as `known_keys`.
    """
    before = {key: both[32:] for key, both in _retired(session, cipher)}
    return site_peppers(session, cipher) | before | {proof_key(cipher).id: pepper(cipher)}


def site_peppers(session: Session, cipher: TemplateCipher) -> dict[str, bytes]:
    """The peppers of the site's other doors, by the ids of their proof keys. Raises: WrongKey, DatabaseDamaged."""
    rows = session.execute(select(SitePepperRow.key_id, SitePepperRow.sealed))
    return {key: cipher.open(sealed, site_pepper_owner(key)) for key, sealed in rows}


def site_pepper_owner(key_id: str) -> str:
    """What a sealed pepper of another door is bound to."""
    return f"site pepper {key_id}"


def retire(session: Session, old: TemplateCipher, new: TemplateCipher) -> None:
    """Keeps the proof keys and peppers of before, sealed with the new key: what they proved can still be verified.

    The secret of images stays, sealed with the new key too.
    """
    for key_id, both in [*_retired(session, old), (proof_key(old).id, proof_key(old).key + pepper(old))]:
        session.merge(RetiredKeyRow(key_id=key_id, sealed=new.seal(both, _owner(key_id))))
    images = session.get(RetiredKeyRow, IMAGES)
    if images is not None:
        images.sealed = new.seal(old.open(images.sealed, images_owner()), images_owner())


def _retired(session: Session, cipher: TemplateCipher) -> list[tuple[str, bytes]]:
    query = select(RetiredKeyRow.key_id, RetiredKeyRow.sealed).where(RetiredKeyRow.key_id != IMAGES)
    rows = session.execute(query)
    return [(key_id, cipher.open(sealed, _owner(key_id))) for key_id, sealed in rows]


def _owner(key_id: str) -> str:
    return f"proof key {key_id}"


def images_owner() -> str:
    """What the secret of `db.proof.images` is bound to."""
    return "secret of images"


def proof_key(cipher: TemplateCipher) -> ProofKey:
    """The proof key of an installation."""
    return ProofKey(cipher.derive("muster proof"), hashlib.sha256(cipher.derive("muster proof id")).hexdigest()[:16])


def use(engine: Engine, prover: Prover | None) -> None:
    """Has every later `engine.writing` of this engine prove its rows; with None, no more."""
    engine.update_execution_options(**{_OPTION: prover})


def of_engine(engine: Engine) -> Prover | None:
    """What the engine's rows are proved with; None where no key was given."""
    found = engine.get_execution_options().get(_OPTION)
    return found if isinstance(found, Prover) else None


def of_session(session: Session) -> Prover | None:
    """What the session's rows are proved with; None where no key was given."""
    return of_engine(session.get_bind().engine)
