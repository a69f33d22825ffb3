"""Card numbers as readers send them: Wiegand bits, first bit first, each byte filled from its highest bit.

26 bits hold a facility code (8) and a number (16) between two parity bits, and are counted as panels of the WG family
count them: facility x 100000 + number. 34 bits hold one number of 32 between two parity bits. The first parity bit is even
over the first half, the last one odd over the second. Any other length is a bare number.
"""

from __future__ import annotations

WIEGAND_26 = 26
WIEGAND_34 = 34
FACILITY_STEP = 100_000
FORMATS = (WIEGAND_26, 32, WIEGAND_34)
"""What an emulated reader can be told to send, in bits."""


class NoSuchCard(ValueError):
    """A card of this number cannot have this format."""


def encoded(number: int, bits: int) -> bytes:
    """The bits of a card. Raises `NoSuchCard`."""
    if bits == WIEGAND_26:
        facility, serial = divmod(number, FACILITY_STEP)
        if not (0 <= facility < 1 << 8 and 0 <= serial < 1 << 16):
            raise NoSuchCard(f"card {number} does not fit into 26 bits (facility up to 255, number up to 65535)")
        value = _with_parity(facility << 16 | serial, 24)
    elif bits == WIEGAND_34:
        if not 0 <= number < 1 << 32:
            raise NoSuchCard(f"card {number} does not fit into 34 bits")
        value = _with_parity(number, 32)
    else:
        if not 0 <= number < 1 << bits:
            raise NoSuchCard(f"card {number} does not fit into {bits} bits")
        value = number
    width = -bits % 8
    return (value << width).to_bytes((bits + width) // 8, "big")


def decoded(data: bytes, bits: int) -> int:
    """The number of a card; 0 where its bits make none."""
    if not 0 < bits <= len(data) * 8:
        return 0
    value = int.from_bytes(data, "big") >> (len(data) * 8 - bits)
    if bits not in (WIEGAND_26, WIEGAND_34):
        return value
    inner = value >> 1 & (1 << bits - 2) - 1
    if value != _with_parity(inner, bits - 2):
        # A number of another meaning could be somebody's card.
        return 0
    if bits == WIEGAND_34:
        return inner
    facility, serial = divmod(inner, 1 << 16)
    # A serial of 100000 or more cannot be: 16 bits end before.
    return facility * FACILITY_STEP + serial


def _with_parity(inner: int, width: int) -> int:
    half = width // 2
    even = (inner >> half).bit_count() & 1
    odd = (inner & (1 << half) - 1).bit_count() & 1 ^ 1
    return even << width + 1 | inner << 1 | odd
