"""Public holidays by hand, from a calendar file, and by country and region."""

from datetime import date
from pathlib import Path

import pytest

from monitor.desk.calendar import holidays
from monitor.errors import MusterError, UsageError
from tests.monitor.desk.calendar.conftest import TODAY, Site

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
{events}END:VCALENDAR
"""


def event(name: str, start: str, *more: str) -> str:
    return "\n".join(("BEGIN:VEVENT", f"SUMMARY:{name}", f"DTSTART{start}", *more, "END:VEVENT", ""))


def days(site: Site) -> dict[date, str]:
    return {one.day: one.name for one in holidays.list_holidays(site.engine)}


def test_a_holiday_is_entered_listed_found_and_removed(site: Site) -> None:
    eve = holidays.add_holiday(site.engine, date(2026, 12, 24), "Christmas Eve", "afternoon", **site.by)
    holidays.add_holiday(site.engine, date(2026, 11, 11), "St Martin", **site.by)
    assert holidays.list_holidays(site.engine, TODAY) == [eve]
    assert len(holidays.list_holidays(site.engine)) == 2
    assert holidays.find_holiday(site.engine, "24 dec", TODAY) == eve
    assert holidays.find_holiday(site.engine, str(eve.id), TODAY) == eve
    with pytest.raises(UsageError, match="2026-12-25 is not a holiday"):
        holidays.find_holiday(site.engine, "2026-12-25", TODAY)
    with pytest.raises(MusterError, match="already"):
        holidays.add_holiday(site.engine, eve.day, "Again", **site.by)
    assert holidays.remove_holiday(site.engine, eve.id, **site.by) == eve
    assert list(days(site)) == [date(2026, 11, 11)]


@pytest.mark.parametrize(
    ("what", "day", "name", "not_there"),
    [
        ("DE-BE", date(2026, 3, 8), "Women's Day", date(2026, 1, 6)),
        ("de-by", date(2026, 1, 6), "Epiphany", date(2026, 3, 8)),
        ("AT-9", date(2027, 3, 29), "Easter Monday", date(2027, 3, 26)),
        ("FR", date(2026, 7, 14), "National Day", date(2026, 10, 3)),
    ],
)
def test_a_country_and_its_region_have_their_days(site: Site, what: str, day: date, name: str, not_there: date) -> None:
    done = holidays.import_holidays(site.engine, site.zone, what, **site.by)
    found = days(site)
    assert len(done.added) == len(found) > 10
    assert {one.year for one in found} == {2026, 2027}
    assert found[day] == name
    assert not_there not in found
    again = holidays.import_holidays(site.engine, site.zone, what, **site.by)
    assert (again.added, again.known) == ((), len(found))


def test_years_may_be_chosen_and_days_by_hand_stay(site: Site) -> None:
    holidays.add_holiday(site.engine, date(2025, 12, 25), "Our party", **site.by)
    done = holidays.import_holidays(site.engine, site.zone, "DE-BE", [2025], **site.by)
    assert ({one.day.year for one in done.added}, done.known) == ({2025}, 1)
    assert days(site)[date(2025, 12, 25)] == "Our party"


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("XX", "No holidays are known for a country 'XX'"),
        ("DE-ZZ", "no region 'ZZ'; its regions are .*BE.*"),
        ("FR-ZZ", "no region 'ZZ'"),
        ("nothing.ics", "cannot be read"),
        ("Germany", "cannot be read"),
    ],
)
def test_what_is_neither_a_country_nor_a_file_is_said(site: Site, what: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        holidays.import_holidays(site.engine, site.zone, what, **site.by)
    assert days(site) == {}


def test_a_calendar_gives_its_whole_days(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "days.ics"
    events = (
        event("Founder's\\, day", ";VALUE=DATE:20261207"),
        event("Works\x1b[2J closed", ";VALUE=DATE:20261228", "DTEND;VALUE=DATE:20261231"),
        event("New Year", ";VALUE=DATE:20200101", "RRULE:FREQ=YEARLY"),
        event("Leap day", ";VALUE=DATE:20240229", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        event("Meeting", ":20261201T100000Z"),
        event("Misprint", ";VALUE=DATE:20261399"),
        event("Summer", ";VALUE=DATE:20270601", "DTEND;VALUE=DATE:20270901"),
        event("Thanksgiving", ";VALUE=DATE:20261126", "RRULE:FREQ=YEARLY;BYDAY=4TH"),
    )
    file.write_text(CALENDAR.format(events="".join(events)).replace("\n", "\r\n"), encoding="utf-8")
    done = holidays.import_holidays(site.engine, site.zone, str(file), **site.by)
    assert days(site) == {
        date(2026, 1, 1): "New Year",
        date(2026, 12, 7): "Founder's, day",
        **{date(2026, 12, day): "Works closed" for day in (28, 29, 30)},
        date(2027, 1, 1): "New Year",
    }
    assert [one.partition(":")[0] for one in done.left_out][:3] == ["Meeting", "Misprint", "Summer"]


@pytest.mark.parametrize("content", [b"", b"no calendar", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nDTSTART:x"])
def test_a_broken_calendar_is_one_sentence_or_has_no_days(site: Site, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "days.ics"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not an iCalendar file"):
        holidays.import_holidays(site.engine, site.zone, str(file), **site.by)
