"""A panel that answers anything but what it should: behind it is one that would answer right."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from devices.wg.emulator import WgEmulator
from tests.fuzz.forge import FRAME_BYTES, Forger

Address = tuple[str, int]
_EARLIER_MAX = 32


@dataclass(slots=True)
class Talk:
    """What was asked since it was last looked at, and all that was said to each who asks. `silences`: questions without an
    answer; `lies`: answers that were not the right one."""

    asked: list[tuple[Address, bytes]] = field(default_factory=list)
    said: defaultdict[Address, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    silences: int = 0
    lies: int = 0

    def begin(self) -> None:
        """Forget what was asked; what was said may still come."""
        self.asked.clear()
        self.silences = self.lies = 0


class Liar:
    """Answers by UDP and TCP at one address."""

    def __init__(self, emulator: WgEmulator, forger: Forger, dice: Random) -> None:
        self.talk = Talk()
        self.truthful = False
        self._emulator = emulator
        self._forger = forger
        self._dice = dice
        self._earlier: list[bytes] = []
        self._closers: list[Any] = []

    async def listen(self, host: str) -> Address:
        """Where it answers."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, 0))
        self._closers.append(transport)
        address = transport.get_extra_info("sockname")
        self._closers.append(await loop.create_server(lambda: _Stream(self), *address))
        return address

    def close(self) -> None:
        for closer in self._closers:
            closer.close()

    def answer(self, who: Address, request: bytes) -> list[bytes]:
        """What is sent back, one after another."""
        reply = self._emulator.answer(request)
        self._emulator.take_datagrams()
        self.talk.asked.append((who, request))
        sent = self._lie(reply)
        if not any(len(each) == FRAME_BYTES for each in sent):
            self.talk.silences += 1
        if sent != [reply]:
            self.talk.lies += 1
        self.talk.said[who] += sent
        if reply is not None:
            self._earlier = [*self._earlier[-_EARLIER_MAX:], reply]
        return sent

    def _lie(self, reply: bytes | None) -> list[bytes]:
        dice, forger = self._dice, self._forger
        chosen = 0.0 if self.truthful else dice.random()
        if reply is None or chosen > 0.995:
            return []
        if chosen < 0.25:
            return [reply]
        if chosen < 0.60:
            return [forger.spoilt(reply)]
        if chosen < 0.70:
            return [dice.choice([*self._earlier, reply])]
        if chosen < 0.80:
            return [reply[:8] + dice.randbytes(56)]
        if chosen < 0.84:
            return [dice.randbytes(FRAME_BYTES)]
        if chosen < 0.88:
            return [reply[:4] + bytes((reply[4] ^ (1 << dice.randrange(8)),)) + reply[5:]]
        if chosen < 0.92:
            return [forger.spoilt(reply), reply]
        first = dice.randbytes(dice.choice((0, 1, 63, 65, 500)))
        return [first, forger.spoilt(reply) if dice.random() < 0.5 else reply]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, liar: Liar) -> None:
        self._liar = liar

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for each in self._liar.answer(addr, data):
            self._transport.sendto(each, addr)

    def error_received(self, exc: Exception) -> None:
        """Who asked is gone."""


class _Stream(asyncio.Protocol):
    """Only what has the length of a frame is sent here: a stream of bytes has no other pieces that mean anything."""

    def __init__(self, liar: Liar) -> None:
        self._liar = liar
        self._bytes = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._who = transport.get_extra_info("peername")

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        while len(self._bytes) >= FRAME_BYTES:
            request, self._bytes = self._bytes[:FRAME_BYTES], self._bytes[FRAME_BYTES:]
            sent = [each for each in self._liar.answer(self._who, request) if len(each) == FRAME_BYTES]
            if sent:
                self._transport.write(b"".join(sent))
            else:
                self._transport.close()
