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

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher

_OPTION: Final = "muster_prover"


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


def proof_key(cipher: TemplateCipher) -> ProofKey:
    """The proof key of an installation."""
    return ProofKey(cipher.derive("muster proof"), hashlib.sha256(cipher.derive("muster proof id")).hexdigest()[:16])


def retired_owner(key_id: str) -> str:
    """What a proof key of before a rotation is bound to where it is sealed."""
    return f"proof key {key_id}"


def use(engine: Engine, prover: Prover | None) -> None:
    """Has every later `engine.writing` of this engine prove its rows; with None, no more."""
    engine.update_execution_options(**{_OPTION: prover})


def of_engine(engine: Engine) -> Prover | None:
    """What the engine's rows are proved with; None where no key was given."""
    found = engine.get_execution_options().get(_OPTION)
    return found if isinstance(found, Prover) else None


def of_session(session: Session) -> Prover | None:
    """What the session's rows are proved with; None where no key was given."""
    found = session.get_bind().engine.get_execution_options().get(_OPTION)
    return found if isinstance(found, Prover) else None
