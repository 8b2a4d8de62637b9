"""`muster db verify` and `head`: whether the database is whole, and where its ledger ends."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from monitor.cli.options import ForceOption, Run, emit, output_to, shared, tell
from monitor.cli.progress import working
from monitor.text import few, plural

if TYPE_CHECKING:
    from db.verification.verdict import Verdict


_LATER: Final = {
    "kiosk": "kiosks", "shift": "shifts", "holiday": "holidays", "leave": "leave",
    "user": "desk users", "key": "API keys",
}  # fmt: skip
"""Kinds of rows that an older Muster does not prove."""


@shared
def verify(
    run: Run,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="HASH",
            help="The head that an earlier check printed; it must still be in the ledger.",
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read every event from the first, and its code, and the file's indexes and references: about 90 "
            "seconds a gigabyte.",
        ),
    ] = False,
) -> None:
    """Prove that no event, person, shift or audit entry was changed; nor a consent, kiosk, holiday or leave, and that
    the file is whole.

    The events are read from where the last check ended that found all whole. Those before are counted, and 100,000 of
    them are read again, others with each check.
    """

    from db.errors import DatabaseDamaged
    from db.key_store import existing_cipher
    from db.proof.heads import HEADS_FILE
    from monitor.desk.maintenance import system

    folder = run.config_file.parent
    with working("Verifying the ledger, the entries and the file"):
        found = system.verify(
            run.database(), existing_cipher(folder), folder / HEADS_FILE, known_head=head, full=full, now=run.at
        )
    own = found.ledger
    if run.as_json:
        others = [
            {"origin": str(chain), "events": one.events, "head": one.head} for chain, one in found.forwarded.items()
        ]
        counts = {"entries": found.entries.entries, "heads": found.heads, "sealed": found.sealed, "key": found.proved}
        broken = {"broken_row": own.broken_seq, "problems": list(found.problems)}
        broken |= {"unproved": list(found.entries.unproved)}
        whole = {"whole": not found.problems, "events": own.events, "head": own.head}
        again = {"first": own.again.start, "last": own.again.stop - 1} if own.again else None
        since = found.since.isoformat() if found.since else None
        earlier = {"since": since, "only_counted": own.before - len(own.again), "read_again": again}
        emit(whole | earlier | counts | broken | {"forwarded": others})
        if found.problems:
            raise typer.Exit(1)
        return
    if found.problems:
        raise DatabaseDamaged(f"The database is not whole: {few(found.problems)}; restore it from a backup.")
    _tell_whole(found, system.how_far(found, run.settings().zone))


def _tell_whole(found: "Verdict", how_far: str | None) -> None:
    own, entries = found.ledger, found.entries
    tell(f"The ledger is whole: {plural(own.events, 'event')}, head {own.head}")
    if how_far is not None:
        tell(how_far)
    for one in found.forwarded.values():
        tell(f"  {plural(one.events, 'event')} of another kiosk, whose head is {one.head}")
    if not found.proved:
        tell("The key is not here, so who wrote the rows was not verified; run this where the key is.")
        return
    proved = ["People", "consents", *(words for kind, words in _LATER.items() if kind not in entries.unproved)]
    tell(
        f"{', '.join(proved)} and the audit log are as Muster wrote them: "
        f"{plural(entries.entries, 'entry', 'entries')}. "
        f"{plural(found.sealed, 'sealed value')} opened; {plural(found.heads, 'noted head')} found again."
    )
    if entries.unproved:
        later = ", ".join(_LATER[kind] for kind in entries.unproved)
        tell(f"Proved from when this Muster first writes to the database: {later}.")
    foreign = own.foreign + entries.foreign
    if foreign:
        tell(f"{plural(foreign, 'row')} of other installations: verify these with their keys.")


@shared
def head(
    run: Run,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write it to a new file instead of printing it.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Note where the ledger ends now, and print it: keep it elsewhere, so that no row can be cut off unseen."""
    import json

    from db.proof import heads
    from db.proof.key import proof_key

    target = output_to(export, force=force)
    engine, cipher = run.open_store()
    noted = heads.note(engine, run.at) or heads.current(engine, run.at)
    line = json.dumps(heads.signed(noted, proof_key(cipher)), ensure_ascii=False)
    target.write(f"{line}\n".encode())
    if export is not None:
        run.say(f"Head of {plural(noted.events, 'event')}. Keep it away from this machine.", {"file": str(export)})
