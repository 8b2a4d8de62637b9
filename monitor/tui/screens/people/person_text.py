"""Everything about one person as text."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from db.records.people import Consent, Person
from monitor.attendance.summary import Status
from monitor.desk.people.people import PersonDetails
from monitor.text import day_name, plural
from monitor.tui.style.text import Signs, at_clock, clean, day_text

SHOWN_DAYS = 7
TURNED = 15
"""Degrees from which a head is said to be turned."""


def called(person: Person) -> str:
    """The name with the number or group, which tells namesakes apart."""
    told = clean(person.number or person.group, 20)
    return f"{clean(person.name, 40)} ({told})" if told else clean(person.name, 40)


def decision(consent: Consent | None, zone: ZoneInfo) -> str:
    """What somebody agreed to, when, and who wrote it down."""
    if consent is None or consent.given is None:
        return "not asked"
    given = "given" if consent.given else "refused"
    return f"{given} {day_text(consent.at, zone)[4:]}\n{'':<12}recorded by {clean(consent.recorded_by, 18)}"


def person_text(details: PersonDetails, zone: ZoneInfo, signs: Signs, review: str) -> Text:
    """The pane of the people screen; names are never read as markup."""
    person = details.person
    text = Text()
    facts = (
        ("Number", clean(person.number)),
        ("Group", clean(person.group)),
        ("Enrolled", day_text(person.created_at, zone)),
        ("Active", "yes" if person.active else "no"),
        ("Recognition", decision(details.face_consent, zone)),
        ("Moods", decision(details.mood_consent, zone)),
        ("Door PIN", "set" if details.door_pin else ""),
        ("Notes", clean(person.notes, 200)),
    )
    for label, value in facts:
        if value:
            text.append(f"{label:<12}", "dim").append(f"{value}\n")
    _images(text, details, zone, review)
    if details.look_alikes:
        _heading(text, "Looks like")
        for name, similarity in details.look_alikes:
            text.append(f"{clean(name, 30)}  similarity {similarity:.2f}\n")
    _days(text, details, zone)
    _moods(text, details, signs)
    return text


def _heading(text: Text, title: str) -> None:
    text.append(f"\n{title}\n", "bold")


def _images(text: Text, details: PersonDetails, zone: ZoneInfo, review: str) -> None:
    _heading(text, f"Images {len(details.templates)}: eye distance, sharpness")
    for number, one in enumerate(details.templates[:6], 1):
        text.append(f"{number}  {day_text(one.created_at, zone)[4:]}").append(f"  {quality_text(one.quality)}\n", "dim")
    if len(details.templates) > 6:
        text.append(f"and {len(details.templates) - 6} more\n", "dim")
    if details.waiting:
        text.append(f"To review: {plural(details.waiting, 'capture')} (press {review})\n", "bold")
    elif details.grown:
        text.append(f"Taken at the door: {plural(details.grown, 'image')} (press {review})\n", "dim")


def quality_text(quality: Mapping[str, Any]) -> str:
    """The quality of an image as measured at enrolment: eye distance in pixels, sharpness from 0 to 1, head turn."""
    told = {"inter_eye_distance": "{:.0f} px", "sharpness": "{:.2f}", "frames": "from {:.0f} frames"}
    found = [text.format(quality[name]) for name, text in told.items() if isinstance(quality.get(name), int | float)]
    yaw = quality.get("head_pose_yaw")
    if isinstance(yaw, int | float) and abs(yaw) >= TURNED:
        found.append(f"turned {abs(yaw):.0f} degrees")
    return ", ".join(found)


def _days(text: Text, details: PersonDetails, zone: ZoneInfo) -> None:
    _heading(text, "Attendance")
    nothing = (Status.NOT_EXPECTED, Status.HOLIDAY, Status.DUE)
    days = [day for day in details.days if day.status not in nothing][:SHOWN_DAYS]
    if not days:
        text.append("Not seen in the last two weeks.\n", "dim")
    for summary in days:
        times = f"{at_clock(summary.first_in, zone):<6}{at_clock(summary.last_out, zone):<6}"
        text.append(f"{day_name(summary.day):<11}", "dim")
        text.append(f"{times}{summary.status.value}\n")


def _moods(text: Text, details: PersonDetails, signs: Signs) -> None:
    if not details.moods:
        return
    _heading(text, "Mood, two weeks")
    for mood, share in sorted(details.moods, key=lambda item: -item[1]):
        text.append(f"{signs.mood[mood] * round(share * 20):<21}{mood} {share:.0%}\n")
    if details.change is not None:
        text.append(f"Today against the last four weeks: {details.change.told}\n")
