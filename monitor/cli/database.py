"""`muster db …`: upgrade, look at, back up, verify and clean the database; change the template key."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import ConfigOption, DbOption, JsonOption, emit, out, settings_from

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Upgrade, check, back up and clean the database.")


@app.command()
def upgrade(db: DbOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Bring the tables to this version of Muster."""
    from db import migrate
    from db.engine import open_database

    engine = open_database(settings_from(db, config).db)
    if json:
        emit({"database": migrate.where(engine), "revision": migrate.HEAD})
        return
    out.print(f"{migrate.where(engine)} is up to date (tables {migrate.HEAD}).", markup=False)


@app.command()
def current(db: DbOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show where the database is, its version and how much is in it."""
    from db import backup, ledger, migrate, moods, people, sightings
    from db.engine import open_database, reading

    engine = open_database(settings_from(db, config).db, read_only=True)
    with reading(engine) as session:
        found = {
            "database": migrate.where(engine),
            "revision": migrate.HEAD,
            "bytes": backup.size(engine),
            "people": people.count_people(session),
            "attendance_events": ledger.count(session),
            "mood_samples": moods.count(session),
            "unknown_faces": sightings.count_visitors(session),
        }
    if json:
        emit(found)
        return
    for name, value in found.items():
        out.print(f"{name.replace('_', ' ')}: {value}", markup=False, soft_wrap=True)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    db: DbOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the database to FILE, also while a kiosk is running. The template key is not in the copy."""
    from db.backup import back_up
    from db.engine import open_database

    size = back_up(open_database(settings_from(db, config).db, read_only=True), file)
    if json:
        emit({"file": str(file), "bytes": size})
        return
    out.print(f"{file}: {size:,} bytes. Keep the template key too, but elsewhere.", markup=False, soft_wrap=True)


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="A head noted earlier, which must still be there.")
    ] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Prove that nothing was changed in the ledger, and that the file is whole."""
    from db import backup, ledger
    from db.engine import open_database, reading
    from db.errors import DatabaseDamaged

    engine = open_database(settings_from(db, config).db, read_only=True)
    with reading(engine) as session:
        check = ledger.verify(session, known_head=head)
    problems = ([check.problem] if check.problem else []) + backup.problems(engine)
    if json:
        broken = {"broken_row": check.broken_seq, "problems": problems}
        emit({"whole": not problems, "events": check.events, "head": check.head, **broken})
        if problems:
            raise typer.Exit(1)
        return
    if problems:
        raise DatabaseDamaged(f"The database is not whole: {'; '.join(problems)}; restore it from a backup.")
    out.print(f"The ledger is whole: {check.events:,} events, head {check.head}", markup=False, soft_wrap=True)


@app.command()
def purge(
    visitors_days: Annotated[int, typer.Option(min=0, help="Keep unknown people this many days.")] = 30,
    moods_days: Annotated[int, typer.Option(min=0, help="Keep moods this many days.")] = 365,
    db: DbOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Delete unknown people's sightings and moods that are older than is kept, for good."""
    from datetime import UTC, datetime, timedelta

    from db import audit, moods, sightings
    from db.engine import open_database, scrub, writing

    engine = open_database(settings_from(db, config).db)
    now = datetime.now(UTC)
    with writing(engine) as session:
        deleted = {
            "visitors": sightings.purge_visitors(session, now - timedelta(days=visitors_days)),
            "moods": moods.purge(session, now - timedelta(days=moods_days)),
        }
        audit.note(session, "purge", at=now, actor="command line", detail=deleted)
    clean = scrub(engine)
    if json:
        emit({**deleted, "scrubbed": clean})
        return
    out.print(f"Deleted {deleted['visitors']:,} sightings of unknown people and {deleted['moods']:,} mood samples.")
    if not clean:
        out.print("Another program uses the database; run this again later to empty its free pages too.")


@app.command("rotate-key")
def rotate_key(db: DbOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Encrypt all face templates with a new key, in one transaction. Close running kiosks first."""
    from datetime import UTC, datetime

    from db.engine import open_database, scrub
    from db.rotation import rotate
    from monitor.config import CONFIG_FILE

    engine = open_database(settings_from(db, config).db)
    rotated = rotate(engine, (config or CONFIG_FILE).parent, at=datetime.now(UTC), actor="command line")
    scrub(engine)
    if json:
        emit({"sealed": rotated.sealed, "key_id": rotated.key_id, "key_in": rotated.place})
        return
    told = f"{rotated.sealed:,} values are encrypted with the new key, which is in {rotated.place}."
    out.print(told, markup=False, soft_wrap=True)
