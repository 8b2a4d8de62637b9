"""`muster db …`: upgrade, describe, back up, restore and purge the database; change the template key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.data import proof, site
from monitor.cli.groups import command_group
from monitor.cli.options import Run, YesOption, confirmed, emit, shared, tell
from monitor.cli.progress import working
from monitor.text import few, plural

if TYPE_CHECKING:
    from monitor.desk.maintenance.restore import Lost

app = command_group("Upgrade, back up, verify and purge the database.")


@app.command()
@shared
def upgrade(run: Run) -> None:
    """Bring the tables to this version of Muster."""
    from db import migrate
    from db.engine import open_database

    with working("Upgrading the tables"):
        engine = open_database(run.settings().db)
    where = migrate.where(engine)
    run.say(f"{where} is up to date (tables {migrate.HEAD}).", {"database": where, "revision": migrate.HEAD})


@app.command()
@shared
def current(run: Run) -> None:
    """Show where the database is, its version and how much is in it."""
    from db import backup, migrate
    from db.attendance import ledger
    from db.engine import reading
    from db.observations import moods, sightings
    from db.people import people

    engine = run.database()
    with reading(engine) as session:
        found = {
            "database": migrate.where(engine),
            "revision": migrate.HEAD,
            "bytes": backup.size(engine),
            "people": people.count_people(session),
            "inactive_people": people.count_people(session, active=False),
            "attendance_events": ledger.count(session),
            "mood_samples": moods.count(session),
            "unknown_faces": sightings.count_visitors(session),
        }
    if run.as_json:
        emit(found)
        return
    for name, value in found.items():
        tell(f"{name.replace('_', ' ')}: {value}")


@app.command()
@shared
def backup(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A new file, in a folder that exists.")],
) -> None:
    """Copy the database to FILE, also while a kiosk is running. The template key is not in the copy."""
    from contextlib import suppress

    from db.backup import back_up
    from db.errors import DatabaseError
    from monitor.desk.maintenance.upkeep import note_backup

    with working("Copying the database"):
        size = back_up(run.database(), file)
    with suppress(DatabaseError):  # a copy is made without the key too, and of a database that cannot be written
        note_backup(run.open_store()[0], file, **run.stamp)
    record = {"file": str(file), "bytes": size}
    run.say(f"{file}: {size:,} bytes. Keep a copy of the template key too, but in another place.", record)


@app.command()
@shared
def restore(
    run: Run,
    file: Annotated[Path, typer.Argument(help="A backup: 'muster db backup' and Muster itself make them.")],
    yes: YesOption = False,
    while_open: Annotated[
        bool, typer.Option("--while-open", help="Also under a running kiosk or app, which goes on with the backup.")
    ] = False,
) -> None:
    """Put a backup in the place of the database, once it is proved whole. The database is kept beside it.

    What the database has and the backup does not is said, and asked about, before anything is changed.
    """
    from contextlib import ExitStack

    from db.key_store import load_cipher
    from monitor.desk.maintenance.restore import restore as put_back
    from monitor.desk.maintenance.upkeep import ASIDE_DAYS

    settings = run.settings()
    folder = run.config_file.parent
    if not while_open:
        _require_alone(settings.db, "or give --while-open")
    with ExitStack() as bar:
        bar.enter_context(working("Proving the backup and putting it back"))

        def agreed(lost: "Lost") -> bool:
            if yes:
                return True
            bar.close()  # nothing may be asked under a bar
            return confirmed(f"The backup does not have {_lost_words(lost)} of the database. Restore it?")

        done = put_back(settings, load_cipher(folder), file, folder, agreed=agreed, **run.stamp)
    if run.as_json:
        emit(done)
        return
    people = plural(done.people + done.inactive, "person", "people")
    inactive = f", {done.inactive:,} of them not active," if done.inactive else ""
    tell(f"Restored {people}{inactive} and {plural(done.events, 'attendance event')}.")
    if done.aside:
        kept = f" It has {_lost_words(done.lost)} that the backup does not have." if done.lost.any else ""
        tell(f"The database as it was before is {done.aside}.{kept} It is deleted after {ASIDE_DAYS} days.")
    if done.erased_again:
        tell(f"{plural(done.erased_again, 'person', 'people')} erased since the backup was made: erased again.")
    if done.taken_over:
        what = plural(
            done.taken_over, "refusal, deactivation, PIN or revoked key", "refusals, deactivations, PINs or keys"
        )
        tell(f"Taken over from the database as it was: {what}.")


def _lost_words(lost: "Lost") -> str:
    """Such as "2 attendance events and 3 changes (rename 2, consent 1)"."""
    acts = few([f"{act} {count:,}" for act, count in lost.acts.items()], ", ")
    changes = f"{plural(sum(lost.acts.values()), 'change')} ({acts})"
    events = plural(lost.events, "attendance event")
    return " and ".join(text for text, count in ((events, lost.events), (changes, len(lost.acts))) if count)


def _require_alone(url: str, otherwise: str) -> None:
    """Raises: DatabaseBusy, where another program has the database open."""
    from db.errors import DatabaseBusy
    from db.in_use import is_open_elsewhere

    if is_open_elsewhere(url):
        raise DatabaseBusy(
            "Another program has the database open: a kiosk, the app, 'muster web' or 'muster serve'. Stop it first, "
            f"{otherwise}."
        )


app.command()(proof.verify)
app.command()(proof.head)


@app.command()
@shared
def purge(
    run: Run,
    older_than: Annotated[
        int | None, typer.Option("--older-than", min=0, metavar="DAYS", help="Days for all four options below.")
    ] = None,
    visitors_days: Annotated[
        int | None, typer.Option(min=0, help="Keep sightings and faces of visitors (unknown people) this many days.")
    ] = None,
    sightings_days: Annotated[
        int | None, typer.Option(min=0, help="Keep sightings of enrolled people this many days.")
    ] = None,
    moods_days: Annotated[int | None, typer.Option(min=0, help="Keep moods this many days.")] = None,
    views_days: Annotated[
        int | None, typer.Option(min=0, help="Keep the pictures on which the door named people this many days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete sightings, faces and moods that are older than the settings say, for good. The ledger stays."""
    from monitor.desk.maintenance import upkeep

    settings = run.settings(
        keep_visitors_days=older_than if visitors_days is None else visitors_days,
        keep_sightings_days=older_than if sightings_days is None else sightings_days,
        keep_moods_days=older_than if moods_days is None else moods_days,
        keep_views_days=older_than if views_days is None else views_days,
    )
    engine, _ = run.open_store(settings, read_only=dry_run)
    with working("Counting what is past its time" if dry_run else "Deleting rows") as advance:
        found, scrubbed = upkeep.expired(engine, settings, run.at), False
        if not dry_run:
            rows = found.rows
            found, scrubbed = upkeep.purge(engine, settings, lambda done: advance(done, max(done, rows)), **run.stamp)
    if run.as_json:
        counts = {kind: getattr(found, kind) for kind in ("visitors", "sightings", "moods", "captures", "views")}
        emit({**counts, "dry_run": dry_run, "scrubbed": scrubbed})
        return
    verb = "Would delete" if dry_run else "Deleted"
    tell(
        f"{verb} {plural(found.visitors, 'sighting')} of visitors, {found.sightings:,} of enrolled people, "
        f"{plural(found.moods, 'mood sample')}, {plural(found.captures, 'capture')} that nobody reviewed, "
        f"and {plural(found.views, 'picture')} of why somebody was named."
    )
    if not scrubbed and not dry_run:
        tell("Another program uses the database; run this again later to erase its free pages too.")


@app.command("roll-up")
@shared
def roll_up(run: Run) -> None:
    """Count the moods of all days before today anew; then months and quarters open at once.

    A kiosk and the app do so by themselves for days that are over. Whoever changes a mood deletes its day's roll-up.
    """
    from monitor.desk.days.moods import roll_up_moods

    engine, _ = run.open_store()
    days = roll_up_moods(engine, run.settings(), run.at, anew=True)
    run.say(f"The moods of {plural(days, 'day')} are rolled up.", {"days": days})


@app.command("rotate-key")
@shared
def rotate_key(run: Run) -> None:
    """Encrypt all face templates with a new key, in one transaction. No kiosk and no app may be running meanwhile.

    Backups made before need the old key, which is kept in a file. Another database with the old key is brought to the
    new one by the same command.
    """
    from db.engine import open_database, scrub
    from db.privacy.rotation import rotate

    url = run.settings().db
    _require_alone(url, "and start it again afterwards: it reads the key when it starts")
    engine = open_database(url, create=False)
    with working("Encrypting with a new key"):
        rotated = rotate(engine, run.config_file.parent, **run.stamp)
        scrub(engine)
    sentence = f"{plural(rotated.sealed, 'value')} encrypted with the new key, which is in {rotated.place}."
    if rotated.before:
        sentence += (
            f" Older backups need the old key, kept in {rotated.before}, where 'muster db restore' finds it; delete it "
            "last. Run this once for each other database with the old key, too."
        )
    before = str(rotated.before) if rotated.before else None
    record = {"sealed": rotated.sealed, "key_id": rotated.key_id, "key_in": rotated.place, "old_key_in": before}
    run.say(sentence, record)


app.command()(site.forward)
app.command()(site.follow)
app.command("site-key")(site.make_site_key)
app.command("new-chain")(site.new_chain)
