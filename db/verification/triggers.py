"""Verifies that the triggers that keep the ledger and its proof append-only are there, and none but Muster's."""

import re
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_TABLES: Final = ("attendance_event", "forwarded_event", "proof_entry")
_SQLITE: Final = {
    f"{table}_no_{change.lower()}": f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in _TABLES
    for change in ("UPDATE", "DELETE")
}
_POSTGRESQL: Final = {f"{table}_append_only" for table in _TABLES}
_FORGET: Final = "DELETE FROM mood_rolled WHERE starts = (SELECT max(starts) FROM mood_rolled WHERE starts <= "
_OF_MOODS: Final = {
    f"mood_sample_rolled_{change.lower()}": f"CREATE TRIGGER mood_sample_rolled_{change.lower()} AFTER {change} ON "
    f"mood_sample BEGIN {' '.join(f'{_FORGET}{row}.at) AND ends > {row}.at;' for row in rows)} END"
    for change, rows in {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}.items()
}
_ALLOWED: Final = {"mood_sample_rolled": "mood_rolled", **dict.fromkeys(
    ("attendance_event_news", "audit_entry_news", "proof_entry_news"), "NOTIFY muster_news"
)}  # fmt: skip
"""PostgreSQL's triggers that keep moods' roll-ups and tell of news, and a word of what each does."""


def problems(session: Session) -> list[str]:
    """One clause for each trigger that is missing, switched off, changed, or not Muster's."""
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        found = {name: re.sub(r"\s+", " ", sql or "").strip() for name, sql in rows}
        known = _SQLITE | _OF_MOODS
        wrong = [name for name, sql in known.items() if name in found and found[name] != sql]
        missing, strange = known.keys() - found.keys(), found.keys() - known.keys()
    else:
        query = (
            "SELECT tgname, tgenabled = 'A' OR tgenabled = 'O', pg_get_functiondef(tgfoid) "
            "FROM pg_trigger WHERE NOT tgisinternal"
        )
        known = dict.fromkeys(_POSTGRESQL, "RAISE EXCEPTION") | _ALLOWED
        states = {name: enabled and known.get(name, "") in code for name, enabled, code in session.execute(text(query))}
        wrong = [name for name, good in states.items() if name in known and not good]
        missing, strange = known.keys() - states.keys(), states.keys() - known.keys()
    return [
        *(f"{_told(name)} is missing" for name in sorted(missing)),
        *(f"{_told(name)} was changed" for name in sorted(wrong)),
        *(f"the trigger {name} is not Muster's" for name in sorted(strange)),
    ]


def _told(name: str) -> str:
    refuses = name in _SQLITE or name in _POSTGRESQL
    return f"the trigger {name}, which refuses changes," if refuses else f"the trigger {name}"
