"""Identity numbers of mainland residents (公民身份号码), as GB 11643-1999 makes them: region, birth date, order, check
character. No sentence here repeats the number itself."""

from __future__ import annotations

import unicodedata
from datetime import date

from provisioning.nouns.refusals import Refusal

LENGTH = 18
BIRTH_YEAR_MIN = 1900
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
# GB/T 2260, first two digits; 81–83 are residence permits for people of Hong Kong, Macau and Taiwan.
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)


class IdNumberShape(Refusal):
    """An identity number has 17 digits and then a digit or X; this has not. Copy it again from the identity card."""


class IdNumberRegion(Refusal):
    """This identity number begins with no region of the country. Copy it again from the identity card."""


class IdNumberBirth(Refusal):
    """The digits 7 to 14 of this identity number are no possible birth date. Copy it again from the identity card."""


class IdNumberCheck(Refusal):
    """The last character of this identity number does not fit the others: one of them is mistyped. Copy it again from
    the identity card."""


def checked(text: str, today: date) -> str:
    """The number in its one form (ASCII, upper-case X). Raises the four refusals above. GB 11643-1999."""
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    body, last = number[:-1], number[-1:]
    if len(number) != LENGTH or not body.isascii() or not body.isdigit() or last not in _CHECKS:
        raise IdNumberShape
    # The foreigner's permanent residence card of 2023 puts a 9 before the region.
    if (number[1:3] if number[0] == "9" else number[:2]) not in _PROVINCES:
        raise IdNumberRegion
    if not _is_birth_date(number[6:14], today):
        raise IdNumberBirth
    if check_character(body) != last:
        raise IdNumberCheck
    return number


def check_character(body: str) -> str:
    """The eighteenth character for seventeen digits: ISO 7064 MOD 11-2."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def _is_birth_date(digits: str, today: date) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return born.year >= BIRTH_YEAR_MIN and born <= today
