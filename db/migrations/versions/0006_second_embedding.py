"""The second encoder's part of embeddings, and what a sighting's similarities are of. Old rows keep the first part."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SEALED = ("face_template", "growth_capture", "mean_template", "sighting")


def upgrade() -> None:
    for table in SEALED:
        op.add_column(table, sa.Column("second", sa.LargeBinary()))
    op.add_column("sighting", sa.Column("second_similarity", sa.Double()))
    op.add_column("sighting", sa.Column("encoders", sa.String(8)))


def downgrade() -> None:
    for name in ("encoders", "second_similarity"):
        op.drop_column("sighting", name)
    for table in reversed(SEALED):
        op.drop_column(table, "second")
