"""The report of an enrolment: for each person the accepted images, and for every other picture why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from db.records.people import ConsentKind
from enroll.faces.acceptance import Acceptance, Rejection
from enroll.faces.examine import Examination
from enroll.people.gallery_index import LookAlike


@dataclass(frozen=True, slots=True)
class PersonReport:
    """What became of one person's pictures."""

    person: str
    images: int
    accepted: int
    rejected: tuple[Rejection, ...]
    unchanged: int = 0
    """Pictures that were enrolled before."""
    warnings: tuple[str, ...] = ()
    alike: tuple[LookAlike, ...] = ()
    """Others who may be the same person."""
    not_asked: tuple[ConsentKind, ...] = ()
    """Consents about which nobody asked the person, who is enrolled now."""
    problem: str | None = None
    """Why nothing of this person could be enrolled at all."""

    @property
    def consent_missing(self) -> bool:
        return bool(self.not_asked)

    def record(self) -> Mapping[str, Any]:
        """For JSON."""
        record: dict[str, Any] = {
            "person": self.person,
            "images": self.images,
            "accepted": self.accepted,
            "rejected": [{"image": one.image, "reason": one.reason} for one in self.rejected],
            "unchanged": self.unchanged,
            "warnings": list(self.warnings),
            "consent_missing": self.consent_missing,
            "not_asked": list(self.not_asked),
            "alike": [{"person": one.name, "similarity": round(one.similarity, 4)} for one in self.alike],
        }
        return record if self.problem is None else record | {"problem": self.problem}


def report_of(name: str, images: int, acceptance: Acceptance, alike: list[LookAlike]) -> PersonReport:
    """What became of one person's pictures."""
    return PersonReport(
        name,
        images,
        len(acceptance.accepted),
        acceptance.rejected,
        acceptance.unchanged,
        acceptance.warnings,
        tuple(alike),
    )


def refused(name: str, examinations: Sequence[Examination], reason: str) -> PersonReport:
    """The report on a person who cannot be enrolled, whatever the pictures."""
    rejected = tuple(Rejection(one.image, reason) for one in examinations)
    return PersonReport(name, len(examinations), 0, rejected, problem=reason)


def with_problems(report: PersonReport, problems: Sequence[Rejection]) -> PersonReport:
    """The report with the pictures that could not even be read."""
    if not problems:
        return report
    return replace(report, images=report.images + len(problems), rejected=(*report.rejected, *problems))
