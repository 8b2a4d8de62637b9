"""What `muster enroll` says about an enrolment: person by person, and the sum."""

from typing import TYPE_CHECKING

from monitor.cli.options import emit, out
from monitor.text import plural, printable

if TYPE_CHECKING:
    from enroll.imports.batch import ImportBatch
    from enroll.people.report import PersonReport


class Tally:
    """What was done so far."""

    def __init__(self) -> None:
        self.people = self.accepted = self.rejected = self.unchanged = 0
        self.interrupted = False

    def add(self, report: "PersonReport") -> None:
        self.people += bool(report.accepted or report.unchanged)
        self.accepted += report.accepted
        self.rejected += len(report.rejected)
        self.unchanged += report.unchanged


def tell_batch(batch: "ImportBatch", *, as_json: bool) -> None:
    """How the batch was understood; JSON has that in its summary."""
    for note in batch.notes if not as_json else ():
        out.print(printable(note), markup=False, soft_wrap=True)


def tell(report: "PersonReport", *, as_json: bool) -> None:
    """What became of one person's pictures."""
    if as_json:
        emit(report.record())
        return
    new = f"{report.accepted} of {report.images} taken" + (f", {report.unchanged} before" if report.unchanged else "")
    out.print(f"{printable(report.person, 60) or 'No name'}: {new}", markup=False, soft_wrap=True)
    for rejection in report.rejected:
        out.print(f"  - {printable(rejection.image)}: {printable(rejection.reason, 500)}", markup=False, soft_wrap=True)
    for warning in report.warnings:
        out.print(f"  ! {printable(warning, 500)}", markup=False, soft_wrap=True)
    for other in report.alike[:3]:
        out.print(
            f"  ! May be the same person as {printable(other.name, 60)} (similarity {other.similarity:.3f}); "
            "compare them, and unite them with 'muster people merge' if so.",
            markup=False,
            soft_wrap=True,
        )


def tell_sum(tally: Tally, batch: "ImportBatch", seconds: float, *, as_json: bool, dry_run: bool) -> None:
    """The last line."""
    skipped = {kind: count for kind, count in batch.skipped.items() if count}
    if as_json:
        summary = {
            "people": tally.people,
            "accepted": tally.accepted,
            "rejected": tally.rejected,
            "unchanged": tally.unchanged,
            "skipped": skipped,
            "seconds": round(seconds, 2),
            "notes": list(batch.notes),
            "interrupted": tally.interrupted,
        }
        emit({"summary": summary})
        return
    verb = "would be taken" if dry_run else "taken"
    left = "".join(
        f", {count} {kind.removesuffix('s') if count == 1 else kind} skipped" for kind, count in skipped.items()
    )
    out.print(
        f"{'Stopped. ' if tally.interrupted else ''}{plural(tally.people, 'person', 'people')}, "
        f"{plural(tally.accepted, 'picture')} {verb}, "
        f"{tally.unchanged} enrolled before, {tally.rejected} not taken{left}; {seconds:.1f} s.",
        soft_wrap=True,
    )
