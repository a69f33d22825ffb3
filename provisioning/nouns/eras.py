"""Eras: what begins when an older database is put in the place of a newer one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract import Json


@dataclass(frozen=True, slots=True)
class Era:
    """A time after a restore. Until it is `settled` only what takes away is sent to any target.

    `backup_at` is how old the restored database was, `tail_until` the last that the story's tail told, None where there
    was none; `whole` whether that reached the last signed checkpoint. `differences` are what was not done again;
    `accepted_by` the operators who accepted them.
    """

    id: int
    begun: datetime
    backup_at: datetime
    tail_until: datetime | None
    whole: bool
    differences: Mapping[str, Any]
    accepted_by: tuple[str, ...]
    settled: datetime | None = None

    @property
    def replayed(self) -> bool:
        """Whether the tail was looked at: the hub does so once, at its first start on the restored database."""
        return bool(self.differences)


@dataclass(frozen=True, slots=True)
class Image:
    """A row of the database as it was when the tail was written; what is personal in it is sealed."""

    table: str
    row: Mapping[str, Json]


Images = Mapping[str, Mapping[str, Image]]
"""The last image of each row, by table and key; a table of which there is none is empty."""
