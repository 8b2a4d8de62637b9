"""Who works at the desk, with a name and a PIN of their own. Every function blocks: call it in workers only."""

from typing import Final, Unpack

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.people import desk_users
from db.records.people import DeskUser
from db.schema.folding import folded
from monitor.attendance.pin import hash_pin, pin_fault
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.pin_entry import at_desk, peppers
from monitor.errors import UsageError

MOST: Final = 20
"""A PIN is compared with everybody's, some 80 ms each."""


def all_users(engine: Engine) -> list[DeskUser]:
    """Everybody who works at the desk, by name. Raises: DatabaseError."""
    with reading(engine) as session:
        return desk_users.all_users(session)


def need_admin_pin(settings: Settings) -> None:
    """Nobody has a PIN of their own before there is an admin PIN. Raises: UsageError."""
    if not settings.admin_pin_hash:
        raise UsageError("Set the admin PIN first ('muster desk admin-pin'): without it the desk is open to everybody.")


def add_user(
    engine: Engine, cipher: TemplateCipher, settings: Settings, name: str, pin: str, **by: Unpack[Actor]
) -> DeskUser:
    """Let somebody open the desk with this PIN; what they do there is then written down under their name.

    Raises:
        UsageError: there is no admin PIN yet, the PIN is too short or cannot be used, or there are too many people.
        InvalidRecord: the name is empty, or somebody has it.
    """
    need_admin_pin(settings)
    if fault := pin_fault(pin, settings.pin_digits):
        raise UsageError(fault)
    with writing(engine) as session:
        known, users = peppers(session, cipher), desk_users.all_users(session)
        if len(users) >= MOST:
            raise UsageError(f"{MOST} people work at the desk already; remove one first.")
        if at_desk(pin, settings.admin_pin_hash, users, known) is not None:
            raise UsageError("This PIN cannot be used; choose another one.", code="pin-taken")
        return desk_users.add(session, name, hash_pin(pin, known), **by)


def remove_user(engine: Engine, name: str, **by: Unpack[Actor]) -> DeskUser:
    """Take the desk's PIN from the person of this name; what they did keeps their name.

    Raises:
        UsageError: nobody at the desk has this name.
        DatabaseError: the database cannot be written.
    """
    with writing(engine) as session:
        users = desk_users.all_users(session)
        found = next((one for one in users if folded(one.name) == folded(name)), None)
        if found is None:
            names = ", ".join(one.name for one in users) or "nobody"
            raise UsageError(f"Nobody at the desk has the name {name!r}; entered are: {names}.")
        return desk_users.remove(session, found.id, **by)
