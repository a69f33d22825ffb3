"""What is told outside of an alarm: a CloudEvent for each hook whose level it has, written with the alarm itself."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Json
from provisioning.nouns.told import Alarm
from provisioning.nouns.words import say
from provisioning.store import hooks as rows
from provisioning.store.engine import Tx
from provisioning.store.hooks import Message

RAISED, AGAIN, ACKNOWLEDGED, TRIAL = "raised", "again", "acknowledged", "test"
TYPE = "foyer.alarm."
SILENT = "hook.silent"
WAKES = "hooks"
TRIAL_SAYS = "This is a test of the hook {hook}. Nothing has happened."


def tell_outside(tx: Tx, alarm: Alarm, what: str) -> int:
    """Put it into the outbox of every hook from this level down; how many. A hook's own silence is not told at itself."""
    own = alarm.fields.get("hook") if alarm.kind == SILENT else None
    told = [one for one in rows.hooks_from(tx, alarm.level) if one != own]
    if told:
        rows.add_messages(tx, [message(tx, hook, what, alarm) for hook in told])
        tx.wake(WAKES)
    return len(told)


def message(tx: Tx, hook: str, what: str, alarm: Alarm) -> Message:
    """One thing to tell at a hook. It names no person and no note: who reads it may look the alarm up."""
    id_ = tx.ids.new("msg")
    data: dict[str, Json] = {
        "alarm": alarm.id,
        "kind": alarm.kind,
        "level": int(alarm.level),
        "target": alarm.target,
        "raised": alarm.at.isoformat(),
        "told": alarm.told,
        "sentence": {"en": say(alarm.template, "en", alarm.fields), "zh": say(alarm.template, "zh", alarm.fields)},
        "acknowledged": None if alarm.acknowledged is None else alarm.acknowledged.isoformat(),
        "acknowledged_by": alarm.acknowledged_by,
    }
    body = _event(tx, id_, f"/foyer/hooks/{hook}", TYPE + what, alarm.id, data)
    return Message(id_, hook, alarm.id, body, tx.now, 0, tx.now)


def _event(tx: Tx, id_: str, source: str, kind: str, subject: str, data: Mapping[str, Json]) -> str:
    # A hub without hooks never needs it.
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent

    attributes = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": kind,
        "subject": subject,
        "time": tx.now,
        "datacontenttype": "application/json",
    }
    return JSONFormat().write(CloudEvent(attributes, dict(data))).decode()
