"""How a preview is shown: the same for a sheet, for rules, for a campus file and for what waits."""

from __future__ import annotations

from pydantic import Field

from provisioning.api.asking import Asker
from provisioning.api.shapes import Shape
from provisioning.grants.preview import Preview
from provisioning.operators.permits import PERMITS


class PreviewLineShape(Shape):
    """One resource on one target, and how many people gain and lose it."""

    resource: str = Field(examples=["zone:north-public"])
    target: str | None = Field(description="Null where no target serves it yet")
    gained: int
    lost: int


class TouchedShape(Shape):
    """One person, and the resources that they gain and lose."""

    no: str = Field(description="Staff number (工号)")
    gained: list[str]
    lost: list[str]


class PreviewShape(Shape):
    """What a change would do from today on: people × resources × targets gained and lost."""

    people_gaining: int
    people_losing: int
    lines: list[PreviewLineShape]
    sample: list[TouchedShape] = Field(description="The first of these people, for who may see people")


def shown_to(asker: Asker, preview: Preview) -> PreviewShape:
    """A preview for an operator: whoever may not see people sees figures only."""
    shape = PreviewShape.of(preview)
    sees = asker.operator.roles & PERMITS["person.read"]
    return shape if sees else shape.model_copy(update={"sample": []})
