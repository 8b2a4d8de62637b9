"""Tables of people: who they are, what they agreed to, their PINs, and who works at the desk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, event, false
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, attributes, mapped_column

from db.schema.base import Base
from db.schema.folding import folded, search_text
from db.schema.types import FoldedText


def _search_text(context: DefaultExecutionContext) -> str:
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return search_text(given["name"], given.get("number"), given.get("group_name"))


def _sort_group(context: DefaultExecutionContext) -> str:
    return folded(context.get_current_parameters().get("group_name") or "")  # type: ignore[no-untyped-call]


class PersonRow(Base):
    __tablename__ = "person"
    # Lists are paged by the last two orders, see `db.people.pages`. A search by name reads the first of them only.
    __table_args__ = (
        Index(None, "name"),
        Index(None, "group_name"),
        Index(None, "search_text", "id"),
        Index(None, "sort_group", "search_text", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    number: Mapped[str | None] = mapped_column(unique=True)
    group: Mapped[str | None] = mapped_column("group_name")
    active: Mapped[bool]
    notes: Mapped[str]
    created_at: Mapped[datetime]
    pin_hash: Mapped[str | None]
    search_text: Mapped[str] = mapped_column(FoldedText, default=_search_text, server_default="", deferred=True)
    """Name, group and number as `db.schema.folding.search_text` folds them."""
    sort_group: Mapped[str] = mapped_column(FoldedText, default=_sort_group, server_default="", deferred=True)
    """The group, folded; empty without one."""


@event.listens_for(PersonRow, "before_update")
def _fold_again(_mapper: Any, _connection: Any, row: PersonRow) -> None:
    if any(attributes.get_history(row, source).has_changes() for source in ("name", "number", "group")):
        row.search_text = search_text(row.name, row.number, row.group)
        row.sort_group = folded(row.group or "")


class SubjectRow(Base):
    """Who is meant by a pseudonym of the ledger; without this row, nobody can tell.

    A person who took over another's events (merge) has several.
    """

    __tablename__ = "ledger_subject"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    merged: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it came with somebody who was merged: new events get another, so that a merge can be taken back."""


class ConsentRow(Base):
    """One decision; of several decisions of one kind the newest counts."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "person_id", "kind", "at"), CheckConstraint("kind IN ('face', 'mood')", name="kind"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    given: Mapped[bool | None]
    """None: the decision before was taken back, and the person counts as not asked."""
    at: Mapped[datetime]
    recorded_by: Mapped[str]


class PinTriesRow(Base):
    """Wrong PINs, for one number (kept as a keyed hash) or for a whole desk, since the last right one."""

    __tablename__ = "pin_tries"

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    wrong: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class DeskUserRow(Base):
    """Somebody who works at the desk: the name stands in the ledger and the audit log beside what they did."""

    __tablename__ = "desk_user"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    pin_hash: Mapped[str]
    created_at: Mapped[datetime]
