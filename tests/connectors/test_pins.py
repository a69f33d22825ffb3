"""PINs as they are kept: what they are by the words of RFC 2104, and what matches them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import pins

KEY = bytes(range(32))
text = st.text(max_size=8)


def by_hand(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 as RFC 2104 writes it down."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).hexdigest()


def test_what_is_kept_is_a_digest_under_a_key():
    assert pins.kept(KEY, 20260001, "2580") == "20260001:" + by_hand(KEY, b"20260001:2580")


def test_only_the_same_digits_under_the_same_key_match():
    held = pins.kept(KEY, 7, "2580")
    assert pins.matches(KEY, held, "2580")
    assert not pins.matches(KEY, held, "2581")
    assert not pins.matches(KEY, held, "25800")
    assert not pins.matches(bytes(32), held, "2580")
    assert not pins.matches(KEY, "8" + held[1:], "2580"), "a digest is bound to the number before it"


def test_equal_pins_look_unlike():
    assert pins.kept(KEY, 7, "2580").partition(":")[2] != pins.kept(KEY, 8, "2580").partition(":")[2]


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "１２３４", "1234\n", " 1234", "+1234", "-1234", "12.4"])
def test_what_is_no_pin_matches_not_even_itself(pin: str):
    assert not pins.well_formed(pin)
    assert not pins.matches(KEY, pins.kept(KEY, 7, pin), pin)


@pytest.mark.parametrize("pin", ["0000", "12345", "999999"])
def test_four_to_six_digits_are_a_pin(pin: str):
    assert pins.well_formed(pin)
    assert pins.matches(KEY, pins.kept(KEY, 7, pin), pin)


@given(text, text)
def test_nothing_that_is_kept_otherwise_is_matched_and_nothing_breaks_on_it(held: str, typed: str):
    assert not pins.matches(KEY, held, typed)
    assert not pins.matches(KEY, "\ud800" + held, "2580")
