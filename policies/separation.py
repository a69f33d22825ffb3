"""The three administrators (三员分立; GB/T 22239, security management centre): system, security and audit are three
people. Which roles one account may hold, and when the three exist."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

ROLES = frozenset({"hr", "security", "auditor", "system"})
BOOTSTRAP_ROLES = frozenset({"hr", "security", "system"})
THREE = ("system", "security", "auditor")

UNKNOWN_ROLE = "There is no such role. The roles are hr, security, auditor and system."
AUDITOR_ALONE = "An auditor holds no other role. Give the other roles to another account."
SYSTEM_OR_SECURITY = "System and security are never one account. Give one of the two roles to another account."


def conflict(roles: frozenset[str]) -> str | None:
    """Why one account may not hold these roles together: a sentence without fields; None when it may.

    The bootstrap account is outside this law: it is a flag, holds BOOTSTRAP_ROLES, and ends when `complete`.
    """
    if not roles <= ROLES:
        return UNKNOWN_ROLE
    if "auditor" in roles and len(roles) > 1:
        return AUDITOR_ALONE
    if {"system", "security"} <= roles:
        return SYSTEM_OR_SECURITY
    return None


def complete(operators: Iterable[frozenset[str]]) -> bool:
    """Whether a system, a security and an auditor operator exist as three accounts. One set for each account that is
    in force, the bootstrap account left out.

    Hall's condition: any k of the three roles are held, between them, by at least k accounts.
    """
    accounts = list(operators)
    return all(
        sum(1 for roles in accounts if roles & set(some)) >= size
        for size in range(1, len(THREE) + 1)
        for some in combinations(THREE, size)
    )
