"""Alarms: what somebody must look at, and where else it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from provisioning.alarms.posting import URL_CHARS_MAX
from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.told import Alarm
from provisioning.store.alarms import Filter
from provisioning.store.hooks import Hook

NOTE_CHARS_MAX = 500

router = APIRouter(tags=["alarms"], responses=responses(401, 403, 422))
AtLevel = Annotated[int, Field(ge=1, le=3, description="1 notice, 2 warning, 3 urgent")]
HookId = Annotated[str, Path(max_length=64, description="A hook's id")]


class AlarmShape(Shape):
    """One alarm; open until acknowledged."""

    id: str
    kind: str = Field(examples=["drift.foreign"])
    level: int = Field(description="1 notice, 2 warning, 3 urgent: it rises while nobody looks")
    told: int = Field(description="How often it was told")
    due: datetime | None = Field(description="When it is told again; null where it is not")
    target: str | None
    at: datetime
    sentence: str = Field(description="What happened and what to do, in the language of the request")
    acknowledged_by: str | None
    acknowledged: datetime | None
    note: str | None = Field(description="What was written by whoever looked")


class Acknowledgement(BaseModel):
    """What is said of an alarm."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: str | None = Field(default=None, min_length=1, max_length=NOTE_CHARS_MAX)


class HookShape(Shape):
    """One place where alarms are told outside the hub."""

    id: str
    url: str
    level: int = Field(description="Alarms from this level up are told there")
    by: str = Field(description="Who added it")
    created: datetime
    waiting: int = Field(description="How many messages wait for it")
    sent: datetime | None = Field(description="When it last took one")
    failing: datetime | None = Field(description="Since when it takes none; null where it does")
    due: datetime | None = Field(description="When it is tried again, where it is failing")
    why: str | None = Field(description="Why it takes none, in the language of the request")


class NewHook(BaseModel):
    """A hook to be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(max_length=URL_CHARS_MAX, examples=["https://duty.example/alarms"])
    level: AtLevel = 1


class HookMade(Shape):
    """A new hook, and the secret that nobody can show again."""

    dry_run: bool
    id: str | None = Field(description="Null in a dry run")
    url: str
    level: int
    secret: str | None = Field(description="Signs every message; begins with whsec_; null in a dry run")


class HookGone(Shape):
    """A hook that was removed."""

    id: str
    dropped: int = Field(description="How many messages were still waiting for it")


class HookTried(Shape):
    """What came of a test."""

    id: str
    taken: bool
    status: int | None = Field(description="What it answered; null where it did not")
    why: str | None


@router.get("/alarms", summary="List alarms")
def list_alarms(
    rooms: House,
    asker: Annotated[Asker, may("alarms.read")],
    *,
    everything: Annotated[bool, Query(alias="all", description="Those that were acknowledged, too")] = False,
    level: Annotated[int | None, Query(ge=1, le=3, description="Only those of this level or above")] = None,
    kind: Annotated[str | None, Query(max_length=64, description="A kind, or what stands before its dot")] = None,
    target: Annotated[str | None, Query(max_length=64, description="Only those of this target")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlarmShape]:
    """The newest first."""
    which = Filter(open_only=not everything, level=level, kind=kind, target=target)
    with rooms.store.reading() as tx:
        found = rooms.alarms.those(tx, limit, which)
    return [_shape(each, asker) for each in found]


@router.post("/alarms/{alarm}/acknowledge", summary="Acknowledge an alarm", responses=responses(404, 409))
def acknowledge(
    rooms: House,
    asker: Annotated[Asker, may("alarms.acknowledge")],
    alarm: Annotated[str, Path(max_length=64)],
    said: Acknowledgement | None = None,
    *,
    dry_run: DryRun = False,
) -> AlarmShape:
    """Say that somebody has looked, and what they saw. It mends nothing."""
    with act(rooms.store, dry_run=dry_run) as tx:
        seen = rooms.alarms.acknowledge(tx, alarm, asker.actor, None if said is None else said.note)
    return _shape(seen, asker)


@router.get("/hooks", summary="List hooks")
def list_hooks(rooms: House, asker: Annotated[Asker, may("hook.read")]) -> list[HookShape]:
    """Where alarms are told outside the hub, the oldest first."""
    with rooms.store.reading() as tx:
        found, waiting = rooms.hooks.all(tx), rooms.hooks.waiting(tx)
    return [_hook(each, waiting.get(each.id, 0), asker) for each in found]


@router.post("/hooks", summary="Add a hook", responses=responses(409))
def add_hook(
    rooms: House, asker: Annotated[Asker, may("hook.write")], new: NewHook, *, dry_run: DryRun = False
) -> HookMade:
    """Every alarm from its level up is told there from now on, signed by Standard Webhooks. The answer holds the secret,
    this once."""
    with act(rooms.store, dry_run=dry_run) as tx:
        hook, secret = rooms.hooks.add(tx, new.url, new.level, asker.actor)
    shown = (None, None) if dry_run else (hook.id, secret)
    return HookMade(dry_run=dry_run, id=shown[0], url=hook.url, level=hook.level, secret=shown[1])


@router.post("/hooks/{hook}/remove", summary="Remove a hook", responses=responses(404))
def remove_hook(
    rooms: House, asker: Annotated[Asker, may("hook.write")], hook: HookId, *, dry_run: DryRun = False
) -> HookGone:
    """Nothing is told there any more, also not what still waits."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return HookGone(id=hook, dropped=rooms.hooks.remove(tx, hook, asker.actor))


@router.post("/hooks/{hook}/test", summary="Send a test to a hook", responses=responses(404))
def try_hook(rooms: House, asker: Annotated[Asker, may("hook.write")], hook: HookId) -> HookTried:
    """Sends one message now, and waits for what comes of it. It is no alarm, and is not repeated."""
    posted = rooms.courier.attempt(hook, asker.actor)
    why = None if posted.why is None else asker.say(posted.why, status=posted.status)
    return HookTried(id=hook, taken=posted.why is None, status=posted.status, why=why)


def _shape(alarm: Alarm, asker: Asker) -> AlarmShape:
    return AlarmShape(
        id=alarm.id,
        kind=alarm.kind,
        level=alarm.level,
        told=alarm.told,
        due=alarm.due,
        target=alarm.target,
        at=alarm.at,
        sentence=asker.say(alarm.template, **alarm.fields),
        acknowledged_by=alarm.acknowledged_by,
        acknowledged=alarm.acknowledged,
        note=alarm.note,
    )


def _hook(hook: Hook, waiting: int, asker: Asker) -> HookShape:
    return HookShape(
        id=hook.id,
        url=hook.url,
        level=hook.level,
        by=hook.by,
        created=hook.created,
        waiting=waiting,
        sent=hook.sent,
        failing=hook.failing,
        due=hook.due,
        why=None if hook.why is None else asker.say(hook.why, status=hook.status),
    )
