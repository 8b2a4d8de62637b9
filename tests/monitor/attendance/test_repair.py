"""What may have happened on a day that somebody is to look at, the best evidence first."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from db.calendar import Shift
from db.records.attendance import Presence
from monitor.attendance.days import PersonDay, counting
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import calendars
from monitor.attendance.repair import Repair, Sight, repairs
from monitor.attendance.rules import Close, Rules
from monitor.attendance.summary import Reason
from tests.monitor.attendance.cases import PERSON, read

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 7, 13)
NOW = datetime(2026, 7, 18, 12, tzinfo=UTC)
BERT = read({"id": "", "now": "2026-07-18T12:00", "days": []}).person


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def passage(kind: Presence, when: datetime) -> Passage:
    return Passage(UUID(int=int(when.timestamp())), PERSON, kind, when, UUID(int=7))


def found(
    passages: list[Passage],
    sights: list[Sight],
    close: Close = "never",
    days: int = 5,
    now: datetime = NOW,
) -> list[Repair]:
    shift = Shift(UUID(int=1), frozenset(range(5)), time(9), time(17, 30))
    last = MONDAY + timedelta(days=days - 1)
    rules = Rules(close=close)
    everybody = calendars([shift], [], [], [], first=MONDAY, last=last, zone=BERLIN, rules=rules)
    count = counting(everybody, now)
    asked = [MONDAY + timedelta(days=number) for number in range(days)]
    lines = [PersonDay(BERT, day) for day in count.days(BERT, passages, asked)]
    return repairs(lines, {PERSON: sights}, BERLIN, now)


def whole(day: int) -> list[Passage]:
    return [passage("check_in", at(day, 8, 50)), passage("check_out", at(day, 17, 26))]


def test_a_forgotten_check_out_has_proposals_in_the_order_of_evidence() -> None:
    passages = [passage("check_in", at(13, 8, 50)), *whole(14), *whole(15), *whole(16), *whole(17)]
    (one,) = found(passages, [Sight(at(13, 12, 4), "North"), Sight(at(13, 17, 28), "South")])
    assert (one.day, one.reason, one.text(BERLIN)) == (MONDAY, Reason.NO_CHECK_OUT, "came 08:50, never left")
    told = [(each.text, each.at, each.kind) for each in one.proposals]
    assert told == [
        ("left 17:28, seen at South", at(13, 17, 28), "check_out"),
        ("left 17:30, the shift's end", at(13, 17, 30), "check_out"),
    ], "four days do not tell what is usual"


def test_what_is_usual_is_the_median_of_the_days_before() -> None:
    passages = [*whole(13), *whole(14), *whole(15), *whole(16), *whole(17), passage("check_in", at(18, 8))]
    (one,) = found(passages, [], days=6, now=NOW + timedelta(days=1))
    assert [(each.text, each.at) for each in one.proposals] == [("left 17:26, as usual", at(18, 17, 26))]
    assert found(passages, [], days=6, now=at(18, 12)) == [], "they are still in the house"


def test_a_missing_check_in_and_a_day_without_anybody() -> None:
    passages = [passage("check_out", at(13, 17, 40)), *whole(15), *whole(16), *whole(17)]
    came, absent = found(passages, [Sight(at(13, 9, 3), "North")])
    assert (came.text(BERLIN), [each.text for each in came.proposals]) == (
        "left 17:40, never came",
        ["came 09:03, seen at North", "came 09:00, the shift's start"],
    )
    assert (absent.day, absent.reason, absent.proposals) == (date(2026, 7, 14), Reason.ABSENT, ())


def test_a_day_closed_by_the_rule_is_in_the_list() -> None:
    passages = [passage("check_in", at(13, 8, 50)), *whole(14), *whole(15), *whole(16), *whole(17)]
    (one,) = found(passages, [], close="shift_end")
    assert one.text(BERLIN) == "closed by rule, 17:30"
    assert not one.summary.incomplete
    assert one.summary.marks == "r"


def test_two_arrivals_within_minutes_are_one() -> None:
    twice = [
        passage("check_in", at(13, 8, 50)),
        passage("check_in", at(13, 8, 58)),
        passage("check_out", at(13, 17, 30)),
    ]
    (one,) = found([*twice, *whole(14), *whole(15), *whole(16), *whole(17)], [])
    assert one.reason is Reason.TWO_INS
    assert [(each.text, each.void) for each in one.proposals] == [("one arrival, 08:50", twice[1].event)]


def test_who_came_twice_without_leaving_is_not_said_to_have_never_left() -> None:
    twice = [
        passage("check_in", at(13, 8, 10)),
        passage("check_in", at(13, 9, 10)),
        passage("check_out", at(13, 17, 40)),
    ]
    (one,) = found([*twice, *whole(14), *whole(15), *whole(16), *whole(17)], [])
    assert one.text(BERLIN) == "came 08:10 and 09:10"
    assert [(each.text, each.void) for each in one.proposals] == [("one arrival, 08:10", twice[1].event)]
