"""The rules in force, and another text for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.previews import PreviewShape, shown_to
from provisioning.api.problems import BadRequest, responses
from provisioning.api.shapes import DryRun, Shape

router = APIRouter(tags=["rules"], responses=responses(401, 403, 422))

Yaml = Annotated[bytes, Body(media_type="application/yaml", description="The whole file, UTF-8")]


class RuleShape(Shape):
    """One rule."""

    id: str
    version: int
    clause: str
    title: str
    condition: str
    grants: list[str]


class RulesShape(Shape):
    """The rules in force."""

    rules: list[RuleShape]
    text: str = Field(description="The YAML as it was applied")


class RulesChangeShape(Shape):
    """What another text changes."""

    dry_run: bool
    added: list[str]
    removed: list[str]
    changed: list[str]
    points: bool = Field(description="Whether points are counted otherwise")
    preview: PreviewShape
    waits: bool = Field(description="Whether it is so large that it waits for a second person")
    hold: str | None = Field(description="The hold as which it waits")


@router.get("/rules", summary="Show the rules")
def show(rooms: House, asker: Annotated[Asker, may("rules.read")]) -> RulesShape:
    """The rules in force, and their text."""
    with rooms.store.reading() as tx:
        rules, text = rooms.rulebook.current(tx), rooms.rulebook.text(tx)
    shown = [
        RuleShape(
            id=each.id,
            version=each.version,
            clause=each.clause,
            title=each.title_zh if asker.language == "zh" else each.title_en,
            condition=each.condition.text,
            grants=list(each.grant),
        )
        for each in rules
    ]
    return RulesShape(rules=shown, text=text or "")


@router.post("/rules", summary="Apply rules, or preview them", responses=responses(400, 413, 422))
def apply(
    rooms: House, asker: Annotated[Asker, may("rules.apply")], text: Yaml, *, dry_run: DryRun = False
) -> RulesChangeShape:
    """A text that does not check is refused by line and column. What is too large waits for a second person; else everybody
    is looked at again afterwards."""
    told = as_text(text)
    if dry_run:
        with rooms.store.reading() as tx:
            proposed = rooms.proposals.preview_rules(tx, told)
    else:
        with rooms.store.writing() as tx:
            proposed = rooms.proposals.rules(tx, told, asker.actor)
    return RulesChangeShape(
        dry_run=dry_run,
        added=list(proposed.change.added),
        removed=list(proposed.change.removed),
        changed=list(proposed.change.changed),
        points=proposed.change.points,
        preview=shown_to(asker, proposed.preview),
        waits=proposed.waits,
        hold=proposed.hold.id if proposed.hold else None,
    )


def as_text(data: bytes) -> str:
    """A YAML body as text. Raises `BadRequest` where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest from error
