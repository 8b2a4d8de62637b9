"""All tables. Rows refer to rows of other modules, so whoever opens a session or compares tables imports this one."""

from typing import Final

from sqlalchemy import MetaData

from db.schema import (  # noqa: F401 - each adds its tables
    attendance,
    audit,
    calendar,
    doors,
    faces,
    forwarding,
    moods,
    observations,
    people,
    programs,
    proof,
)
from db.schema.base import Base

METADATA: Final[MetaData] = Base.metadata
