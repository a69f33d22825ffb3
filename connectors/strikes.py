"""The strikes and lights of one line: released for a moment, held open for as long as a door is free, and known to be shut,
or not known.

A free door's strike is told to stay so for a little while, again and again, so that a line that dies shuts the door; only
fire latches it, for a release by fire must outlive the line.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from math import inf

from connectors.contract import RETRY_S
from connectors.deciding import Deciding
from connectors.doorway import Doorway, Strike
from connectors.osdp_settings import Door
from devices.clock import Clock
from devices.osdp.bus import Bus, Signal
from devices.wire import Unreachable, WireError
from policies.passage import Mode

RELAY = 0
"""The output of a reader to which the strike is wired."""
RELAY_S_MAX = 1.0
"""Within so many seconds a relay is acknowledged, or its reader is out of reach."""
FREE_S, RENEW_S = 25.0, 10.0

MAY_STAND_OPEN = (
    "The door was free and its reader does not answer: its strike may still be released. Send somebody there."
)
NOT_RELEASED = "The door is to stand free, and its reader does not answer. Send somebody to open it."
_LIGHTS = {Mode.CONTROLLED: Signal.IDLE, Mode.FREE: Signal.FREE, Mode.LOCKED: Signal.SHUT}

_log = logging.getLogger(__name__)


class Away(Unreachable):
    """A reader is known not to answer, so nothing was sent to it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nobody knows how a door stands, and when to look again."""

    after_s: float
    reason: str


class Strikes:
    """The strikes of one line."""

    def __init__(self, bus: Bus, deciding: Deciding, clock: Clock) -> None:
        self._bus = bus
        self._deciding = deciding
        self._clock = clock
        self._modes: dict[int, Mode] = {}
        self._shown: dict[int, Signal] = {}
        self._turns: dict[int, asyncio.Lock] = {}

    async def release(self, way: Doorway, door: Door) -> None:
        """Release a strike for as long as the door has it. Raises `WireError` where that is not acknowledged."""
        ruled = self._deciding.ruled(way.number)
        delay_s = door.delay_s if ruled is None else ruled.delay_s
        # Before it is told: whoever waits with a hand on the door is through before the acknowledgement.
        way.released(self._clock.monotonic() + RELAY_S_MAX + delay_s)
        if way.strike not in {Strike.FREE, Strike.LATCHED}:
            await self._bus.relay(door.reader, RELAY, float(delay_s))

    async def hold(self, way: Doorway, door: Door) -> None:
        """Have a strike stay as the door is to stand; where its reader does not answer, as soon as it does."""
        async with self._turns.setdefault(way.number, asyncio.Lock()):
            at = self._clock.now()
            mode = self._deciding.mode(way.number, at)
            wanted, before = self._wanted(way.number, mode), self._modes.get(way.number)
            if self._bus.reader(door.reader) is None:
                try:
                    await self._make(way, door, wanted, cut=mode is Mode.LOCKED and before is not Mode.LOCKED)
                    self._modes[way.number] = mode
                except WireError as error:
                    way.strike = Strike.UNKNOWN
                    _log.info("%s: its strike does not answer: %s", way.key, error)
            for address in door.readers:
                await self.light(address, door)

    def doubt(self, way: Doorway) -> Doubt | None:
        """Why nobody knows that a door stands as it is to; None: it does. A strike that was never held open is shut without
        its reader."""
        wanted = self._wanted(way.number, self._deciding.mode(way.number, self._clock.now()))
        if way.strike is wanted:
            return None
        if wanted is not Strike.OFF:
            return Doubt(RETRY_S, NOT_RELEASED)
        left_s = way.stays_until - self._clock.monotonic()
        return None if left_s <= 0 else Doubt(min(left_s, RETRY_S), MAY_STAND_OPEN)

    async def light(self, address: int, door: Door, *, anew: bool = False) -> None:
        """Show at a reader how its door stands, where that has changed."""
        signal = _LIGHTS[self._deciding.mode(door.number, self._clock.now())]
        if (anew or self._shown.get(address) is not signal) and self._bus.reader(address) is None:
            self._shown[address] = signal
            await self.show(address, signal)

    async def show(self, address: int, signal: Signal) -> None:
        """Show something to whoever stands there; a light that fails keeps nobody out."""
        try:
            await self._bus.show(address, signal)
        except WireError as error:
            self._shown.pop(address, None)
            _log.info("reader %s shows nothing: %s", address, error)

    def _wanted(self, number: int, mode: Mode) -> Strike:
        ruled = self._deciding.ruled(number)
        if ruled is not None and ruled.fire:
            return Strike.LATCHED
        return Strike.FREE if mode is Mode.FREE else Strike.OFF

    async def _make(self, way: Doorway, door: Door, wanted: Strike, *, cut: bool) -> None:
        now = self._clock.monotonic()
        if wanted is Strike.LATCHED and way.strike is not Strike.LATCHED:
            way.stays_until = inf
            await self._bus.relay(door.reader, RELAY, inf)
        elif wanted is Strike.FREE and way.stays_until == inf:
            # What is released for a while falls back to where it was: it must not have been latched.
            await self._bus.relay(door.reader, RELAY, 0.0)
            way.stays_until, way.strike = float("-inf"), Strike.OFF
            await self._make(way, door, wanted, cut=False)
        elif wanted is Strike.FREE and (way.strike is not Strike.FREE or now >= way.renewed_at + RENEW_S):
            way.renewed_at = now
            way.stays_until = max(way.stays_until, now + RELAY_S_MAX + FREE_S)
            await self._bus.relay(door.reader, RELAY, FREE_S)
        elif wanted is Strike.OFF and (way.strike is not Strike.OFF or cut):
            await self._bus.relay(door.reader, RELAY, 0.0)
            way.stays_until = float("-inf")
        way.strike = wanted
