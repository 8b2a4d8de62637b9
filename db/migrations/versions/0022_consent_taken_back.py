"""A decision about consent can be taken back: a row without an answer says that nothing is decided any more.

A way back leaves such people as if they had refused.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _answer(optional=True)


def downgrade() -> None:
    op.execute(sa.text("UPDATE consent SET given = :no WHERE given IS NULL").bindparams(no=False))
    _answer(optional=False)


def _answer(*, optional: bool) -> None:
    """Say whether a row needs an answer; SQLite wants a new table for that."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("consent", "given", nullable=optional)
        return
    op.create_table(
        "consent_anew",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=optional),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('face', 'mood')", name=op.f("ck_consent_kind")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.execute(
        "INSERT INTO consent_anew (id, person_id, kind, given, at, recorded_by)"
        " SELECT id, person_id, kind, given, at, recorded_by FROM consent"
    )
    op.drop_table("consent")
    op.rename_table("consent_anew", "consent")
    op.create_index(op.f("ix_consent_person_id_kind_at"), "consent", ["person_id", "kind", "at"])
