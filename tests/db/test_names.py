"""What a name is cleaned of."""

import pytest

from db.names import clean


@pytest.mark.parametrize("sign", ["\ufffe", "\uffff", "\ufdd0", "\U0010ffff", "\x07"])
def test_what_is_no_letter_is_left_out_of_a_name(sign: str) -> None:
    assert clean(f"Ada{sign} Byron") == "Ada Byron"
