"""What a person must look at. Said once while it is open, however often it is seen; acknowledging it mends nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from connectors.contract import Json, canonical
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Alarm, Told
from provisioning.store import alarms as rows
from provisioning.store.engine import Tx
from provisioning.story.story import Story

OPEN_MAX = 1_000
HOUSE = "house:alarms"


class AlarmAcknowledged(Refusal):
    """Alarm {id} was acknowledged by {by} already. The open ones are on the status page."""

    status = 409


class Alarms:
    """Raises and settles alarms; each of both is an event."""

    def __init__(self, story: Story) -> None:
        self._story = story

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
        alarm = Alarm(tx.ids.new("alm"), kind, target, person, tx.now, template, fields)
        rows.add_alarm(tx, alarm, sameness)
        data: dict[str, Json] = {"alarm": alarm.id, "alarm_kind": kind, "template": template, "fields": dict(fields)}
        self._story.tell(tx, Told("alarm.raised", HOUSE, person, target, alarm.id, data))
        tx.wake("alarms")
        return alarm.id

    def acknowledge(self, tx: Tx, alarm_id: str, actor: Actor) -> Alarm:
        """Say that somebody has looked. Raises `NotFound`, `AlarmAcknowledged`."""
        found = rows.alarm_of(tx, alarm_id)
        if found is None:
            raise NotFound(what="alarm", name=alarm_id, where="the status page")
        if not rows.mark_acknowledged(tx, alarm_id, actor.name):
            raise AlarmAcknowledged(id=alarm_id, by=found.acknowledged_by)
        data: dict[str, Json] = {"alarm": alarm_id, "alarm_kind": found.kind}
        self._story.tell(tx, Told("alarm.acknowledged", actor.name, found.person, found.target, alarm_id, data))
        tx.wake("alarms")
        return rows.alarm_of(tx, alarm_id) or found

    def settle(self, tx: Tx, kind: str, fields: Mapping[str, Json], actor: Actor) -> None:
        """Acknowledge the open alarm that says this, if there is one: who has done what it asks for has looked."""
        found = rows.open_alike(tx, _sameness(kind, None, None, fields))
        if found is not None:
            self.acknowledge(tx, found, actor)

    def open(self, tx: Tx, limit: int = OPEN_MAX) -> list[Alarm]:
        """Those that nobody has acknowledged, newest first."""
        return rows.alarms(tx, limit, open_only=True)

    def all(self, tx: Tx, limit: int) -> list[Alarm]:
        """The newest, acknowledged or not."""
        return rows.alarms(tx, limit, open_only=False)

    def count_open(self, tx: Tx) -> int:
        """How many wait for somebody."""
        return rows.open_count(tx)


def _sameness(kind: str, target: str | None, person: str | None, fields: Mapping[str, Json]) -> bytes:
    said = canonical({"kind": kind, "target": target, "person": person, "fields": dict(fields)})
    return hashlib.sha256(said.encode()).digest()
