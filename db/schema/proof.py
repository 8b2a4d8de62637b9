"""Tables that prove the ledger and what belongs to it."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class ProofRow(Base):
    """The chain of everything but events that decides who came when; see `db.proof.entries`. Append-only.

    The index has only the few entries that each start asks for. On PostgreSQL, too: to say so here would import its
    dialect.
    """

    __tablename__ = "proof_entry"
    __table_args__ = (Index(None, "kind", sqlite_where=text("kind = 'begun'")),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    row_id: Mapped[UUID]
    owner: Mapped[UUID | None]
    """Whose it is: the `SaltRow.owner`, which leads to nobody once the person is erased."""
    public: Mapped[str | None] = mapped_column(String(64))
    personal: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
    mac: Mapped[str] = mapped_column(String(64))


class SaltRow(Base):
    """The salt of the keyed hashes of one person's parts of the proof; erased with them."""

    __tablename__ = "proof_salt"

    owner: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    salt: Mapped[bytes]


class RetiredKeyRow(Base):
    """A proof key of before a rotation, sealed with the key of now: what it proved can still be verified. One row more
    has the secret of `db.proof.images`."""

    __tablename__ = "proof_key"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[bytes]


class ChainRow(Base):
    """The id of this database's chain, by which a database that receives events tells chains apart."""

    __tablename__ = "ledger_chain"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sends_as: Mapped[UUID | None]
    """The id under which a copy sends, whose original sends under `id`; None for a database that is not a copy."""
