"""The views for other programs count nights, days of the door's own clock on SQLite, and people instead of faces.

A stay counts on the day of its check-in, also over midnight, if it ends within 16 hours (`max_stay` as it is without a
setting). `zone_offset` says how far clocks are from UTC; it is filled on SQLite only. In `v_mood_hour` faces that
nobody knows are no people. The day's secret of mood tokens is kept, so that restarts and kiosks of one database agree.
"""

from datetime import datetime
from importlib import import_module

import sqlalchemy as sa
from alembic import op

from db.attendance.zones import offsets
from db.schema.types import UtcDateTime

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

BEFORE = import_module("db.migrations.versions.0011_views")
ATTENDANCE_DAY = """
CREATE VIEW v_attendance_day AS
SELECT own_day AS day, person_id, person, number, group_name,
  MIN(CASE WHEN kind = 'check_in' THEN at END) AS first_in,
  MAX(CASE WHEN kind = 'check_out' THEN at END) AS last_out,
  {hours} AS hours, COUNT(*) AS passages
FROM (
  SELECT passed.*, CASE WHEN {ends_stay} THEN day_before ELSE day END AS own_day
  FROM (
    SELECT v_passage.*, LAG(kind) OVER whole AS kind_before, LAG(at) OVER whole AS at_before,
      LAG(day) OVER whole AS day_before
    FROM v_passage WHERE person_id IS NOT NULL AND NOT clock_suspect
    WINDOW whole AS (PARTITION BY person_id ORDER BY at, seq)
  ) passed
) counted
GROUP BY own_day, person_id, person, number, group_name
"""
ENDS_STAY = "kind = 'check_out' AND kind_before = 'check_in' AND {long} <= 16"
WHO = "CASE WHEN substr(token, 1, 1) <> '?' THEN token END"
LONG = {
    "sqlite": "(julianday(at) - julianday(at_before)) * 24",
    "postgresql": "EXTRACT(EPOCH FROM at - at_before) / 3600",
}
SQLITE = {
    **BEFORE.SQLITE,
    "day": """date(e.at, COALESCE((
    SELECT z.minutes || ' minutes' FROM zone_offset z WHERE z.time_zone = e.time_zone AND z.start <= e.at
    ORDER BY z.start DESC LIMIT 1), '0 minutes'))""",
    "who": f"COALESCE(person_id, {WHO})",
}
POSTGRESQL = {**BEFORE.POSTGRESQL, "who": f"COALESCE(person_id::text, {WHO})"}


def upgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "zone_offset",
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("time_zone", "start", name=op.f("pk_zone_offset")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "crowd_secret",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_crowd_secret")),
    )
    if lite:
        _fill_offsets()
    _drop()
    long = LONG["sqlite" if lite else "postgresql"]
    parts = SQLITE if lite else POSTGRESQL
    ends_stay = ENDS_STAY.format(long=long)
    total = f"SUM(CASE WHEN {ends_stay} THEN {long} ELSE 0 END)"
    hours = f"ROUND({total}{'' if lite else '::numeric'}, 4)"
    for view in (BEFORE.PASSAGE, ATTENDANCE_DAY, BEFORE.PRESENCE, BEFORE.MOOD_HOUR):
        text = view.format_map({**parts, "ends_stay": ends_stay, "hours": hours})
        op.get_bind().exec_driver_sql(text)  # a colon is no parameter here


def _fill_offsets() -> None:
    rows = op.get_bind().execute(sa.text("SELECT time_zone FROM kiosk UNION SELECT time_zone FROM attendance_event"))
    table = sa.table(
        "zone_offset",
        sa.column("time_zone", sa.Text()),
        sa.column("start", UtcDateTime()),
        sa.column("minutes", sa.Integer()),
    )

    def row(zone: str, start: datetime, minutes: int) -> dict[str, object]:
        return {"time_zone": zone, "start": start, "minutes": minutes}

    op.bulk_insert(table, [row(zone, *offset) for (zone,) in rows.all() for offset in offsets(zone)])


def _drop() -> None:
    for view in reversed(BEFORE.VIEWS):
        op.execute(f"DROP VIEW {view}")


def downgrade() -> None:
    _drop()
    op.drop_table("crowd_secret")
    op.drop_table("zone_offset")
    BEFORE.upgrade()
