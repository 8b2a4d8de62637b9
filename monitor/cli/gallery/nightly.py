"""`muster calibrate --nightly`: the gallery examines itself, as it does every night."""

from typing import TYPE_CHECKING

from monitor.cli.options import Run, emit, out, tell
from monitor.cli.progress import working
from monitor.text import plural, printable

if TYPE_CHECKING:
    from monitor.config import Settings

_SHOWN = 20
"""Most people that the table shows."""


def tell_nightly(run: Run, settings: "Settings") -> None:
    """Examine the gallery, keep what was found, and print it: the totals, then everybody, the worst served first."""
    from db.records.faces import BOUND
    from monitor.cli.table import table
    from monitor.desk.maintenance.gallery_check import examine_gallery

    engine, cipher = run.open_store(settings)
    with working("Matching kept views and strangers against the gallery"):
        found = examine_gallery(engine, cipher, settings, **run.stamp)
    if run.as_json:
        emit({"summary": found.record()})
        for one in found.served:
            emit(one.record())
        return
    tell(f"{plural(found.people, 'person', 'people')} in the gallery.")
    tell(f"Passages that would be missed: {found.fnir}. Strangers who would be named: {found.fpir}.")
    best, worst = found.spread
    tell(f"Expected misses: {best:.1%} of the best served, {worst:.1%} of the worst. In brackets: 95 % intervals.")
    needy = [one for one in found.served if one.needs_picture]
    if not needy:
        tell(f"Nobody will be missed at more than {BOUND:.0%} of passages, and everybody has enough images.")
        return
    rows = [
        (
            printable(one.name, 40),
            f"{one.expected:.1%} ({one.low:.1%} to {one.high:.1%})" if one.passages else "not seen",
            f"{one.missed} of {one.passages}",
            str(one.images),
        )
        for one in needy[:_SHOWN]
    ]
    out.print(table(("Needs a picture", "Expected misses", "Missed", "Images"), rows, fold=("Needs a picture",)))
    if len(needy) > _SHOWN:
        tell(f"and {len(needy) - _SHOWN:,} more; --json lists them all")
    tell("Take one more picture of each: 'muster enroll capture NAME', or People and Add in the app.")
