"""What is known of a day that somebody is to look at, line by line, and what a repair would write."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from monitor.attendance.repair import Proposal, Repair
from monitor.desk.repairs.repairing import Foreseen
from monitor.text import day_name, hours_and_minutes
from monitor.tui.screens.day_sheet import WORDS
from monitor.tui.screens.today.axis import ASCII, UNICODE, Axis
from monitor.tui.style.text import at_clock, clean

_HALF_HOURS: Final = Axis(per_hour=2)


def evidence(
    one: Repair, found: Foreseen | None, zone: ZoneInfo, now: datetime, *, by: str, ascii_only: bool
) -> list[str]:
    """The day as it is and as it would be, on the axis; entries, sightings, and what is written for which reason.

    Args:
        found: None while it is being worked out.
        by: who is at the desk.
    """
    signs = ASCII if ascii_only else UNICODE
    lines = [
        f"{'':10}{_HALF_HOURS.title}",
        f"{'is':10}{_HALF_HOURS.line(one.summary, zone, now, signs)}  {one.summary.status.value}",
    ]
    if found and found.summary is not None:
        axis = _HALF_HOURS.line(found.summary, zone, now, signs)
        lines.append(f"{'proposed':10}{axis}  {hours_and_minutes(found.summary.present)}")
    came = [f"{at_clock(each.at, zone)} {WORDS[each.kind]}" for each in one.summary.passages]
    lines.append(f"{'entries':10}{', '.join(came) or 'none'}")
    if found and found.sights:
        seen = [f"{at_clock(each.at, zone)} {clean(each.kiosk, 16)}" for each in found.sights]
        lines.append(f"{'seen':10}{', '.join(seen[-4:])}")
    if one.proposals:
        lines.append(f"{'writes':10}{_writes(one, one.proposals[0], zone, clean(by, 30))}")
        lines.append(f"{'reason':10}{one.proposals[0].reason}")
    others = [f"{number} {each.text}" for number, each in enumerate(one.proposals[:4], 1) if number > 1]
    if others:
        lines.append(f"{'or':10}{'   '.join(others)}")
    return lines


def _writes(one: Repair, proposal: Proposal, zone: ZoneInfo, by: str) -> str:
    if proposal.void is not None:
        return f"the second entry is made void, {by}"
    if proposal.leave is not None:
        return f"leave {day_name(one.day)}: {proposal.leave}, {by}"
    assert proposal.at is not None
    assert proposal.kind is not None
    day = proposal.at.astimezone(zone).date()
    return f"+ {WORDS[proposal.kind]} {day_name(day)} {at_clock(proposal.at, zone)}, by hand, {by}"
