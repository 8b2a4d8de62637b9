"""Many doors of one site: what was in step with the centre last, and copies of the other doors' recent events."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "synced_row",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "row_id", name=op.f("pk_synced_row")),
    )
    op.create_table(
        "site_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kiosk_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("corrected_kind", sa.String(length=16), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_suspect", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_event")),
    )
    op.create_index(op.f("ix_site_event_subject_recorded_at"), "site_event", ["subject", "recorded_at"])
    op.create_index(op.f("ix_site_event_recorded_at"), "site_event", ["recorded_at"])


def downgrade() -> None:
    op.drop_table("site_event")
    op.drop_table("synced_row")
