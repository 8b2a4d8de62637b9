"""What each column of a report means, by the name that it has in CSV, XLSX and JSON."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WHO: Final = {
    "person": "The name.",
    "number": "The personnel or student number.",
    "group": "The group.",
}
_TIMES: Final = {
    "first_in": "The first check-in that counts, in the site's time.",
    "last_out": "The last check-out that counts, in the site's time.",
}
_STATUS: Final = (
    "present, late, left, absent, incomplete, on leave, not expected or public holiday; empty: still to come."
)

COLUMNS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "attendance": {
            "day": "The site's day.",
            **_WHO,
            "status": _STATUS,
            **_TIMES,
            "hours": "Presence that counts; decimal hours in files.",
            "late": "Whether they came after the shift's start and grace.",
            "late_minutes": "Minutes after the shift's start.",
            "early_minutes": "Minutes before the shift's end at which they left.",
            "break_minutes": "Minutes that were taken off as a break.",
            "expected_hours": "Hours that the shift expects.",
            "overtime": "Hours beyond those expected; negative where some are missing.",
            "marks": "c corrected, p by PIN, m by hand, d two doors, r closed by the rule, k clock, e early, + beyond.",
            "incomplete": "Whether a check-in or a check-out is missing.",
            "closed_by_rule": "Whether the check-out was set by the setting close.",
            "leave": "The kind of leave, with half for half a day.",
            "holiday": "The public holiday.",
        },
        "attendance --by person": {
            **_WHO,
            "days_present": "Days on which they came.",
            "days_late": "Days on which they were late.",
            "days_absent": "Days on which they were expected and did not come.",
            "days_on_leave": "Days on leave.",
            "days_incomplete": "Days that are in no overtime, for an entry is missing.",
            "hours": "The sum of the days' hours; empty where all that came are incomplete and no stay is known.",
            "expected_hours": "The sum of the days' expected hours.",
            "overtime": "The sum of the days' overtime.",
        },
        "attendance --by event": {
            "at": "When, in the site's time.",
            **_WHO,
            "event": "check_in, check_out or void; of a correction, what it says happened.",
            "door": "The kiosk, or the desk.",
            "method": "face, pin or manual.",
            "by": "Who wrote it.",
            "reason": "Why, of a correction or a void.",
            "counts": "Whether it still counts.",
            "id": "The entry in the ledger.",
            "target": "The entry that it corrects or voids.",
        },
        "attendance --by repair": {
            "day": "The site's day.",
            **_WHO,
            "what": "What is to be looked at.",
            "reason": "Its kind.",
            "proposal": "What most likely happened; empty where nothing is proposed.",
            "status": "As the day stands now.",
            **_TIMES,
        },
        "mood": {
            "hour, day, person, group": "What --by names; one of these.",
            "sightings": "How often people were seen.",
            "people": "How many people.",
            "pleasantness": "From -1 to +1.",
            "mood": "The likeliest mood, or unsure.",
            "angry, disgust, fear, happy, sad, surprise, neutral, unsure": "The share of sightings of each mood.",
            "hidden": "True where fewer than five people were seen; then nothing else is told.",
        },
    }
)
"""The columns of each report, in their order."""
