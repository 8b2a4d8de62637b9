"""Ids that a driver gave as it has them."""

import pickle
from uuid import UUID, uuid4

import pytest

from db.schema.types import uuid_of


def test_an_id_is_the_one_that_uuid_makes() -> None:
    for id in (UUID(int=0), UUID(int=2**128 - 1), uuid4()):
        made = uuid_of(id.hex)
        assert (made, hash(made), repr(made), made.is_safe) == (id, hash(id), repr(id), id.is_safe)
        assert pickle.loads(pickle.dumps(made)) == id
        assert uuid_of(str(id)) == id
        assert uuid_of(id) is id


@pytest.mark.parametrize("damaged", ["", "12", "x" * 32])
def test_what_is_not_an_id_is_an_error(damaged: str) -> None:
    with pytest.raises(ValueError, match=r"badly formed|invalid literal"):
        uuid_of(damaged)
