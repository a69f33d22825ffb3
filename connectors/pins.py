"""PINs as they are kept: digests that nobody can try guesses against without the key, which is kept elsewhere.

What is kept is `NUMBER:HEX`, HEX being HMAC-SHA256(key, `NUMBER:PIN`). NUMBER is a card that the holder had when the PIN
was set: it makes equal PINs look unlike, and goes along when another card takes its place.
"""

from __future__ import annotations

import hmac
import re

DIGITS_MIN = 4
DIGITS_MAX = 6
"""As many as a keypad of a WG panel takes, so that one PIN may serve both kinds of door."""
_PIN = re.compile(rf"[0-9]{{{DIGITS_MIN},{DIGITS_MAX}}}")


def well_formed(pin: str) -> bool:
    """Whether this is a PIN at all: 4 to 6 digits."""
    return _PIN.fullmatch(pin) is not None


def kept(key: bytes, number: int, pin: str) -> str:
    """How the PIN of whoever has this card is kept."""
    return f"{number}:{_digest(key, str(number), pin)}"


def matches(key: bytes, held: str, typed: str) -> bool:
    """Whether these digits are the PIN that is kept so; what was not kept by `kept` matches nothing. Takes as long for right
    ones as for wrong ones."""
    number, _, digest = held.partition(":")
    same = hmac.compare_digest(_digest(key, number, typed).encode(), digest.encode(errors="replace"))
    return same and well_formed(typed)


def _digest(key: bytes, number: str, pin: str) -> str:
    return hmac.digest(key, f"{number}:{pin}".encode(errors="replace"), "sha256").hex()
