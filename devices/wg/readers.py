"""The readers of a panel and their keypads: what comes of a card that is shown, and of a number that is typed.

What a reader waits for (a PIN, more cards) is not remembered when the power goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.clock import Clock
from devices.wg import reasons
from devices.wg.body import Body
from devices.wg.decision import NORMALLY_CLOSED, NORMALLY_OPEN, Doorway, privileged, reason_for
from devices.wg.passback import interlocked

PIN_S = 10.0
"""So long a keypad waits for the PIN of a card."""
MORE_CARDS_S = 20.0
"""Cards that open a door together are shown within so long of each other. Neither time is written anywhere."""


@dataclass(frozen=True, slots=True)
class Swiped:
    """What came of a card or a code. `open`: the door can be walked through, which one that is held open always can.
    `event` 0: the panel has not decided yet, and waits for a PIN."""

    granted: bool
    open: bool
    reason: int
    event: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    direction: int
    until: float


class Readers:
    """Four readers with keypads."""

    def __init__(self, body: Body, clock: Clock) -> None:
        self._body = body
        self._clock = clock
        self._waiting: dict[int, _Waiting] = {}
        self._shown: dict[int, tuple[frozenset[int], float]] = {}

    def swipe(self, number: int, door: int, pin: int | None, direction: int) -> Swiped:
        """A card is shown, and a PIN typed at once where one is told."""
        self._waiting.pop(door, None)
        if self._body.host_decides():
            return self._denied(number, door, reasons.PC_CONTROL, direction)
        state = self._body.state
        way = self._doorway(number, door, direction)
        reason = reason_for(state.cards.get(number), door, way, state.profiles, self._body.local_time(), pin)
        if reason == reasons.UNDECIDED:
            self._waiting[door] = _Waiting(number, direction, self._clock.monotonic() + PIN_S)
            return Swiped(False, self._stands_open(door), reason, 0)
        if reason == reasons.MORE_CARDS:
            cards, _ = self._shown.get(door, (frozenset(), 0.0))
            self._shown[door] = (cards | {number}, self._clock.monotonic())
        if reason != reasons.SWIPE:
            return self._denied(number, door, reason, direction)
        return self._let_in(number, door, direction)

    def typed(self, door: int, code: int) -> Swiped:
        """A number is typed: the PIN of the card that was just shown, or a passcode."""
        waiting = self._waiting.pop(door, None)
        if waiting is not None:
            return self.swipe(waiting.number, door, code, waiting.direction)
        if not self._keypad(door, reasons.IN) or code == 0 or code not in self._body.state.rules.passcodes[door - 1]:
            return self._denied(0, door, reasons.WRONG_PIN, reasons.IN)
        shut = self._body.mode_of(door) == NORMALLY_CLOSED
        if not shut:
            # A normally closed door is unlocked and locked again in the same breath (uhppote-simulator, README).
            self._body.unlock(door)
        event = self._happened(0, door, reasons.PASSCODE, reasons.IN, granted=True)
        return Swiped(True, not shut or self._stands_open(door), reasons.PASSCODE, event)

    def tick(self) -> None:
        """Turn away the cards whose PIN never came."""
        now = self._clock.monotonic()
        for door in [door for door, waiting in self._waiting.items() if waiting.until <= now]:
            waiting = self._waiting.pop(door)
            self._denied(waiting.number, door, reasons.WRONG_PIN, waiting.direction)

    def next_in_s(self) -> float | None:
        """Seconds until a keypad gives up; None: none waits."""
        if not self._waiting:
            return None
        return min(waiting.until for waiting in self._waiting.values()) - self._clock.monotonic()

    def forget(self) -> None:
        """The power went."""
        self._waiting.clear()
        self._shown.clear()

    def _doorway(self, number: int, door: int, direction: int) -> Doorway:
        body = self._body
        rule, rules = body.timetable.rules[door], body.state.rules
        return Doorway(
            mode=body.mode_of(door),
            first_only=body.first_only(door),
            profiles_off=rule.profiles_off,
            keypad=self._keypad(door, direction),
            turned_back=body.passback.bars(number, door),
            interlocked=interlocked(rules.interlock, door, body.locks.open_doors),
            lacks_cards=self._lacks_cards(number, door, rule.more_cards),
        )

    def _keypad(self, door: int, direction: int) -> bool:
        rule = self._body.timetable.rules[door]
        told = rule.keypad if direction == reasons.IN else rule.keypad_out
        return self._body.state.rules.keypads[door - 1] if told is None else told

    def _lacks_cards(self, number: int, door: int, needed: int) -> bool:
        cards, at = self._shown.get(door, (frozenset[int](), 0.0))
        if self._clock.monotonic() - at > MORE_CARDS_S:
            self._shown.pop(door, None)
            cards = frozenset()
        return len(cards | {number}) < needed

    def _let_in(self, number: int, door: int, direction: int) -> Swiped:
        body = self._body
        # The lock first: the event tells a listener of relays, too.
        body.unlock(door)
        event = self._happened(number, door, reasons.SWIPE, direction, granted=True)
        self._shown.pop(door, None)
        body.passback.passed(body.state.rules.passback, number, door)
        card = body.state.cards.get(number)
        if card is not None and privileged(card, door):
            body.first_card_came(door)
        return Swiped(True, True, reasons.SWIPE, event)

    def _denied(self, number: int, door: int, reason: int, direction: int) -> Swiped:
        event = self._happened(number, door, reason, direction, granted=False)
        return Swiped(False, self._stands_open(door), reason, event)

    def _happened(self, number: int, door: int, reason: int, direction: int, *, granted: bool) -> int:
        kind = reasons.KIND_DOOR if granted else reasons.KIND_SWIPE
        return self._body.happened(kind, granted=granted, door=door, card=number, reason=reason, direction=direction)

    def _stands_open(self, door: int) -> bool:
        return self._body.locks.fire or self._body.mode_of(door) == NORMALLY_OPEN
