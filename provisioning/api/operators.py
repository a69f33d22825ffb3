"""Operators: who may use the hub."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.told import Operator

router = APIRouter(tags=["operators"], responses=responses(401, 403, 422))

Role = Literal["hr", "security", "auditor", "system"]


class OperatorShape(Shape):
    """One operator."""

    name: str
    roles: list[str]
    bootstrap: bool = Field(description="The first operator, who ends once system, security and auditor exist")
    created: datetime
    ended: datetime | None


class NewOperator(BaseModel):
    """An operator to be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=80, examples=["li.wei"])
    roles: list[Role] = Field(min_length=1, max_length=4)


class Admitted(Shape):
    """A new operator, and the token that nobody can show again."""

    dry_run: bool
    name: str
    roles: list[str]
    token: str | None = Field(description="Null in a dry run")


@router.get("/operators", summary="List operators", dependencies=[may("operator.read")])
def list_operators(rooms: House) -> list[OperatorShape]:
    """Everybody who is or was an operator, by name."""
    with rooms.store.reading() as tx:
        return [_shape(each) for each in rooms.operators.all(tx)]


@router.post("/operators", summary="Add an operator", responses=responses(409, 422))
def add(
    rooms: House, asker: Annotated[Asker, may("operator.write")], new: NewOperator, *, dry_run: DryRun = False
) -> Admitted:
    """The answer holds the token, this once."""
    with act(rooms.store, dry_run=dry_run) as tx:
        token = rooms.operators.add(tx, new.name, new.roles, asker.actor)
    return Admitted(dry_run=dry_run, name=new.name, roles=sorted(set(new.roles)), token=None if dry_run else token)


@router.post("/operators/{name}/end", summary="End an operator", responses=responses(404, 409))
def end(
    rooms: House,
    asker: Annotated[Asker, may("operator.write")],
    name: Annotated[str, Path(max_length=80)],
    *,
    dry_run: DryRun = False,
) -> OperatorShape:
    """The token opens nothing from now on."""
    with act(rooms.store, dry_run=dry_run) as tx:
        rooms.operators.end(tx, name, asker.actor)
        ended = next(each for each in rooms.operators.all(tx) if each.name == name)
    return _shape(ended)


def _shape(operator: Operator) -> OperatorShape:
    return OperatorShape(
        name=operator.name,
        roles=sorted(operator.roles),
        bootstrap=operator.bootstrap,
        created=operator.created,
        ended=operator.ended,
    )
