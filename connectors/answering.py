"""What whoever holds a card to a reader of one line is answered: asked for a PIN, let in, or turned away; with a strike that
opens or does not, a light, and a passage on the gateway's disk.

A passage is on the disk before the strike is told to open: a gateway that is killed in between has told of somebody who
may have come in, and never keeps silent about one who did.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors import osdp_words as words
from connectors.contract import EdgeError, Heard, PassageKind
from connectors.deciding import Decided, Deciding
from connectors.doorway import Doorway, Strike
from connectors.noting import Noting
from connectors.osdp_settings import Door
from connectors.pins import DIGITS_MAX
from connectors.strikes import RELAY_S_MAX, Strikes
from devices.clock import Clock
from devices.osdp.bus import Signal
from devices.wire import WireError
from policies.passage import Asked, Pin
from policies.passage_reasons import Reason

PIN_S = 10.0
"""For so long after a card, and after each key, a PIN is waited for."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Typing:
    """A card that waits for its PIN."""

    card: int
    digits: str
    until: float


class Answering:
    """Answers at the readers of one line. `sides`: of each reader its door, and whether whoever stands there comes in."""

    def __init__(
        self,
        line: str,
        sides: Mapping[int, tuple[Door, bool]],
        doorways: Mapping[int, Doorway],
        deciding: Deciding,
        strikes: Strikes,
        noting: Noting,
        clock: Clock,
    ) -> None:
        self._line = line
        self._sides = sides
        self._doorways = doorways
        self._deciding = deciding
        self._strikes = strikes
        self._noting = noting
        self._clock = clock
        self._typing: dict[int, _Typing] = {}

    def waits_s(self, address: int) -> float | None:
        """For how long a PIN is still waited for at a reader; None: no card waits for one."""
        typing = self._typing.get(address)
        return None if typing is None else max(0.0, typing.until - self._clock.monotonic())

    async def card(self, address: int, card: int | None, *, fresh: bool) -> None:
        """Somebody holds a card to a reader; None: one that nobody could have. Whatever was typed before belongs to the card
        before."""
        if address in self._typing:
            await self.typed(address)
        door, entering = self._sides[address]
        await self._answer(address, Asked(door.number, card, entering, Pin.NONE, fresh))

    async def keys(self, address: int, digits: str) -> None:
        """Somebody types; `*` begins anew, and `#` ends."""
        typing = self._typing.get(address)
        if typing is None:
            return
        for digit in digits:
            if digit == "*":
                typing.digits = ""
            elif digit != "#":
                typing.digits += digit
            if digit == "#" or len(typing.digits) >= DIGITS_MAX:
                await self.typed(address)
                return
        typing.until = self._clock.monotonic() + PIN_S

    async def typed(self, address: int) -> None:
        """Decide about the card that waits at a reader, with what was typed for it."""
        typing = self._typing.pop(address)
        door, entering = self._sides[address]
        pin = self._deciding.pin(typing.card, typing.digits) if typing.digits else Pin.NONE
        asked = Asked(door.number, typing.card, entering, pin)
        if pin is not Pin.NONE:
            await self._answer(address, asked)
            return
        # Nobody typed anything: the card is turned away, and not asked again.
        told = Heard(
            0, PassageKind.DENIED, self._key(door), typing.card, self._clock.now(), False, Reason.PIN_WANTED, entering
        )
        await asyncio.gather(self._strikes.show(address, Signal.DENIED), self._noting.note(told))

    async def _answer(self, address: int, asked: Asked) -> None:
        """Decide about a card, and do as decided."""
        door, _ = self._sides[address]
        at = self._clock.now()
        decided = self._deciding.decide(asked, at)
        verdict = decided.verdict
        if verdict.ask_pin and asked.card is not None:
            self._typing[address] = _Typing(asked.card, "", self._clock.monotonic() + PIN_S)
            await self._strikes.show(address, Signal.WAITING)
            return
        kind = PassageKind.PASSED if verdict.granted else PassageKind.DENIED
        told = Heard(0, kind, self._key(door), asked.card, at, verdict.granted, str(verdict.reason), asked.entering)
        if verdict.granted:
            await self._let_in(address, told, decided)
        else:
            signal = Signal.SHUT if verdict.reason is Reason.LOCKDOWN else Signal.DENIED
            await asyncio.gather(self._strikes.show(address, signal), self._noting.note(told))

    async def _let_in(self, address: int, told: Heard, decided: Decided) -> None:
        door, _ = self._sides[address]
        way, noting = self._doorways[door.number], self._noting
        if way.strike in {Strike.FREE, Strike.LATCHED}:
            way.released(self._clock.monotonic() + RELAY_S_MAX)
            await asyncio.gather(self._strikes.show(address, Signal.GRANTED), noting.note(told, decided.after))
            return
        try:
            await noting.keep(told, decided.after)
        except EdgeError as error:
            _log.error("%s: %s stays shut, for the passage cannot be noted: %s", self._line, way.key, error)
            self._deciding.remember(decided.before, self._clock.now())
            noting.owe(replace(told, kind=PassageKind.DENIED, granted=False, reason=words.NOT_NOTED))
            await self._strikes.show(address, Signal.DENIED)
            return
        try:
            await self._strikes.release(way, door)
        except WireError as error:
            _log.warning("%s: %s did not open: %s", self._line, way.key, error)
            self._deciding.remember(decided.before, self._clock.now())
            await noting.happened(PassageKind.OTHER, way.key, words.NO_STRIKE, after=decided.before)
            await self._strikes.show(address, Signal.DENIED)
            return
        await self._strikes.show(address, Signal.GRANTED)

    def _key(self, door: Door) -> str:
        return self._doorways[door.number].key
