"""A WG panel as a state machine: frames in, frames out, physical acts beside them. No socket, no timer, no randomness.

It keeps what the hardware keeps and decides as the hardware decides. What it remembers is in its journal before the
answer leaves. Functions of the protocol that it has not get no answer, as on a panel that does not know them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from devices.clock import Clock
from devices.wg import answers, decision, frames
from devices.wg.body import Body, Datagram, Identity
from devices.wg.memory import Card, Cards, Event, Events, Journal
from devices.wg.state import DOORS, State, card_line
from devices.wire import ProtocolError

CARDS_MAX = 20_000
EVENTS_MAX = 200_000
EVENTS_CHUNK = 2_048


@dataclass(frozen=True, slots=True)
class Swiped:
    """What came of a swipe. `open`: the door can be walked through, which one that is held open always can."""

    granted: bool
    open: bool
    reason: int
    event: int


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
        journal: Journal | None = None,
    ) -> None:
        def blank() -> State:
            return State(Cards(cards_max), Events(events_max, events_chunk), clock.now())

        self.identity = identity
        self.powered = True
        self._body = Body(identity, clock, zone, drift_ppm, blank)
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

    # Physical acts

    def swipe(self, number: int, door: int) -> Swiped:
        """A card is held to the reader of a door. Raises ValueError: no such door, or the panel has no power."""
        if not self.powered:
            raise ValueError("the panel has no power")
        if door not in DOORS:
            raise ValueError(f"there is no door {door}")
        state = self._body.state
        mode = state.doors[door].mode
        now = self._body.local_time()
        reason = decision.reason_for(state.cards.get(number), door, mode, state.profiles, now)
        granted = reason == decision.SWIPE
        kind = decision.KIND_DOOR if granted else decision.KIND_SWIPE
        event = self._body.happened(kind, granted=granted, door=door, card=number, reason=reason)
        if granted:
            self._body.unlock(door)
        return Swiped(granted, granted or mode == decision.NORMALLY_OPEN, reason, event)

    def power(self, *, on: bool) -> None:
        """Pull the plug, or put it back, which the panel keeps as an event."""
        if on and not self.powered:
            self._body.happened(decision.KIND_ALARM, granted=False, door=0, card=0, reason=decision.POWER_ON)
        self._body.lock_all()
        self.powered = on

    def power_cycle(self, *, keep_memory: bool) -> None:
        """Off and on again, with the memory kept or lost."""
        self.power(on=False)
        if not keep_memory:
            self._body.forget()
        self.power(on=True)

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

    # Behind the hub's back

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
