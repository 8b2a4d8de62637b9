"""Indexes in the orders that long lists are paged in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNKNOWN = sa.text("person_id IS NULL AND embedding IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_person_lower_name_id", "person", [sa.text("lower(name)"), "id"])
    op.create_index(
        "ix_person_group_lower_name_id", "person", [sa.text("coalesce(group_name, '')"), sa.text("lower(name)"), "id"]
    )
    op.create_index(
        "ix_sighting_unknown", "sighting", ["first_at", "id"], sqlite_where=UNKNOWN, postgresql_where=UNKNOWN
    )
