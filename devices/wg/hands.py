"""What hands do to the doors of a panel, other than showing cards: buttons, doors, the fire input, the lid.

Kinds, pretended card numbers and "only where special events are recorded": uhppoted/uhppote-simulator `actions.go`.
That forced, held, fire and tamper are always recorded, as alarms, is from memory; so is that the 24-hour zone (reason 42)
stands for the lid.
"""

from __future__ import annotations

from devices.wg import reasons
from devices.wg.body import Body
from devices.wg.decision import NORMALLY_CLOSED
from devices.wg.passback import interlocked


class Hands:
    """Whoever stands before the doors."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def press(self, door: int) -> bool:
        """Press the button beside a door; whether its lock was released."""
        body, locks = self._body, self._body.locks
        again = door in locks.pressed
        locks.press(door)
        reason = self._button(door)
        if reason == reasons.BUTTON:
            body.unlock(door)
        if not again:
            released = reason == reasons.BUTTON
            kind = reasons.KIND_DOOR if released else reasons.KIND_ALARM
            card = reasons.CARD_OF_BUTTON if released else reasons.CARD_OF_DEAD_BUTTON
            self._special(kind, granted=released, door=door, card=card, reason=reason)
        return reason == reasons.BUTTON

    def pull(self, door: int) -> bool:
        """Try to open a door: it opens where its lock is released, and stays open until somebody shuts it."""
        body, locks = self._body, self._body.locks
        if door in locks.open_doors:
            return True
        if not locks.is_released(door, body.mode_of(door)):
            return False
        locks.opened(door, body.state.doors[door].delay_s + body.held_open_s)
        self._special(
            reasons.KIND_DOOR, granted=True, door=door, card=reasons.CARD_OF_OPENED, reason=reasons.DOOR_OPENED
        )
        return True

    def force(self, door: int) -> int:
        """Break a door open; the index of the alarm, 0 where nothing had to be broken."""
        if self.pull(door):
            return 0
        self._body.locks.opened(door, None)
        return self._alarm(door, reasons.FORCED)

    def shut(self, door: int) -> bool:
        """Shut a door; False where it was not open."""
        was_open = self._body.locks.closed(door)
        if was_open:
            self._special(
                reasons.KIND_DOOR, granted=True, door=door, card=reasons.CARD_OF_CLOSED, reason=reasons.DOOR_CLOSED
            )
        return was_open

    def fire(self, *, on: bool) -> int:
        """Close or open the fire input; the index of the alarm, 0 where there is none."""
        began = on and not self._body.locks.fire
        self._body.locks.fire = on
        return self._alarm(0, reasons.FIRE) if began else 0

    def tamper(self, *, on: bool) -> int:
        """Lift the lid or close it; the index of the alarm, 0 where there is none."""
        began = on and not self._body.locks.tampered
        self._body.locks.tampered = on
        return self._alarm(0, reasons.ZONE_24H) if began else 0

    def _button(self, door: int) -> int:
        body = self._body
        if body.timetable.rules[door].button_off:
            return reasons.BUTTON_DISABLED
        if body.mode_of(door) == NORMALLY_CLOSED:
            return reasons.BUTTON_LOCKED
        if interlocked(body.state.rules.interlock, door, body.locks.open_doors):
            return reasons.BUTTON_INTERLOCK
        return reasons.BUTTON

    def _special(self, kind: int, *, granted: bool, door: int, card: int, reason: int) -> None:
        if self._body.state.rules.special_events:
            self._body.happened(kind, granted=granted, door=door, card=card, reason=reason)

    def _alarm(self, door: int, reason: int) -> int:
        return self._body.happened(reasons.KIND_ALARM, granted=False, door=door, card=0, reason=reason)
