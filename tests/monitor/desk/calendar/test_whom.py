"""For whom a shift is: everybody, a group or a person, by any unique part of a name."""

import pytest

from db.engine import writing
from db.people import people
from monitor.desk.calendar.whom import find_group, find_whom
from monitor.errors import UsageError
from tests.monitor.desk.calendar.conftest import Site


@pytest.mark.parametrize("text", ["", "all", " Everybody "])
def test_everybody(site: Site, text: str) -> None:
    assert find_whom(site.engine, text) == (None, None)


def test_groups_and_people_are_found_by_a_part(site: Site) -> None:
    with writing(site.engine) as session:
        people.add_person(session, "Ann Other", number="17", group="Floor 17", **site.by)
    assert find_whom(site.engine, "LAB") == find_whom(site.engine, "group lab") == (None, "Lab")
    assert find_whom(site.engine, "zoe") == find_whom(site.engine, "person zoe") == (site.ids["Zoë Young"], None)
    assert find_whom(site.engine, "floor") == (None, "Floor 17")
    assert find_whom(site.engine, "17") == find_whom(site.engine, "ann other")


def test_what_may_mean_a_group_or_a_person_asks(site: Site) -> None:
    with writing(site.engine) as session:
        people.add_person(session, "Cyd", group="Planning", **site.by)
    with pytest.raises(UsageError, match="may mean the group Planning, Bob Planner; write more"):
        find_whom(site.engine, "plan")
    assert find_whom(site.engine, "group planning") == (None, "Planning")
    assert find_whom(site.engine, "planner") == (site.ids["Bob Planner"], None)


def test_a_group_that_nobody_is_in_is_meant_only_if_it_is_said(site: Site) -> None:
    with pytest.raises(UsageError, match="Nobody and no group is called 'Night'"):
        find_whom(site.engine, "Night")
    assert find_whom(site.engine, "group Night") == (None, "Night")
    assert (find_group(site.engine, "lab"), find_group(site.engine, "Night")) == ("Lab", "Night")


def test_who_only_looks_is_told_which_groups_there_are(site: Site) -> None:
    with pytest.raises(UsageError, match="Nobody and no group is called 'Night'; write a part of the name"):
        find_whom(site.engine, "Night", new_group=False)
    with pytest.raises(UsageError, match="There is no group 'Night'; the groups are"):
        find_whom(site.engine, "group Night", new_group=False)
    assert find_whom(site.engine, "group lab", new_group=False) == (None, "Lab")
