"""The chains of other databases whose events were forwarded to this one; append-only as the ledger is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_chain",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_chain")),
    )
    op.create_table(
        "forwarded_event",
        sa.Column("origin", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["attendance_event.id"], name=op.f("fk_forwarded_event_event_id_attendance_event")
        ),
        sa.PrimaryKeyConstraint("origin", "seq", name=op.f("pk_forwarded_event")),
    )
    op.create_index(op.f("ix_forwarded_event_event_id"), "forwarded_event", ["event_id"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER forwarded_event_no_{change.lower()} BEFORE {change} ON forwarded_event "
                "BEGIN SELECT RAISE(ABORT, 'forwarded_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER forwarded_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON forwarded_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION attendance_event_append_only()"
    )
