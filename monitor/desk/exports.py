"""What was written out of the database: each file has an entry in the audit log."""

from pathlib import Path
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.engine import writing
from monitor.attendance.days import Period
from monitor.desk.actor import Actor


def note_export(
    engine: Engine,
    report: str,
    file: Path | None,
    period: Period | None = None,
    *,
    person: UUID | None = None,
    group: str | None = None,
    **by: Unpack[Actor],
) -> None:
    """Write into the audit log that a report left the database.

    Args:
        report: such as "attendance by day".
        file: None for the standard output.
        person: whose report it is; None for everybody.

    Raises:
        DatabaseError: the database cannot be written.
    """
    detail: dict[str, Any] = {"report": report, "file": str(file.absolute()) if file else "standard output"}
    if period is not None:
        detail |= {"from": period.first.isoformat(), "to": period.last.isoformat()}
    if group is not None:
        detail["group"] = group
    with writing(engine) as session:
        audit.note(session, "export report", person=person, detail=detail, **by)
