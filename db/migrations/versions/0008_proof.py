"""Proof with a key: a code on each event, a chain of people, consents and audit entries, and the wrong PINs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attendance_event", sa.Column("mac", sa.String(length=80), nullable=True))
    op.add_column(
        "attendance_event", sa.Column("clock_suspect", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "proof_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("public", sa.String(length=64), nullable=True),
        sa.Column("personal", sa.String(length=64), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_proof_entry")),
    )
    op.create_table(
        "proof_salt",
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_proof_salt_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_proof_salt")),
        sa.UniqueConstraint("person_id", name=op.f("uq_proof_salt_person_id")),
    )
    op.create_table(
        "proof_key",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_proof_key")),
    )
    op.create_table(
        "pin_tries",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pin_tries")),
    )
    _refuse_changes_of_the_proof()


def _refuse_changes_of_the_proof() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER proof_entry_no_{change.lower()} BEFORE {change} ON proof_entry "
                "BEGIN SELECT RAISE(ABORT, 'proof_entry is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER proof_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON proof_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION attendance_event_append_only()"
    )


def downgrade() -> None:
    for table in ("pin_tries", "proof_key", "proof_salt", "proof_entry"):
        op.drop_table(table)
    for column in ("clock_suspect", "mac"):
        op.drop_column("attendance_event", column)
