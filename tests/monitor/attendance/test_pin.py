"""What is kept of a PIN."""

import base64
import hashlib

import pytest

from monitor.attendance.pin import Peppers, hash_pin, is_outdated, is_pin, pin_fault
from monitor.errors import SettingsError

PEPPERS = Peppers("aa", {"aa": bytes(32), "old": bytes([1]) * 32})


def of_before(pin: str) -> str:
    """The hash that earlier versions kept."""
    salt = bytes(16)
    derived = hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1)
    return f"scrypt$16384$8$1${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


@pytest.mark.usefixtures("in_earnest")
def test_the_right_pin_fits_and_another_does_not() -> None:
    kept = hash_pin("271828", PEPPERS)
    assert kept.startswith("argon2id$aa$65536$2$1$"), "64 MiB and two passes"
    assert is_pin("271828", kept, PEPPERS)
    assert not is_pin("271829", kept, PEPPERS)
    assert not is_outdated(kept, PEPPERS)


def test_the_same_pin_is_kept_differently_each_time() -> None:
    assert hash_pin("271828", PEPPERS) != hash_pin("271828", PEPPERS)


def test_without_the_pepper_no_pin_fits() -> None:
    kept = hash_pin("271828", PEPPERS)
    assert not is_pin("271828", kept, Peppers("aa", {"aa": bytes([2]) * 32}))
    with pytest.raises(SettingsError, match="set with another key"):
        is_pin("271828", kept, Peppers("bb", {"bb": bytes(32)}))


def test_a_hash_of_before_still_fits_and_is_outdated() -> None:
    assert is_pin("2718", of_before("2718"), PEPPERS)
    assert not is_pin("2719", of_before("2718"), PEPPERS)
    assert is_outdated(of_before("2718"), PEPPERS)


def test_a_hash_with_a_retired_pepper_fits_and_is_outdated() -> None:
    kept = hash_pin("271828", Peppers("old", PEPPERS.secrets))
    assert is_pin("271828", kept, PEPPERS)
    assert is_outdated(kept, PEPPERS)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "2718",
        "scrypt$1",
        "md5$16384$8$1$aaaa$bbbb",
        "scrypt$16384$8$1$?$?",
        "argon2id$aa$1$1$1$aaaa$bbbb",
        "argon2id$",
    ],
)
def test_a_damaged_hash_is_one_sentence(kept: str) -> None:
    with pytest.raises(SettingsError, match="et the PIN again"):
        is_pin("2718", kept, PEPPERS)


@pytest.mark.parametrize("pin", ["", "271", "27 1828", "٢٧١٨٢٨", "abcdef", "27.828", "²71828"])
def test_only_enough_digits_are_a_pin(pin: str) -> None:
    assert pin_fault(pin, 6) == "A PIN has at least 6 digits, and nothing else."


def test_enough_digits_are_a_pin() -> None:
    assert pin_fault("271828", 6) is None
    assert pin_fault("2718", 4) is None
