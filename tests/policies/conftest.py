"""Stays, rules files and the shipped rules, for every test of the policies."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import date
from importlib.resources import files

import pytest

from policies.facts import Facts
from policies.rules import RuleSet, read_rules


@pytest.fixture(scope="session")
def shipped() -> RuleSet:
    """The rules that ship, found as package data."""
    return read_rules((files("policies") / "rules" / "default.yaml").read_text("utf-8"))


@pytest.fixture(scope="session")
def stay() -> Callable[..., Facts]:
    """A stay of March 2027, changed as asked."""

    def build(**changes: object) -> Facts:
        facts: dict[str, object] = {
            "stay": "stay-1",
            "department": "finance",
            "departments": ("finance",),
            "post": "科员",
            "kind": "公务员",
            "area": "north",
            "arrival": date(2027, 3, 1),
            "departure": date(2027, 3, 31),
        }
        return Facts(**(facts | changes))  # pyrefly: ignore[bad-argument-type] - the test names the fields

    return build


@pytest.fixture(scope="session")
def rule() -> Callable[..., str]:
    """The YAML of a rules file with one rule; a key set to None is left out. `when` comes last, from line 9."""

    def build(**changes: str | None) -> str:
        keys: dict[str, str | None] = {
            "id": "doors",
            "version": "1",
            "clause": "第六条",
            "title": "{zh: 门, en: Doors}",
            "grant": '["zone:north-public"]',
            "opens": "arrival",
            "closes": "departure",
            "when": "true",
        }
        keys |= changes
        lines = [f"{key}: {value}" for key, value in keys.items() if value is not None]
        return "rules:\n  - " + textwrap.indent("\n".join(lines), "    ").lstrip() + "\n"

    return build
