"""The end of an id is enough where it is one row's alone."""

import pytest

from monitor.desk.by_id import with_id
from monitor.errors import UsageError

ROWS = {"0193-aaaa": "one", "0193-bbaa": "other"}


def test_an_id_or_its_end_means_one_row() -> None:
    assert with_id(ROWS, "0193-aaaa", "shift", "muster shifts list") == "one"
    assert with_id(ROWS, " BBAA ", "shift", "muster shifts list") == "other"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No shift has the id '': there are 2 shifts; see 'muster shifts list'."),
        ("c", "No shift has the id 'c': there are 2 shifts; see 'muster shifts list'."),
        ("aa", "2 shifts have an id that ends in 'aa'; give more of it."),
    ],
)
def test_an_end_of_none_or_of_several_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        with_id(ROWS, text, "shift", "muster shifts list")
    assert str(error.value) == says
