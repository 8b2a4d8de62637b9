"""The tables of the first version, and the triggers that keep the ledger append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _templates()
    _kiosks_and_sightings()
    _ledger()
    _moods()
    _refuse_changes_of_the_ledger()


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("number", name=op.f("uq_person_number")),
    )
    op.create_index(op.f("ix_person_group_name"), "person", ["group_name"])
    op.create_index(op.f("ix_person_name"), "person", ["name"])
    op.create_table(
        "ledger_subject",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_ledger_subject_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_subject")),
    )
    op.create_index(op.f("ix_ledger_subject_person_id"), "ledger_subject", ["person_id"])
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('face', 'mood')", name=op.f("ck_consent_kind")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_person_id_kind_at"), "consent", ["person_id", "kind", "at"])
    op.create_table(
        "look_alike",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("person_id < other_id", name=op.f("ck_look_alike_ordered")),
        sa.ForeignKeyConstraint(
            ["other_id"], ["person.id"], name=op.f("fk_look_alike_other_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_look_alike_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "other_id", name=op.f("pk_look_alike")),
    )
    op.create_index(op.f("ix_look_alike_other_id"), "look_alike", ["other_id"])


def _templates() -> None:
    op.create_table(
        "template_key",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_template_key")),
    )
    op.create_table(
        "face_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("chip", sa.LargeBinary(), nullable=True),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_face_template_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_template")),
        sa.UniqueConstraint("person_id", "content_hash", name=op.f("uq_face_template_person_id_content_hash")),
    )
    op.create_index(op.f("ix_face_template_content_hash"), "face_template", ["content_hash"])
    op.create_table(
        "mean_template",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mean_template_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "encoder", name=op.f("pk_mean_template")),
    )
    op.create_table(
        "portrait",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_portrait_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_portrait")),
    )


def _kiosks_and_sightings() -> None:
    op.create_table(
        "kiosk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk")),
        sa.UniqueConstraint("name", name=op.f("uq_kiosk_name")),
    )
    op.create_table(
        "sighting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kiosk_id", sa.Uuid(), nullable=False),
        sa.Column("track", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("best_id", sa.Uuid(), nullable=True),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("runner_up_id", sa.Uuid(), nullable=True),
        sa.Column("runner_up_similarity", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.Column("portrait", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["best_id"], ["person.id"], name=op.f("fk_sighting_best_id_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name=op.f("fk_sighting_kiosk_id_kiosk")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sighting_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["runner_up_id"], ["person.id"], name=op.f("fk_sighting_runner_up_id_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
    )
    op.create_index(op.f("ix_sighting_first_at"), "sighting", ["first_at"])
    op.create_index(op.f("ix_sighting_person_id_first_at"), "sighting", ["person_id", "first_at"])
    op.create_table(
        "wrong_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=True),
        sa.Column("sighting_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["other_id"], ["person.id"], name=op.f("fk_wrong_pair_other_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_wrong_pair_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_wrong_pair_sighting_id_sighting"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_pair")),
    )
    op.create_index(op.f("ix_wrong_pair_other_id"), "wrong_pair", ["other_id"])
    op.create_index(op.f("ix_wrong_pair_person_id"), "wrong_pair", ["person_id"])


def _ledger() -> None:
    op.create_table(
        "attendance_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("sighting_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("corrected_kind", sa.String(length=16), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('check_in', 'check_out', 'void', 'correction')", name=op.f("ck_attendance_event_kind")
        ),
        sa.CheckConstraint("method IN ('face', 'pin', 'manual')", name=op.f("ck_attendance_event_method")),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name=op.f("fk_attendance_event_kiosk_id_kiosk")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_attendance_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_attendance_event_hash")),
        sa.UniqueConstraint("id", name=op.f("uq_attendance_event_id")),
    )
    op.create_index(op.f("ix_attendance_event_at"), "attendance_event", ["at"])
    op.create_index(op.f("ix_attendance_event_subject_at"), "attendance_event", ["subject", "at"])
    op.create_index(op.f("ix_attendance_event_target_id"), "attendance_event", ["target_id"])
    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("person_id IS NULL OR group_name IS NULL", name=op.f("ck_schedule_one_scope")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_schedule_weekday")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_schedule_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
    )
    op.create_index(op.f("ix_schedule_group_name"), "schedule", ["group_name"])
    op.create_index(op.f("ix_schedule_person_id"), "schedule", ["person_id"])
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_audit_entry_person_id_person"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    op.create_index(op.f("ix_audit_entry_event_id"), "audit_entry", ["event_id"])
    op.create_index(op.f("ix_audit_entry_person_id"), "audit_entry", ["person_id"])


def _moods() -> None:
    op.create_table(
        "mood_sample",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kiosk_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("sighting_id", sa.Uuid(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("token", sa.String(length=16), nullable=True),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("angry", sa.Double(), nullable=False),
        sa.Column("disgust", sa.Double(), nullable=False),
        sa.Column("fear", sa.Double(), nullable=False),
        sa.Column("happy", sa.Double(), nullable=False),
        sa.Column("sad", sa.Double(), nullable=False),
        sa.Column("surprise", sa.Double(), nullable=False),
        sa.Column("neutral", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name=op.f("fk_mood_sample_kiosk_id_kiosk")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mood_sample_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_mood_sample_sighting_id_sighting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mood_sample")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_mood_sample_at"), "mood_sample", ["at"])
    op.create_index(op.f("ix_mood_sample_person_id_at"), "mood_sample", ["person_id", "at"])
    op.create_index(op.f("ix_mood_sample_sighting_id"), "mood_sample", ["sighting_id"])


def _refuse_changes_of_the_ledger() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER attendance_event_no_{change.lower()} BEFORE {change} ON attendance_event "
                "BEGIN SELECT RAISE(ABORT, 'attendance_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION attendance_event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'attendance_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER attendance_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attendance_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION attendance_event_append_only()"
    )
