"""GB 11643: the standard's own example, an independent reckoning, and every way to be wrong."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.identity.id_number import (
    IdNumberBirth,
    IdNumberCheck,
    IdNumberRegion,
    IdNumberShape,
    check_character,
    checked,
)
from provisioning.nouns.refusals import Refusal

TODAY = date(2026, 3, 2)
STANDARD = "11010519491231002X"  # GB 11643-1999, clause 4.2 and its annex


def reference(body: str) -> str:
    """ISO 7064 MOD 11-2 by its recurrence, digit by digit, instead of by weights."""
    rest = 0
    for digit in body:
        rest = (rest + int(digit)) * 2 % 11
    value = (12 - rest) % 11
    return "X" if value == 10 else str(value)


def whole(body: str) -> str:
    return body + reference(body)


bodies = st.builds(
    lambda region, days, order: f"{region}{date(1950, 1, 1) + timedelta(days=days):%Y%m%d}{order:03d}",
    st.sampled_from(["110105", "139999", "440300", "650102", "810000", "911101"]),
    st.integers(0, 27_000),
    st.integers(0, 999),
)


def test_the_example_of_the_standard_passes():
    assert checked(STANDARD, TODAY) == STANDARD
    assert checked(" 11010519491231002x ", TODAY) == STANDARD
    assert checked("\uff111010519491231002\uff38", TODAY) == STANDARD


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_character_agrees_with_the_recurrence(body: str):
    assert check_character(body) == reference(body)


@given(bodies)
def test_a_sound_number_passes_as_it_is(body: str):
    assert checked(whole(body), TODAY) == whole(body)


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(body: str, at: int, by: int):
    wrong = body[:at] + str((int(body[at]) + by) % 10) + body[at + 1 :]
    with pytest.raises(Refusal):
        checked(wrong + reference(body), TODAY)


@given(bodies, st.integers(0, 15))
def test_two_neighbours_swapped_never_pass(body: str, at: int):
    if body[at] == body[at + 1]:
        return
    wrong = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
    with pytest.raises(Refusal):
        checked(wrong + reference(body), TODAY)


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        ("", IdNumberShape),
        ("110105491231002", IdNumberShape),
        ("1101051949123100XX", IdNumberShape),
        ("11010519491231002Y", IdNumberShape),
        (whole("99010519491231002"), IdNumberRegion),
        (whole("18010519491231002"), IdNumberRegion),
        (whole("11010519490231002"), IdNumberBirth),
        (whole("11010518991231002"), IdNumberBirth),
        (whole("11010520260303002"), IdNumberBirth),
        ("110105194912310021", IdNumberCheck),
    ],
)
def test_each_mistake_has_its_own_sentence(number: str, refusal: type[Refusal]):
    with pytest.raises(refusal) as caught:
        checked(number, TODAY)
    for language in ("en", "zh"):
        assert not number or number not in caught.value.sentence(language)
    assert caught.value.sentence("zh") != caught.value.sentence("en")
