"""As `guards.py`, for what stands between a hub and a gateway far from it, and at doors that a gateway decides about. Only
tests use this."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors import deciding
from connectors.contract import Mark, Reported
from connectors.deciding import Deciding
from connectors.kept_list import KeptList
from connectors.noting import Noting
from connectors.partings import Partings
from connectors.roll import Roll


def terms(patch: pytest.MonkeyPatch) -> None:
    """A gateway goes on letting people in after its term."""
    patch.setattr(Deciding, "over", lambda *_: False)


def outages(patch: pytest.MonkeyPatch) -> None:
    """What was read while nobody asked the reader counts as if it were read now."""
    decide = deciding.decide
    patch.setattr(deciding, "decide", lambda asked, *told: decide(replace(asked, fresh=True), *told))


def partings(patch: pytest.MonkeyPatch) -> None:
    """A line is let go of while its doors are still kept, and before what they reported is handed in."""

    async def over(*_: object) -> bool:
        return True

    patch.setattr(Partings, "over", over)


def outboxes(patch: pytest.MonkeyPatch) -> None:
    """What doors reported is forgotten once it was sent, before the hub has said that it has it."""
    passages_ = KeptList.passages

    def forgetful(kept: KeptList, line: str, after: Mark, most: int) -> list[Reported]:
        found = passages_(kept, line, after, most)
        last = max((one.index for one in found if hasattr(one, "index")), default=0)
        kept._file._writer.execute("DELETE FROM passage WHERE line = ? AND number <= ?", (line, last))
        return found

    patch.setattr(KeptList, "passages", forgetful)


def erasures(patch: pytest.MonkeyPatch) -> None:
    """What is taken off the list stays in the memory of who decides."""
    put = Roll.put

    def faithful(roll: Roll, key: str, body: str | None) -> None:
        if body is not None:
            put(roll, key, body)

    patch.setattr(Roll, "put", faithful)


def notes(patch: pytest.MonkeyPatch) -> None:
    """A strike is released before its passage is on the disk."""

    async def keep(*_: object) -> None:
        """Later, perhaps."""

    patch.setattr(Noting, "keep", keep)
