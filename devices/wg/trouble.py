"""The way from those who ask a panel to the panel and back, the way of its events to the listener, and all that goes
wrong on them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import ClassVar, Protocol

from devices.wg.faults import NONE, Chance, Faults
from devices.wg.frames import FRAME_BYTES

SPLIT_S = 0.01
"""Between the two halves of a reply that is split."""
_OF_POWER = ("reboot", "amnesia")
_OF_CONNECTIONS = ("split", "coalesce", "stall", "hang_up", "reset")


class Way(Protocol):
    """The way back to whoever asked. What was closed takes no more, and says nothing."""

    connected: ClassVar[bool]

    def send(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def hang_up(self) -> None:
        """End the connection, if it is one, after all that was sent."""
        ...

    def reset(self) -> None:
        """Break it off."""
        ...


class Trouble:
    """Passes requests to `answer` and its replies back, and spoils as many as `faults` says; `fired` counts them. What
    befalls the panel itself (`reboot`, `amnesia`, `overflow`) is handed to `befall` by its name."""

    def __init__(self, answer: Callable[[bytes], bytes | None], chance: Chance, befall: Callable[[str], None]) -> None:
        self.faults: Faults = NONE
        self.fired: Counter[str] = Counter()
        self._answer = answer
        self._chance = chance
        self._befall = befall
        self._before = b""

    def pass_on(self, request: bytes, way: Way) -> None:
        """Take one request on its way."""
        faults = self.faults
        if faults is NONE:
            self._plainly(request, way)
        elif faults.off:
            self.fired["off"] += 1
        elif self._strikes("drop"):
            return
        elif self._strikes("late"):
            asyncio.get_running_loop().call_later(faults.delay_s, self._plainly, request, way)
        else:
            if self._strikes("duplicate"):
                asyncio.get_running_loop().call_later(faults.delay_s, self._plainly, request, way)
            self._badly(request, way)

    def tell(self, send: Callable[[], None]) -> None:
        """Send what tells a listener of an event, as it goes."""
        faults = self.faults
        if faults is NONE:
            send()
        elif faults.off or self._strikes("unheard"):
            return
        elif self._strikes("heard_late"):
            asyncio.get_running_loop().call_later(faults.delay_s, send)
        else:
            if self._strikes("heard_twice"):
                send()
            send()

    def _plainly(self, request: bytes, way: Way) -> None:
        reply = self._answer(request)
        if reply is not None:
            self._before = reply
            way.send(reply)

    def _badly(self, request: bytes, way: Way) -> None:
        power = next((name for name in _OF_POWER if self._strikes(name)), None)
        if power is not None:
            self._befall(power)
            return
        if self._strikes("overflow"):
            self._befall("overflow")
        reply = self._answer(request)
        if reply is None or self._strikes("reply_lost"):
            return
        before, self._before = self._before, reply
        if before and self._strikes("stale"):
            way.send(before)
        reply = self._spoilt(reply)
        if self._strikes("short"):
            way.send(self._some_of(reply))
            way.hang_up()
            return
        fault = next((name for name in _OF_CONNECTIONS if way.connected and self._strikes(name)), None)
        if fault is None:
            way.send(reply)
        else:
            self._break(fault, reply, way)

    def _spoilt(self, reply: bytes) -> bytes:
        if self._strikes("garbage"):
            return self._chance.randbytes(FRAME_BYTES)
        if self._strikes("wrong_serial"):
            return reply[:4] + (int.from_bytes(reply[4:8], "little") ^ 1).to_bytes(4, "little") + reply[8:]
        if self._strikes("wrong_function"):
            return reply[:1] + bytes((reply[1] ^ 0x02,)) + reply[2:]
        return reply

    def _break(self, fault: str, reply: bytes, way: Way) -> None:
        if fault == "split":
            way.send(reply[: FRAME_BYTES // 2])
            asyncio.get_running_loop().call_later(SPLIT_S, way.send, reply[FRAME_BYTES // 2 :])
        elif fault == "coalesce":
            way.send(reply + reply)
        elif fault == "stall":
            way.send(self._some_of(reply))
        elif fault == "hang_up":
            way.hang_up()
        else:
            way.reset()

    def _some_of(self, reply: bytes) -> bytes:
        return reply[: int(self._chance.random() * FRAME_BYTES)]

    def _strikes(self, name: str) -> bool:
        share = getattr(self.faults, name)
        strikes = share > 0 and self._chance.random() < share
        self.fired[name] += strikes
        return strikes
