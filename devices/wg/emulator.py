"""A WG panel as a state machine: frames in, frames out, physical acts beside them. No socket, no timer, no randomness.

It keeps what the hardware keeps and decides as the hardware decides. What it remembers is in its journal before the
answer leaves. What it does by itself, by the clock, it does when it is asked to `tick`; `next_in_s` says when to ask.
Functions that the protocol has not get no answer, as on a panel that does not know them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from devices.clock import Clock
from devices.wg import answers, frames, reasons
from devices.wg.body import HELD_OPEN_S, V6_62, Body, Datagram, Identity
from devices.wg.hands import Hands
from devices.wg.memory import Card, Cards, Event, Events, Journal
from devices.wg.readers import Readers, Swiped
from devices.wg.state import DOORS, State, card_line
from devices.wire import ProtocolError

CARDS_MAX = 20_000
EVENTS_MAX = 200_000
EVENTS_CHUNK = 2_048
_TIMELESS = frozenset(
    {frames.PUT_CARD, frames.DELETE_CARD, frames.GET_CARD, frames.CARD_AT, frames.COUNT, frames.GET_EVENT}
)
"""What is answered the same at any time, and asked most."""


class WgEmulator:
    """One panel. `zone` is where it hangs: its clock shows local time, and gains `drift_ppm` since it was last set."""

    def __init__(
        self,
        identity: Identity,
        clock: Clock,
        zone: tzinfo,
        *,
        cards_max: int = CARDS_MAX,
        events_max: int = EVENTS_MAX,
        events_chunk: int = EVENTS_CHUNK,
        drift_ppm: float = 0.0,
        held_open_s: float = HELD_OPEN_S,
        journal: Journal | None = None,
    ) -> None:
        def blank() -> State:
            return State(Cards(cards_max), Events(events_max, events_chunk), clock.now())

        self.identity = identity
        self.powered = True
        self._body = Body(identity, clock, zone, drift_ppm, blank)
        self._body.held_open_s = held_open_s
        self._readers = Readers(self._body, clock)
        self._hands = Hands(self._body)
        if journal is not None:
            self._body.remember_in(journal)

    def close(self) -> None:
        """Let go of the journal."""
        self._body.close()

    # The wire

    def answer(self, frame: bytes) -> bytes | None:
        """The frame that answers this one; None where a panel keeps silent. Raises OSError if it cannot remember."""
        if not self.powered:
            return None
        try:
            function, request = frames.read_request(frame)
        except ProtocolError:
            return None
        if request.serial != self.identity.serial and not (function == frames.CONTROLLER and request.serial == 0):
            return None
        self._body.heard()
        if function not in _TIMELESS:
            self.tick()
        reply = answers.answer(self._body, function, request)
        return None if reply is None else frames.write_reply(function, reply)

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent to the listener, oldest first; the outbox is empty afterwards."""
        taken = list(self._body.outbox)
        self._body.outbox.clear()
        return taken

    def autosend_interval_s(self) -> int:
        """How often the status goes to the listener unasked; 0: never."""
        listener = self._body.state.listener
        return listener.interval_s if listener.port and self.powered else 0

    def autosend(self) -> None:
        """Put the status into the outbox, as the panel's own timer does."""
        self._body.tell_listener()

    # The clockwork

    def tick(self) -> None:
        """Do all that has become due by itself. Raises OSError if it cannot be remembered."""
        if self.powered:
            self._body.tick()
            self._readers.tick()

    def next_in_s(self) -> float | None:
        """Seconds until something becomes due by itself; None: nothing will, until something else happens."""
        due = [due_s for due_s in (self._body.next_in_s(), self._readers.next_in_s()) if due_s is not None]
        return min(due, default=None) if self.powered else None

    # Physical acts; each raises ValueError: no such door, or the panel has no power

    def swipe(self, number: int, door: int, *, pin: int | None = None, direction: int = reasons.IN) -> Swiped:
        """A card is held to the reader of a door, and a PIN typed at once where one is told."""
        self._attend(door)
        return self._readers.swipe(number, door, pin, direction)

    def type_code(self, door: int, code: int) -> Swiped:
        """A number is typed: the PIN of the card that was just shown, or a passcode."""
        self._attend(door)
        return self._readers.typed(door, code)

    def press_button(self, door: int) -> bool:
        """The button inside is pressed; whether the lock was released."""
        self._attend(door)
        return self._hands.press(door)

    def open_door(self, door: int) -> bool:
        """Somebody pulls: whether the door is open now. It stays so until it is shut."""
        self._attend(door)
        return self._hands.pull(door)

    def force_door(self, door: int) -> int:
        """Somebody breaks the door open; the index of the alarm, 0 where its lock was released."""
        self._attend(door)
        return self._hands.force(door)

    def shut_door(self, door: int) -> bool:
        """The door is shut; False where it was not open."""
        self._attend(door)
        return self._hands.shut(door)

    def fire(self, *, on: bool) -> int:
        """The fire input closes, and all locks are released; or it opens. The index of the alarm, else 0."""
        self._attend(DOORS[0])
        return self._hands.fire(on=on)

    def tamper(self, *, on: bool) -> int:
        """The lid is lifted, or closed. The index of the alarm, else 0."""
        self._attend(DOORS[0])
        return self._hands.tamper(on=on)

    def is_released(self, door: int) -> bool:
        """Whether a hand could open the door at this moment."""
        self._attend(door)
        return self._body.locks.is_released(door, self._body.mode_of(door))

    def power(self, *, on: bool) -> None:
        """Pull the plug, or put it back, which the panel keeps as an event."""
        self._body.lose_power()
        self._readers.forget()
        if on and not self.powered:
            self._body.happened(reasons.KIND_ALARM, granted=False, door=0, card=0, reason=reasons.POWER_ON)
        self.powered = on

    def power_cycle(self, *, keep_memory: bool) -> None:
        """Off and on again, with the memory kept or lost."""
        self.power(on=False)
        if not keep_memory:
            self._body.forget()
        self.power(on=True)

    def hold_open_for(self, seconds: float) -> None:
        """Doors that are opened from now on may stand open so long after their delay."""
        self._body.held_open_s = seconds

    def refuse_new_cards(self, *, refuse: bool) -> None:
        """Behave as a panel whose card memory is full, however many cards it holds."""
        self._body.full = refuse

    def local_time(self) -> datetime:
        """What the panel's clock shows: naive, local, whole seconds."""
        return self._body.local_time()

    def set_local_time(self, at: datetime) -> None:
        """Put the clock to a local time, by hand."""
        self._body.set_local_time(at)

    def drift(self, ppm: float) -> None:
        """Make the clock gain (or lose) so many millionths from now on."""
        self._body.set_local_time(self._body.local_time())
        self._body.drift_ppm = ppm

    def tell_as_v6_62(self, *, on: bool) -> None:
        """Begin events with 0x19, as firmware 6.62 does, whatever the version is."""
        self._body.tells_as_v6_62 = on or self.identity.version == V6_62

    # Behind the hub's back

    @property
    def state(self) -> State:
        """All that the panel remembers; to be looked at only."""
        return self._body.state

    def overflow(self, events: int) -> None:
        """Lose so many of the oldest events, as a store does that is full; the newest stays."""
        if self._body.state.events.last is not None:
            self._body.remember({"op": "overflow", "events": events})

    def cards(self, first_slot: int = 1, limit: int = CARDS_MAX) -> list[Card | None]:
        """What the slots hold, from one slot on; holes are None."""
        return self._body.state.cards.page(first_slot, limit)

    def count(self) -> int:
        """How many cards are held."""
        return len(self._body.state.cards)

    def card(self, number: int) -> Card | None:
        """What is held under a number."""
        return self._body.state.cards.get(number)

    def put(self, card: Card) -> None:
        """Put a card in. Raises ValueError where there is no room."""
        if not self._body.state.cards.has_room(card.number):
            raise ValueError("the panel is full")
        self._body.remember(card_line(card))

    def alter(self, number: int, **changes: Any) -> Card:
        """Change what a card says. Raises ValueError where it is not held."""
        card = self.card(number)
        if card is None:
            raise ValueError(f"card {number} is not on this panel")
        altered = replace(card, **changes)
        self._body.remember(card_line(altered))
        return altered

    def remove(self, number: int) -> bool:
        """Take a card out; False where it was not there."""
        held = self.card(number) is not None
        if held:
            self._body.remember({"op": "delete", "number": number})
        return held

    def events(self) -> list[Event]:
        """The events that are still kept, oldest first."""
        return list(self._body.state.events)

    def _attend(self, door: int) -> None:
        """Whoever acts finds the panel as it is now."""
        if not self.powered:
            raise ValueError("the panel has no power")
        if door not in DOORS:
            raise ValueError(f"there is no door {door}")
        self.tick()
