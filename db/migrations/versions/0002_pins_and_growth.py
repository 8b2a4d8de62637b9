"""PINs of people for the door, and captures that wait for a review before they join a template."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("pin_hash", sa.Text(), nullable=True))
    op.add_column("face_template", sa.Column("sighting_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_face_template_sighting_id"), "face_template", ["sighting_id"])
    op.create_table(
        "growth_capture",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sighting_id", sa.Uuid(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("chip", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("lead", sa.Double(), nullable=False),
        sa.Column("nearest", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_growth_capture_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growth_capture")),
        sa.UniqueConstraint("sighting_id", name=op.f("uq_growth_capture_sighting_id")),
    )
    op.create_index(op.f("ix_growth_capture_person_id"), "growth_capture", ["person_id"])
