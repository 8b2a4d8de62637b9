"""Read-only views for other programs, so that nobody has to know how voids and corrections are kept.

`v_passage`: each check-in and check-out that counts. `v_attendance_day`: one line per person and day with the first
coming, the last leaving and the hours between, without times of a door whose clock was wrong. `v_presence`: who is
inside, by their last passage of 36 hours. `v_mood_hour`: moods of an hour, only where at least five people were seen.
On PostgreSQL a day is one of the door's time zone; SQLite knows no time zones, so a day there is one of UTC, as are all
its times.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

VIEWS = ("v_passage", "v_attendance_day", "v_presence", "v_mood_hour")

PASSAGE = """
CREATE VIEW v_passage AS
WITH undone AS (
  SELECT v.target_id AS id FROM attendance_event v
  WHERE v.kind = 'void' AND NOT EXISTS (
    SELECT 1 FROM attendance_event w WHERE w.kind = 'void' AND w.target_id = v.id AND NOT EXISTS (
      SELECT 1 FROM attendance_event x WHERE x.kind = 'void' AND x.target_id = w.id))
)
SELECT e.id AS event_id, e.seq, s.person_id, p.name AS person, p.number, p.group_name,
  CASE WHEN e.kind = 'correction' THEN e.corrected_kind ELSE e.kind END AS kind,
  e.at, {day} AS day, e.time_zone, k.name AS door, k.site, e.method, e.clock_suspect
FROM attendance_event e
JOIN kiosk k ON k.id = e.kiosk_id
LEFT JOIN ledger_subject s ON s.id = e.subject
LEFT JOIN person p ON p.id = s.person_id
WHERE e.kind IN ('check_in', 'check_out', 'correction')
  AND NOT EXISTS (SELECT 1 FROM undone WHERE undone.id = e.id)
  AND NOT EXISTS (
    SELECT 1 FROM attendance_event c WHERE c.kind = 'correction' AND c.target_id = e.id
      AND NOT EXISTS (SELECT 1 FROM undone WHERE undone.id = c.id))
  AND NOT (e.kind = 'correction' AND EXISTS (
    SELECT 1 FROM attendance_event c WHERE c.kind = 'correction' AND c.target_id = e.target_id AND c.seq > e.seq
      AND NOT EXISTS (SELECT 1 FROM undone WHERE undone.id = c.id)))
"""
ATTENDANCE_DAY = """
CREATE VIEW v_attendance_day AS
SELECT day, person_id, person, number, group_name,
  MIN(CASE WHEN kind = 'check_in' THEN at END) AS first_in,
  MAX(CASE WHEN kind = 'check_out' THEN at END) AS last_out,
  {hours} AS hours, COUNT(*) AS passages
FROM (
  SELECT v_passage.*, LEAD(kind) OVER whole AS next_kind, LEAD(at) OVER whole AS next_at
  FROM v_passage WHERE person_id IS NOT NULL AND NOT clock_suspect
  WINDOW whole AS (PARTITION BY person_id, day ORDER BY at, seq)
) passed
GROUP BY day, person_id, person, number, group_name
"""
PRESENCE = """
CREATE VIEW v_presence AS
SELECT person_id, person, number, group_name, at AS since, door, site
FROM (
  SELECT v_passage.*, ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY at DESC, seq DESC) AS latest
  FROM v_passage WHERE person_id IS NOT NULL AND at >= {recent}
) passed
WHERE latest = 1 AND kind = 'check_in'
"""
MOOD_HOUR = """
CREATE VIEW v_mood_hour AS
SELECT {hour} AS hour, COALESCE(group_name, '') AS group_name, COUNT(*) AS samples,
  COUNT(DISTINCT {who}) AS people, AVG(angry) AS angry, AVG(disgust) AS disgust, AVG(fear) AS fear, AVG(happy) AS happy,
  AVG(sad) AS sad, AVG(surprise) AS surprise, AVG(neutral) AS neutral
FROM mood_sample
GROUP BY {hour}, COALESCE(group_name, '')
HAVING COUNT(DISTINCT {who}) >= 5
"""
PAIRED = "next_kind = 'check_out' AND kind = 'check_in'"
SQLITE = {
    "day": "date(e.at)",
    "hours": f"ROUND(SUM(CASE WHEN {PAIRED} THEN (julianday(next_at) - julianday(at)) * 24 ELSE 0 END), 4)",
    "recent": "datetime('now', '-36 hours')",
    "hour": "substr(at, 1, 13) || ':00'",
    "who": "COALESCE(person_id, token, sighting_id)",
}
POSTGRESQL = {
    "day": "(e.at AT TIME ZONE e.time_zone)::date",
    "hours": f"ROUND(SUM(CASE WHEN {PAIRED} THEN EXTRACT(EPOCH FROM next_at - at) / 3600 ELSE 0 END)::numeric, 4)",
    "recent": "now() - interval '36 hours'",
    "hour": "date_trunc('hour', at)",
    "who": "COALESCE(person_id::text, token, sighting_id::text)",
}


def upgrade() -> None:
    parts = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for view in (PASSAGE, ATTENDANCE_DAY, PRESENCE, MOOD_HOUR):
        op.get_bind().exec_driver_sql(view.format_map(parts))  # a colon is no parameter here


def downgrade() -> None:
    for view in reversed(VIEWS):
        op.execute(f"DROP VIEW {view}")
