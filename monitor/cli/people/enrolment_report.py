"""What `muster enroll` says about an enrolment: person by person, and the sum."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from monitor.cli.options import emit, tell
from monitor.text import plural, printable

if TYPE_CHECKING:
    from enroll.imports.batch import ImportBatch
    from enroll.people.report import PersonReport

_MISSING: Final[Mapping[tuple[str, ...], tuple[str, str]]] = {
    ("face", "mood"): ("Consent missing", "They are recognised, no mood is kept."),
    ("mood",): ("Not asked about moods yet", "They are recognised, no mood is kept."),
    ("face",): ("Not asked about being recognised yet", "They are recognised."),
}
"""What is missing, and what that means, by the consents that nobody asked about."""


class Tally:
    """Counts of people and pictures so far; the names are those of the JSON summary."""

    def __init__(self) -> None:
        self.people = self.accepted = self.rejected = self.unchanged = self.consent_missing = 0
        self.not_asked: list[str] = []
        """Consents that are missing."""
        self.interrupted = False

    def add(self, report: "PersonReport") -> None:
        self.people += bool(report.accepted or report.unchanged)
        self.accepted += report.accepted
        self.rejected += len(report.rejected)
        self.unchanged += report.unchanged
        self.consent_missing += report.consent_missing
        self.not_asked = sorted({*self.not_asked, *report.not_asked})


def tell_batch(batch: "ImportBatch", *, as_json: bool) -> None:
    """Print how the batch was understood; JSON has these notes in its summary."""
    for note in batch.notes if not as_json else ():
        tell(printable(note))


def tell_person(report: "PersonReport", *, as_json: bool) -> None:
    """Print which of one person's pictures were taken, and why the others were not."""
    if as_json:
        emit(report.record())
        return
    before = f", {report.unchanged} enrolled before" if report.unchanged else ""
    tell(f"{printable(report.person, 60) or 'No name'}: {report.accepted} of {report.images} taken{before}")
    for rejection in report.rejected:
        tell(f"  - {printable(rejection.image)}: {printable(rejection.reason, 500)}")
    for warning in report.warnings:
        tell(f"  ! {printable(warning, 500)}")
    for other in report.alike[:3]:
        tell(
            f"  ! May be the same person as {printable(other.name, 60)} (similarity {other.similarity:.3f}); "
            "compare them, and if they are one person, use 'muster people merge'."
        )


def tell_sum(tally: Tally, batch: "ImportBatch", seconds: float, *, as_json: bool, dry_run: bool) -> None:
    """Print the last line: all people and pictures together."""
    skipped = {kind: count for kind, count in batch.skipped.items() if count}
    if as_json:
        more = {"skipped": skipped, "seconds": round(seconds, 2), "notes": list(batch.notes)}
        emit({"summary": vars(tally) | more})
        return
    verb = "would be taken" if dry_run else "taken"
    left = "".join(
        f", {count} {kind.removesuffix('s') if count == 1 else kind} skipped" for kind, count in skipped.items()
    )
    tell(
        f"{plural(tally.people, 'person', 'people')}, "
        f"{plural(tally.accepted, 'picture')} {verb}, "
        f"{tally.unchanged} enrolled before, {tally.rejected} not taken{left}; {seconds:.1f} s."
    )
    if tally.consent_missing and not dry_run:
        missing, effect = _MISSING.get(tuple(tally.not_asked), _MISSING["face", "mood"])
        tell(
            f"{missing}: {plural(tally.consent_missing, 'person', 'people')}. {effect} "
            "See 'muster people list --consent-missing', and write answers down with 'muster people consent'."
        )
