"""The three administrators, over every set of roles and every small staff of operators."""

from __future__ import annotations

from itertools import chain, combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.separation import (
    AUDITOR_ALONE,
    BOOTSTRAP_ROLES,
    ROLES,
    SYSTEM_OR_SECURITY,
    THREE,
    UNKNOWN_ROLE,
    complete,
    conflict,
)

EVERY_SET = [
    frozenset(some) for some in chain.from_iterable(combinations(sorted(ROLES), size) for size in range(len(ROLES) + 1))
]


@pytest.mark.parametrize("roles", EVERY_SET)
def test_an_auditor_is_nothing_else_and_system_is_never_security(roles: frozenset[str]):
    allowed = roles in ({"auditor"}, {"hr"}, {"system"}, {"security"}, {"hr", "system"}, {"hr", "security"}, set())
    assert (conflict(roles) is None) is allowed


def test_each_conflict_says_which():
    assert conflict(frozenset({"auditor", "hr"})) == AUDITOR_ALONE
    assert conflict(frozenset({"system", "security", "hr"})) == SYSTEM_OR_SECURITY
    assert conflict(frozenset({"root"})) == UNKNOWN_ROLE
    assert conflict(BOOTSTRAP_ROLES) == SYSTEM_OR_SECURITY


@given(st.lists(st.sampled_from(EVERY_SET), max_size=5))
def test_the_three_exist_when_three_accounts_can_be_named(accounts: list[frozenset[str]]):
    named = any(
        all(role in roles for role, roles in zip(THREE, some, strict=True))
        for some in permutations(accounts, len(THREE))
    )
    assert complete(accounts) is named


def test_one_account_is_never_two_of_them():
    assert not complete([frozenset({"system", "security"}), frozenset({"auditor"})])
    assert complete(frozenset({role}) for role in THREE)
