"""Checks of the template key and the database; neither is created."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import backup, migrate
from db.attendance import kiosks, ledger
from db.crypto import bound_key
from db.engine import open_database, reading, require_writable
from db.errors import DatabaseError, WrongUrl
from db.faces.templates import count_means
from db.key_store import KEY_FILE, key_place, load_cipher, open_to_others
from db.location import sqlite_file
from db.people import people
from db.verification import ledger_check
from monitor.config import CONFIG_FILE, Settings
from monitor.doctor.check import Check, fail, ok, warn
from monitor.text import few, plural
from monitor.vision.encoder import ENCODER_NAME

T = TypeVar("T")

_QUICK = 20_000
"""Number of attendance events that are verified in about a second."""


def database_file(settings: Settings) -> Path | None:
    """The file of the database; None for a server, and for a URL that names no database."""
    try:
        return sqlite_file(settings.db)
    except WrongUrl:
        return None


def latest_write(settings: Settings) -> datetime | None:
    """When a kiosk last wrote to the database (UTC); None without a readable database or a kiosk."""
    return _asked(settings, lambda session: max((one.seen_at for one in kiosks.all_kiosks(session)), default=None))


def check_key(settings: Settings, config: Path | None) -> Iterator[Check]:
    """Where the key of the face templates is, and whether it is the key of this database."""
    name = "template key"
    file = (config or CONFIG_FILE).parent / KEY_FILE
    known = _asked(settings, bound_key)
    try:
        place = key_place(file.parent)
        if place is None:
            yield _no_key(name, file, known)
            return
        key_id = load_cipher(file.parent).key_id
    except DatabaseError as error:
        yield fail(name, str(error), "Restore the key from its backup; without the key no enrolled face can be read.")
        return
    if known not in (None, key_id):
        advice = "Give the right key in MUSTER_KEY, or restore the key file."
        yield fail(name, f"The key in {place} is not the key that encrypts the templates of this database.", advice)
    elif open_to_others(file.parent):
        yield warn(name, f"Other accounts may read the key in {file}.", f"Run: chmod 600 '{file}'")
    else:
        yield ok(name, f"The key is in {place}; keep a copy of it elsewhere.")


def check_database(settings: Settings) -> Iterator[Check]:
    """Whether the database can be reached and written, has this version's tables, and is undamaged."""
    name, file = "database", database_file(settings)
    try:
        with _existing(settings) as engine:
            if engine is None:
                yield _no_database(name, file or Path())
                return
            yield _looked_into(name, engine)
        require_writable(settings.db)
        yield ok("writing", "The database can be written.")
    except DatabaseError as error:
        yield fail(name, str(error), "Correct that, or choose another database with --db or the setting 'db'.")


def _looked_into(name: str, engine: Engine) -> Check:
    with reading(engine) as session:
        events, enrolled = ledger.count(session), people.count_people(session)
        check = ledger_check.verify(session) if events <= _QUICK else None
    people_and_events = f"{plural(enrolled, 'person', 'people')} and {plural(events, 'attendance event')}"
    holds = f"{migrate.where(engine)} holds {people_and_events}"
    problems = backup.problems(engine, quick=True)
    if check is not None and check.problem:
        problems.insert(0, f"in the ledger {check.problem}")
    if problems:
        return fail(name, f"{holds}, but it is damaged: {few(problems)}.", "Restore it from a backup.")
    whole = "The ledger is unchanged" if check is not None else "The ledger is too long for a quick check"
    found = (
        f"Tables are current ({migrate.HEAD}); pages and rows are sound. {whole}; 'muster db verify' checks everything."
    )
    return ok(name, f"{holds}. {found}")


def check_templates(settings: Settings) -> Iterator[Check]:
    """Whether everybody enrolled can be compared by the face encoders that the settings want."""
    name = "templates"
    found = _asked(settings, lambda session: count_means(session, ENCODER_NAME))
    if found is None or not found[0]:
        return
    everybody, alone = found
    if alone and settings.encoder != "dlib":
        yield warn(
            name,
            f"{alone:,} of {plural(everybody, 'person', 'people')} enrolled can be compared by one face encoder only, "
            "so more of their passages are missed.",
            "Run 'muster people re-encode'; enrol new pictures of whom it cannot help.",
        )
        return
    yield ok(name, f"{plural(everybody, 'person', 'people')} enrolled can be compared by both face encoders.")


def _no_database(name: str, file: Path) -> Check:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return fail(
            name,
            f"{file} cannot be created: this account may not write to {folder}.",
            "Allow writing to that folder, or choose another database with --db.",
        )
    return ok(name, f"There is no database yet; the first start creates {file}.")


@contextmanager
def _existing(settings: Settings) -> Iterator[Engine | None]:
    """The database, for reading; None where there is no file yet. Raises: DatabaseError."""
    file = database_file(settings)
    if file is not None and not file.exists():
        yield None
        return
    engine = open_database(settings.db, read_only=True)
    try:
        yield engine
    finally:
        engine.dispose()


def _asked(settings: Settings, question: Callable[[Session], T | None]) -> T | None:
    """The answer of the database; None without a readable database, for which `check_database` gives the reason."""
    try:
        with _existing(settings) as engine:
            if engine is None:
                return None
            with reading(engine) as session:
                return question(session)
    except DatabaseError:
        return None


def _no_key(name: str, file: Path, known: str | None) -> Check:
    if known is not None:
        advice = "Restore the key from its backup, or enrol everybody again into a new database."
        return fail(name, f"The key that encrypts the face templates is missing ({file}).", advice)
    return ok(name, "There is no key yet; the first start creates one, in the system's keyring or beside the settings.")
