"""Verifies that the triggers that keep the ledger and its proof append-only are there, and no others."""

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


def problems(session: Session) -> list[str]:
    """One clause for each trigger that is missing, switched off, changed, or not Muster's."""
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        found = {name: re.sub(r"\s+", " ", sql or "").strip() for name, sql in rows}
        wrong = [name for name, sql in _SQLITE.items() if name in found and found[name] != sql]
        missing, strange = _SQLITE.keys() - found.keys(), found.keys() - _SQLITE.keys()
    else:
        query = (
            "SELECT tgname, tgenabled = 'A' OR tgenabled = 'O', pg_get_functiondef(tgfoid) "
            "FROM pg_trigger WHERE NOT tgisinternal"
        )
        states = {name: enabled and "RAISE EXCEPTION" in code for name, enabled, code in session.execute(text(query))}
        wrong = [name for name, good in states.items() if name in _POSTGRESQL and not good]
        missing, strange = _POSTGRESQL - states.keys(), states.keys() - _POSTGRESQL
    return [
        *(f"the trigger {name}, which refuses changes, is missing" for name in sorted(missing)),
        *(f"the trigger {name}, which refuses changes, was changed" for name in sorted(wrong)),
        *(f"the trigger {name} is not Muster's" for name in sorted(strange)),
    ]
