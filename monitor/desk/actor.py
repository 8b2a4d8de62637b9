"""Who writes something at the desk, and when: what each use case that writes passes on to the database."""

from datetime import datetime
from typing import TypedDict


class Actor(TypedDict):
    """For the audit log and the ledger."""

    at: datetime
    """UTC."""
    actor: str
    """The desk, or the user of the command line."""
