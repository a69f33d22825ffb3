"""What a WG panel tells of its doors, in the words that all devices share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from connectors.contract import Anew, Gap, Heard, Mark, PassageKind, Reported
from devices.wg import backfill, reasons
from devices.wg.panel import Panel, PanelEvent

WHOLE = "panel"
"""The key of what concerns no one door: fire, the lid, the power."""

_REASONS = {
    reasons.SWIPE: "card",
    reasons.PC_CONTROL: "left to the hub",
    reasons.NO_RIGHT: "no right",
    reasons.WRONG_PIN: "wrong PIN",
    reasons.PASSBACK: "anti-passback",
    reasons.MORE_CARDS: "more cards needed",
    reasons.FIRST_CARD: "first card missing",
    reasons.DOOR_NORMALLY_CLOSED: "door held shut",
    reasons.INTERLOCK: "interlock",
    reasons.NOT_AT_THIS_TIME: "not at this time",
    reasons.UNKNOWN_CARD: "unknown card",
    reasons.BUTTON: "button",
    reasons.DOOR_OPENED: "opened",
    reasons.DOOR_CLOSED: "shut",
    reasons.PASSCODE: "passcode",
    reasons.POWER_ON: "power on",
    reasons.RESET: "reset",
    reasons.BUTTON_DISABLED: "button off",
    reasons.BUTTON_LOCKED: "door held shut",
    reasons.BUTTON_INTERLOCK: "interlock",
    reasons.HELD_OPEN: "held open",
    reasons.FORCED: "forced",
    reasons.FIRE: "fire input",
    reasons.ZONE_24H: "lid open",
    reasons.REMOTE_OPEN: "opened by order",
}
_OTHER = "reason {number}"
_KINDS = {
    reasons.BUTTON: PassageKind.BUTTON,
    reasons.BUTTON_DISABLED: PassageKind.BUTTON,
    reasons.BUTTON_LOCKED: PassageKind.BUTTON,
    reasons.BUTTON_INTERLOCK: PassageKind.BUTTON,
    reasons.DOOR_CLOSED: PassageKind.CLOSED,
    reasons.POWER_ON: PassageKind.STARTED,
    reasons.RESET: PassageKind.STARTED,
    reasons.HELD_OPEN: PassageKind.HELD,
    reasons.FORCED: PassageKind.FORCED,
    reasons.FIRE: PassageKind.FIRE,
    reasons.ZONE_24H: PassageKind.TAMPER,
}
_BY_READER = frozenset({
    reasons.SWIPE, reasons.PC_CONTROL, reasons.NO_RIGHT, reasons.WRONG_PIN, reasons.PASSBACK, reasons.MORE_CARDS,
    reasons.FIRST_CARD, reasons.DOOR_NORMALLY_CLOSED, reasons.INTERLOCK, reasons.NOT_AT_THIS_TIME, reasons.UNKNOWN_CARD,
    reasons.PASSCODE,
})  # fmt: skip
_WAYS = {reasons.IN: True, reasons.OUT: False}
_DOORS = {0: WHOLE} | {door: f"door:{door}" for door in range(1, 5)}


def heard(event: PanelEvent) -> Heard:
    """A panel's event. Only a reader's own events name cards: the numbers in others are nobody's."""
    key = _DOORS.get(event.door, WHOLE)
    reason = _REASONS.get(event.reason) or _OTHER.format(number=event.reason)
    if event.kind != reasons.KIND_SWIPE and event.reason not in _BY_READER:
        kind = _KINDS.get(event.reason, PassageKind.OTHER)
        return Heard(event.index, kind, key, None, event.at, event.granted, reason, None)
    kind = PassageKind.PASSED if event.granted else PassageKind.DENIED
    way = _WAYS.get(event.direction)
    return Heard(event.index, kind, key, event.card or None, event.at, event.granted, reason, way)


async def passages(panel: Panel, after: Mark, most: int) -> AsyncIterator[Reported]:
    """What a panel keeps after a mark, up to so many. Raises what its verbs raise; what came until then stands."""
    async with aclosing(backfill.backfill(panel, _From(after.index, after.at), events_max=most)) as kept:
        async for one in kept:
            if isinstance(one, PanelEvent):
                yield heard(one)
            elif isinstance(one, backfill.Gap):
                yield Gap(one.first, one.last)
            else:
                yield Anew()


@dataclass(frozen=True, slots=True)
class _From(backfill.Cursor):
    """A cursor that does not know which card it was: the hub keeps no numbers that are nobody's cards."""

    def names(self, event: PanelEvent) -> bool:
        """Whether this is the event; where nobody knows, it may be."""
        return self.at is None or (event.index, event.at) == (self.index, self.at)
