"""What is kept of a PIN."""

import pytest

from monitor.attendance.pin import hash_pin, is_pin, pin_fault
from monitor.errors import SettingsError


def test_the_right_pin_fits_and_another_does_not() -> None:
    kept = hash_pin("2718")
    assert is_pin("2718", kept)
    assert not is_pin("2719", kept)


def test_the_same_pin_is_kept_differently_each_time() -> None:
    assert hash_pin("2718") != hash_pin("2718")


@pytest.mark.parametrize("kept", ["", "2718", "scrypt$1", "md5$16384$8$1$aaaa$bbbb", "scrypt$16384$8$1$?$?"])
def test_a_damaged_hash_is_one_sentence(kept: str) -> None:
    with pytest.raises(SettingsError, match="Set the PIN again"):
        is_pin("2718", kept)


@pytest.mark.parametrize("pin", ["", "271", "27 18", "٢٧١٨", "abcd", "27.8", "²718"])
def test_only_enough_digits_are_a_pin(pin: str) -> None:
    assert pin_fault(pin) == "A PIN has at least 4 digits, and nothing else."


def test_enough_digits_are_a_pin() -> None:
    assert pin_fault("2718") is None
