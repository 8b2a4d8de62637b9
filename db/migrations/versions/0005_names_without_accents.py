"""What people are searched and sorted by, without case and accents: Zoë is found by zoe, and stands before Zora."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.schema.folding import folded, search_text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FOLDED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
PERSON = sa.table(
    "person",
    sa.column("id", sa.Uuid()),
    *(sa.column(name, sa.Text()) for name in ("name", "number", "group_name", "search_text", "sort_group")),
)
BATCH = 10_000
"""People who are in memory at once."""


def upgrade() -> None:
    op.drop_index("ix_person_lower_name_id", "person")
    op.drop_index("ix_person_group_lower_name_id", "person")
    for name in ("search_text", "sort_group"):
        op.add_column("person", sa.Column(name, FOLDED, nullable=False, server_default=""))
    _fill(op.get_bind())
    op.create_index("ix_person_search_text_id", "person", ["search_text", "id"])
    op.create_index("ix_person_sort_group_search_text_id", "person", ["sort_group", "search_text", "id"])


def _fill(connection: sa.Connection) -> None:
    columns = PERSON.c
    some = sa.select(columns.id, columns.name, columns.number, columns.group_name).order_by(columns.id).limit(BATCH)
    fold = PERSON.update().where(columns.id == sa.bindparam("person"))
    fold = fold.values(search_text=sa.bindparam("text"), sort_group=sa.bindparam("in_group"))
    people = connection.execute(some).all()
    while people:
        texts = [
            {"person": id, "text": search_text(name, number, group), "in_group": folded(group or "")}
            for id, name, number, group in people
        ]
        connection.execute(fold, texts)
        people = connection.execute(some.where(columns.id > people[-1].id)).all()


def downgrade() -> None:
    op.drop_index("ix_person_sort_group_search_text_id", "person")
    op.drop_index("ix_person_search_text_id", "person")
    for name in ("sort_group", "search_text"):
        op.drop_column("person", name)
    op.create_index("ix_person_lower_name_id", "person", [sa.text("lower(name)"), "id"])
    op.create_index(
        "ix_person_group_lower_name_id", "person", [sa.text("coalesce(group_name, '')"), sa.text("lower(name)"), "id"]
    )
