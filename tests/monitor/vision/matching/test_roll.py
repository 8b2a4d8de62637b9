"""Who is who by number, in little memory."""

from uuid import UUID, uuid4

from monitor.vision.matching.roll import Roll, Some, ids_of


def test_ids_and_names_come_back_as_they_were_given() -> None:
    people = [uuid4(), UUID(int=0), UUID(int=7 << 64), uuid4()]  # zeros at the end of an id are part of it
    names = ["Ada", "", "Zoë 东", "x" * 300]
    roll = Roll(ids_of(people), "".join(names).encode(), [len(name.encode()) for name in names])
    assert len(roll) == 4
    assert [roll.person(row) for row in range(4)] == people
    assert [roll.name(row) for row in range(4)] == names
    assert [roll.row(person) for person in people] == [0, 1, 2, 3]
    assert roll.row(uuid4()) is None


def test_some_people_are_a_set() -> None:
    people = sorted([uuid4(), uuid4(), UUID(int=5 << 64)])
    some = Some(ids_of(people))
    assert set(some) == set(people)
    assert len(some) == 3
    assert all(person in some for person in people)
    assert uuid4() not in some
    assert "Ada" not in some
    assert uuid4() not in Some(ids_of([]))
