"""For whom a shift is: who is meant by what somebody typed."""

from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading
from db.people import groups, people
from db.schema.folding import folded
from monitor.desk.calendar.wording import EVERYBODY
from monitor.desk.people.finding import person_of
from monitor.errors import UsageError

_MOST = 12
"""Groups that are named in an error."""


def find_whom(engine: Engine, text: str, *, new_group: bool = True) -> tuple[UUID | None, str | None]:
    """The person or the group that is meant: "", "everybody", a group, or a person's name, number or id.

    Args:
        text: a part of a name does, if nobody else's and no other group's has it; "group ..." and "person ..." say
            which of both is meant.
        new_group: whether "group ..." may be one that nobody is in yet.

    Returns:
        The person's id and the group; both None for everybody.

    Raises:
        UsageError: nobody is meant, or several are.
    """
    if folded(text) in ("", "all", EVERYBODY):
        return None, None
    kind, _, rest = text.strip().partition(" ")
    with reading(engine) as session:
        if rest and kind.lower() == "person":
            return person_of(session, rest).id, None
        if rest and kind.lower() == "group":
            return None, (group_of if new_group else _known)(session, rest)
        return _found(session, text, new_group=new_group)


def find_group(engine: Engine, name: str) -> str:
    """The group of this name, as its people have it whatever case and accents; a new one as it was typed."""
    with reading(engine) as session:
        return group_of(session, name)


def known_group(engine: Engine, name: str) -> str:
    """The group of this name or with this in it, whatever its case and accents.

    Raises:
        UsageError: there is none, or several; then it says which groups there are.
    """
    with reading(engine) as session:
        return _known(session, name)


def _known(session: Session, name: str) -> str:
    known = groups.group_names(session)
    exact = [one for one in known if folded(one) == folded(name)]
    found = exact or [one for one in known if folded(name) and folded(name) in folded(one)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} may mean the groups {', '.join(found[:_MOST])}; write more of the name.")
    more = f" and {len(known) - _MOST:,} more" if len(known) > _MOST else ""
    there = f"the groups are {', '.join(known[:_MOST])}{more}" if known else "nobody is in a group yet"
    raise UsageError(f"There is no group {name!r}; {there}.")


def group_of(session: Session, name: str) -> str:
    """`find_group` in an open session."""
    return next((one for one in groups.group_names(session) if folded(one) == folded(name)), name)


def _found(session: Session, text: str, *, new_group: bool) -> tuple[UUID | None, str | None]:
    wanted, known = folded(text), groups.group_names(session)
    for name in known:
        if folded(name) == wanted:
            return None, name
    some = [name for name in known if wanted in folded(name)]
    persons = people.find_by_part(session, text)
    by_number = people.find_by_number(session, text) is not None
    if by_number or not some or any(folded(one.name) == wanted for one in persons):
        if not by_number and not persons:
            more = f"correct it, or write 'group {text}' for a new group" if new_group else "write a part of the name"
            raise UsageError(f"Nobody and no group is called {text!r}; {more}.")
        return person_of(session, text).id, None
    if len(some) == 1 and not persons:
        return None, some[0]
    named = [f"the group {name}" for name in some[:5]] + [one.name for one in persons[:5]]
    raise UsageError(f"{text!r} may mean {', '.join(named)}; write more of the name.")
