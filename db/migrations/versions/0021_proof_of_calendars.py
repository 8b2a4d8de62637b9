"""The proof speaks of kiosks, shifts, public holidays and leave, too.

The rows are taken as they are, with the key, when Muster next opens the database (`db.proof.entries.adopt`). An older
Muster would write such rows unproved: it refuses a database of this version. The index finds the entries that say since
when a kind of rows is proved. A way back leaves the entries: an older `db verify` calls these rows deleted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    begun = sa.text("kind = 'begun'")
    name = op.f("ix_proof_entry_kind")
    op.create_index(name, "proof_entry", ["kind"], sqlite_where=begun, postgresql_where=begun)


def downgrade() -> None:
    op.drop_index(op.f("ix_proof_entry_kind"), "proof_entry")
