"""What a person must look at. Said once while it is open, however often it is seen, and said again, louder, where nobody
looks; acknowledging it mends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from connectors.contract import Json, canonical
from provisioning.alarms.levels import TOLD_MAX, Patience, level_of
from provisioning.alarms.outgoing import ACKNOWLEDGED, AGAIN, RAISED, tell_outside
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Alarm, Level, Told
from provisioning.store import alarms as rows
from provisioning.store.alarms import Filter
from provisioning.store.engine import Tx
from provisioning.story.story import Story

OPEN_MAX = 1_000
AGAIN_AT_ONCE_MAX = 100
HOUSE = "house:alarms"
OPEN = Filter()


class AlarmAcknowledged(Refusal):
    """Alarm {id} was acknowledged by {by} already. The open ones are on the status page."""

    status = 409


class Alarms:
    """Raises, repeats and settles alarms; each of these is an event, and is told at the hooks."""

    def __init__(self, story: Story, patience: Patience | None = None) -> None:
        self._story = story
        self._patience = patience or Patience()

    def raise_alarm(
        self,
        tx: Tx,
        kind: str,
        template: str,
        fields: Mapping[str, Json],
        target: str | None = None,
        person: str | None = None,
    ) -> str:
        """Raise one and return its id; where one that says the same is open, that one's id, and nothing more.

        `fields` fill the template and are read by all operators: nothing personal goes in.
        """
        sameness = _sameness(kind, target, person, fields)
        already = rows.open_alike(tx, sameness)
        if already is not None:
            return already
        level = level_of(kind)
        due = tx.now + self._patience.span(level)
        alarm = Alarm(tx.ids.new("alm"), kind, target, person, tx.now, template, fields, level=level, due=due)
        rows.add_alarm(tx, alarm, sameness)
        data: dict[str, Json] = {"alarm": alarm.id, "alarm_kind": kind, "template": template, "fields": dict(fields)}
        data["level"] = int(level)
        self._story.tell(tx, Told("alarm.raised", HOUSE, person, target, alarm.id, data))
        tell_outside(tx, alarm, RAISED)
        tx.wake("alarms")
        return alarm.id

    def acknowledge(self, tx: Tx, alarm_id: str, actor: Actor, note: str | None = None) -> Alarm:
        """Say that somebody has looked, and perhaps what they saw. Raises `NotFound`, `AlarmAcknowledged`."""
        found = rows.alarm_of(tx, alarm_id)
        if found is None:
            raise NotFound(what="alarm", name=alarm_id, where="the status page")
        if not rows.mark_acknowledged(tx, alarm_id, actor.name, note):
            raise AlarmAcknowledged(id=alarm_id, by=found.acknowledged_by)
        data: dict[str, Json] = {"alarm": alarm_id, "alarm_kind": found.kind}
        said: dict[str, Json] = {} if note is None else {"note": note}
        # What somebody writes about an alarm of a person is that person's.
        mine, open_to_all = (said, data) if found.person is not None else ({}, data | said)
        told = Told("alarm.acknowledged", actor.name, found.person, found.target, alarm_id, open_to_all, mine)
        self._story.tell(tx, told)
        settled = rows.alarm_of(tx, alarm_id) or found
        tell_outside(tx, settled, ACKNOWLEDGED)
        tx.wake("alarms")
        return settled

    def settle(self, tx: Tx, kind: str, fields: Mapping[str, Json], actor: Actor, target: str | None = None) -> None:
        """Acknowledge the open alarm that says this, if there is one: who has done what it asks for has looked."""
        found = rows.open_alike(tx, _sameness(kind, target, None, fields))
        if found is not None:
            self.acknowledge(tx, found, actor)

    def needed(self, tx: Tx) -> bool:
        """Whether somebody has kept an alarm waiting for too long."""
        return bool(rows.due_alarms(tx, 1))

    def act(self, tx: Tx) -> None:
        """Say again what nobody has looked at, one level higher."""
        again: list[Alarm] = []
        for alarm in rows.due_alarms(tx, AGAIN_AT_ONCE_MAX):
            level = Level(min(alarm.level + 1, Level.URGENT))
            told = alarm.told + 1
            due = tx.now + self._patience.span(level) if told < TOLD_MAX else None
            again.append(replace(alarm, level=level, told=told, due=due))
        rows.tell_again(tx, [(each.id, each.level, each.told, each.due) for each in again])
        self._story.tell(tx, *(_said_again(each) for each in again))
        for each in again:
            tell_outside(tx, each, AGAIN)
        if again:
            tx.wake("alarms")

    def open(self, tx: Tx, limit: int = OPEN_MAX) -> list[Alarm]:
        """Those that nobody has acknowledged, newest first."""
        return rows.alarms(tx, limit, OPEN)

    def those(self, tx: Tx, limit: int, which: Filter) -> list[Alarm]:
        """The newest of those that are asked for, acknowledged or not."""
        return rows.alarms(tx, limit, which)

    def count_open(self, tx: Tx) -> int:
        """How many wait for somebody."""
        return rows.open_count(tx)


def _said_again(alarm: Alarm) -> Told:
    data: dict[str, Json] = {
        "alarm": alarm.id, "alarm_kind": alarm.kind, "level": int(alarm.level), "told": alarm.told,
    }  # fmt: skip
    return Told("alarm.told-again", HOUSE, alarm.person, alarm.target, alarm.id, data)


def _sameness(kind: str, target: str | None, person: str | None, fields: Mapping[str, Json]) -> bytes:
    said = canonical({"kind": kind, "target": target, "person": person, "fields": dict(fields)})
    return hashlib.sha256(said.encode()).digest()
