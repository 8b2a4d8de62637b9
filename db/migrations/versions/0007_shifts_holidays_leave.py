"""Shifts, one row whatever the number of weekdays, in place of schedules; public holidays; leave."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from db.ids import new_id

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WHEN = ("person_id", "group_name", "starts", "ends", "grace_minutes", "valid_from", "valid_to")
"""The columns that a schedule and a shift have in common."""


def _table(name: str, *more: sa.ColumnClause[Any]) -> sa.TableClause:
    common = (
        sa.column("id", sa.Uuid()),
        sa.column("person_id", sa.Uuid()),
        sa.column("group_name", sa.Text()),
        sa.column("starts", sa.Time()),
        sa.column("ends", sa.Time()),
        sa.column("grace_minutes", sa.Integer()),
        sa.column("valid_from", sa.Date()),
        sa.column("valid_to", sa.Date()),
    )
    return sa.table(name, *common, *more)


SCHEDULE = _table("schedule", sa.column("weekday", sa.Integer()))
SHIFT = _table(
    "shift",
    sa.column("weekdays", sa.Integer()),
    sa.column("break_minutes", sa.Integer()),
    sa.column("break_paid", sa.Boolean()),
    sa.column("every_weeks", sa.Integer()),
)


def upgrade() -> None:
    _make_shift()
    _join_weekdays(op.get_bind())
    op.drop_index("ix_schedule_person_id", "schedule")
    op.drop_index("ix_schedule_group_name", "schedule")
    op.drop_table("schedule")
    op.create_table(
        "holiday",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("half", sa.String(length=9), nullable=True),
        sa.CheckConstraint("half IN ('morning', 'afternoon')", name=op.f("ck_holiday_half")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("on_day", name=op.f("uq_holiday_on_day")),
    )
    op.create_table(
        "leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("half", sa.String(length=9), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("half IN ('morning', 'afternoon')", name=op.f("ck_leave_half")),
        sa.CheckConstraint("kind IN ('holiday', 'sick', 'training', 'unpaid', 'other')", name=op.f("ck_leave_kind")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_leave_days")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_leave_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
    )
    op.create_index(op.f("ix_leave_person_id_first_day"), "leave", ["person_id", "first_day"])
    op.create_index(op.f("ix_leave_last_day_first_day"), "leave", ["last_day", "first_day"])


def _make_shift() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.Column("break_paid", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.CheckConstraint("person_id IS NULL OR group_name IS NULL", name=op.f("ck_shift_one_scope")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_shift_weekdays")),
        sa.CheckConstraint("grace_minutes >= 0 AND break_minutes >= 0", name=op.f("ck_shift_minutes")),
        sa.CheckConstraint(
            "every_weeks = 1 OR every_weeks > 1 AND valid_from IS NOT NULL", name=op.f("ck_shift_weeks")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_shift_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_person_id"), "shift", ["person_id"])
    op.create_index(op.f("ix_shift_group_name"), "shift", ["group_name"])
    op.create_index(op.f("ix_shift_valid_to"), "shift", ["valid_to"])


def _join_weekdays(connection: sa.Connection) -> None:
    """Makes one shift of the schedules that differ in nothing but the weekday; it gets the id of the first."""
    masks: dict[tuple[object, ...], int] = defaultdict(int)
    ids: dict[tuple[object, ...], UUID] = {}
    query = sa.select(SCHEDULE.c.id, SCHEDULE.c.weekday, *(SCHEDULE.c[name] for name in _WHEN)).order_by(SCHEDULE.c.id)
    for id, weekday, *when in connection.execute(query):
        masks[tuple(when)] |= 1 << weekday
        ids.setdefault(tuple(when), id)
    rows = [
        dict(zip(_WHEN, when, strict=True))
        | {"id": ids[when], "weekdays": mask, "break_minutes": 0, "break_paid": False, "every_weeks": 1}
        for when, mask in masks.items()
    ]
    if rows:
        connection.execute(SHIFT.insert(), rows)


def downgrade() -> None:
    """Breaks, weeks, holidays and leave are lost: version 0005 has no place for them."""
    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("person_id IS NULL OR group_name IS NULL", name=op.f("ck_schedule_one_scope")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_schedule_weekday")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_schedule_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index(op.f("ix_schedule_group_name"), "schedule", ["group_name"])
    op.create_index(op.f("ix_schedule_person_id"), "schedule", ["person_id"])
    connection = op.get_bind()
    shifts = connection.execute(sa.select(SHIFT.c.weekdays, *(SHIFT.c[name] for name in _WHEN))).all()
    rows = [
        dict(zip(_WHEN, when, strict=True)) | {"id": new_id(), "weekday": day}
        for mask, *when in shifts
        for day in range(7)
        if mask >> day & 1
    ]
    if rows:
        connection.execute(SCHEDULE.insert(), rows)
    op.drop_table("leave")
    op.drop_table("holiday")
    op.drop_table("shift")
