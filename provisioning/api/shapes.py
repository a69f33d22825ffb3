"""The shapes that more than one noun answers with, each made from a value of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

No = Annotated[str, Path(description="Staff number (工号)", max_length=64, examples=["FX2026001"])]
DryRun = Annotated[bool, Query(description="Go through it all and say what it would do, but keep nothing")]


class Shape(BaseModel):
    """Made from the house's own frozen values by their attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    @classmethod
    def of(cls, value: object) -> Self:
        """The shape of a value."""
        return cls.model_validate(value)


class CardShape(Shape):
    """One card in one person's hands for [opens, closes)."""

    id: str
    number: int
    opens: datetime
    closes: datetime | None
    state: str = Field(description="active, suspended, lost or ended")
    kind: str = Field(description="card, or lent: loan (in place of the holder's own) or spare (beside them)")
    has_pin: bool = Field(description="Whether a PIN goes with it")


class GrantShape(Shape):
    """A right for [opens, closes), with the rule that gave it."""

    id: str
    stay: str
    resource: str = Field(examples=["zone:north-public"])
    opens: datetime
    closes: datetime | None
    rule: str
    version: int
    clause: str
    trace: str = Field(description="The notice or act that led to it")
    recorded: datetime


class EffectShape(Shape):
    """What an act did to rights and records, or would do."""

    people: int
    targets: int
    grants_gained: int
    grants_lost: int
    records_written: int
    records_erased: int
