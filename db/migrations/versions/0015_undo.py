"""What it takes to take an act of the desk back; and which pseudonyms came to a person by a merge."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_undo_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
    )
    op.create_index(op.f("ix_undo_person_id"), "undo", ["person_id"])
    op.create_index(op.f("ix_undo_until"), "undo", ["until"])
    op.add_column("ledger_subject", sa.Column("merged", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("ledger_subject", "merged")
    op.drop_index(op.f("ix_undo_until"), table_name="undo")
    op.drop_index(op.f("ix_undo_person_id"), table_name="undo")
    op.drop_table("undo")
