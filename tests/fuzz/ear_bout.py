"""The hub's ear on a real port, among registered panels, strangers and noise: what counts is told as it was sent, all else
is counted, and nothing is told that nobody registered could have sent."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack, closing
from random import Random
from zoneinfo import ZoneInfo

from devices.wg.ear import Ear, Told
from devices.wg.panel import PanelEvent
from tests.fuzz.breach import Breach
from tests.fuzz.forge import FRAME_BYTES, Forger

EAR = "127.79.3.1"
HOSTS = ("127.79.3.2", "127.79.3.3", "127.79.3.4")
SERIALS = (405419896, 405419897, 405419898)
REGISTERED = frozenset({(HOSTS[0], SERIALS[0]), (HOSTS[1], SERIALS[1])})
BATCH = 40
HEARD_S_MAX = 10.0
ROUTES = ((0, 0), (0, 0), (1, 1), (1, 1), (0, 1), (2, 0), (2, 2))
"""Which host speaks under which serial, at most times."""


async def ear_bout(seed: str, rounds: int) -> Counter[str]:
    """So many datagrams; what was counted. Raises `Breach`."""
    dice = Random(seed)
    heard: list[tuple[int, Told]] = []
    ear = Ear(lambda serial, told: heard.append((serial, told)))
    await ear.listen(f"{EAR}:0")
    host, _, port = ear.address.partition(":")
    expected: Counter[str] = Counter()
    with closing(ear), ExitStack() as stack:
        wires = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in HOSTS]
        for own, wire in zip(HOSTS, wires, strict=True):
            wire.bind((own, 0))
        for own, serial in REGISTERED:
            ear.register(serial, own, ZoneInfo("Asia/Shanghai"))
        while ear.counts.total() < rounds:
            heard.clear()
            batch = [_datagram(dice) for _ in range(BATCH)]
            kinds = [_kind(HOSTS[source], data) for source, data in batch]
            for source, data in batch:
                wires[source].sendto(data, (host, int(port)))
            expected.update(kinds)
            async with asyncio.timeout(HEARD_S_MAX):
                while ear.counts.total() < expected.total():  # noqa: ASYNC110 - what does not count calls nobody
                    await asyncio.sleep(0)
            counts = [data for (_, data), kind in zip(batch, kinds, strict=True) if kind == "heard"]
            if ear.counts != expected or not _all_as_sent(heard, counts):
                raise Breach(f"the ear counted {ear.counts}, not {expected}", [data for _, data in batch])
    return ear.counts


def _all_as_sent(heard: list[tuple[int, Told]], sent: list[bytes]) -> bool:
    """Each host's own come in order; among hosts nothing is promised."""
    for serial in SERIALS:
        told = [one for who, one in heard if who == serial]
        own = [data for data in sent if data[4:8] == serial.to_bytes(4, "little")]
        if len(told) != len(own) or not all(map(_as_sent, told, own)):
            return False
    return len(heard) == len(sent)


def _as_sent(told: Told, data: bytes) -> bool:
    index = int.from_bytes(data[8:12], "little")
    if not isinstance(told, PanelEvent):
        return index == 0 and (told.relays, told.inputs) == (data[49], data[50])
    card = int.from_bytes(data[16:20], "little")
    said = (index, data[12], data[13] != 0, data[14], data[15], card, data[27])
    return said == (told.index, told.kind, told.granted, told.door, told.direction, told.card, told.reason)


def _kind(host: str, data: bytes) -> str:
    if len(data) != FRAME_BYTES or data[0] not in (0x17, 0x19) or data[1] != 0x20:
        return "garbage"
    return "heard" if (host, int.from_bytes(data[4:8], "little")) in REGISTERED else "strangers"


def _datagram(dice: Random) -> tuple[int, bytes]:
    source, who = dice.choice(ROUTES)
    told = bytearray(Forger(SERIALS[who], dice, bytes(2)).request(0x20, dice.randbytes(46)))
    told[8:12] = dice.choice((0, 1, dice.randrange(200_000))).to_bytes(4, "little")
    told[20:27] = bytes.fromhex("20270302100000")
    told[0] = dice.choice((0x17, 0x17, 0x19))
    chosen = dice.random()
    if chosen < 0.4:
        return source, bytes(told)
    if chosen < 0.8:
        return source, Forger(SERIALS[who], dice, bytes(2)).spoilt(bytes(told))
    if chosen < 0.9:
        return source, bytes(told[: dice.randrange(FRAME_BYTES)]) + dice.randbytes(dice.choice((0, 1, 64)))
    return source, dice.randbytes(dice.choice((0, 8, 63, 64, 64, 65, 1_200)))
