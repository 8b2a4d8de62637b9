"""What all tables share: the names of constraints, and which column type a Python type has."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, LargeBinary, MetaData, Text, Time, Uuid
from sqlalchemy.orm import DeclarativeBase

from db.schema.types import UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime(),
        date: Date(),
        time: Time(),
        UUID: Uuid(),
        str: Text(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
    }
