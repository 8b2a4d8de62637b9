"""Roll-ups of moods; the doors of a site, their keys and PINs; PostgreSQL tells of news (NOTIFY)."""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOODS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_NEWS: Final = ("attendance_event", "audit_entry", "proof_entry")
_CHANGES: Final = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
_FORGET: Final = (
    "DELETE FROM mood_rolled WHERE starts = (SELECT max(starts) FROM mood_rolled WHERE starts <= {row}.at)"
    " AND ends > {row}.at;"
)


def upgrade() -> None:
    op.add_column("ledger_chain", sa.Column("sends_as", sa.Uuid(), nullable=True))
    _doors()
    _rolled_moods()
    if op.get_bind().dialect.name == "sqlite":
        for change, rows in _CHANGES.items():
            forget = " ".join(_FORGET.format(row=row) for row in rows)
            op.execute(
                f"CREATE TRIGGER mood_sample_rolled_{change} AFTER {change.upper()} ON mood_sample BEGIN {forget} END"
            )
        return
    op.execute(
        "CREATE FUNCTION mood_sample_rolled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {_FORGET.format(row='OLD')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_FORGET.format(row='NEW')} END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER mood_sample_rolled AFTER INSERT OR UPDATE OR DELETE ON mood_sample "
        "FOR EACH ROW EXECUTE FUNCTION mood_sample_rolled()"
    )
    op.execute(
        "CREATE FUNCTION muster_news() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NOTIFY muster_news; RETURN NULL; END $$"
    )
    for table in _NEWS:
        op.execute(
            f"CREATE TRIGGER {table}_news AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION muster_news()"
        )


def _doors() -> None:
    op.create_table(
        "site_pin",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_site_pin_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_site_pin")),
    )
    op.create_table(
        "site_pepper",
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_site_pepper")),
    )
    op.create_table(
        "door",
        sa.Column("chain", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kiosk", "version")),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_door")),
    )
    op.create_table(
        "door_key",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "login")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_door_key")),
        sa.UniqueConstraint("login", name=op.f("uq_door_key_login")),
    )


def _rolled_moods() -> None:
    op.create_table(
        "mood_rolled",
        sa.Column("day", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("starts", "ends")),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_mood_rolled")),
        sa.UniqueConstraint("starts", name=op.f("uq_mood_rolled_starts")),
    )
    op.create_table(
        "mood_day",
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("token", sa.String(16), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        *_counted("mood_day"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mood_day_person_id_person"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_mood_day_person_id_day"), "mood_day", ["person_id", "day"])
    op.create_table(
        "mood_hour",
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=True),
        *_counted("mood_hour"),
        sqlite_with_rowid=False,
    )


def _counted(table: str) -> Iterator[Any]:
    yield from (sa.Column(name, sa.Integer(), nullable=False) for name in ("day", "number"))
    yield sa.Column("group_name", sa.Text(), nullable=True)
    yield from (sa.Column(name, sa.Integer(), nullable=False) for name in ("sightings", "judged"))
    yield from (sa.Column(name, sa.Double(), nullable=False) for name in _MOODS)
    yield from (sa.Column(f"{name}_count", sa.Integer(), nullable=False) for name in (*_MOODS, "unsure"))
    yield sa.ForeignKeyConstraint(
        ["day"], ["mood_rolled.day"], name=op.f(f"fk_{table}_day_mood_rolled"), ondelete="CASCADE"
    )
    yield sa.PrimaryKeyConstraint("day", "number", name=op.f(f"pk_{table}"))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in _CHANGES:
            op.execute(f"DROP TRIGGER mood_sample_rolled_{change}")
    else:
        op.execute("DROP TRIGGER mood_sample_rolled ON mood_sample")
        op.execute("DROP FUNCTION mood_sample_rolled()")
        for table in _NEWS:
            op.execute(f"DROP TRIGGER {table}_news ON {table}")
        op.execute("DROP FUNCTION muster_news()")
    for table in ("mood_hour", "mood_day", "mood_rolled", "door_key", "door", "site_pepper", "site_pin"):
        op.drop_table(table)
    op.drop_column("ledger_chain", "sends_as")
