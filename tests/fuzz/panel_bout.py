"""A live panel on real ports, and somebody who sends it whatever there is, while the hub's own client goes on working.

After every few frames the panel must have answered what the twin says, hold what the twin holds, and have no lock released
but by a right card or a right command.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from devices.clock import SetClock
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.memory import Journal
from devices.wg.panel import CardEntry, DoorMode, Panel
from devices.wg.served import ServedPanel, serve
from devices.wire import DeviceError
from tests.fuzz.breach import Breach
from tests.fuzz.forge import CARDS, DOORS, FRAME_BYTES, Forger
from tests.fuzz.twin import Twin, passes

SERIAL = 405419896
HOST = "127.79.1.1"
LISTENERS = bytes((127, 79))
"""Events go to nobody: no program listens on these addresses at the ports that chance finds."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2027, 3, 2, 2, 0, tzinfo=UTC)
CARDS_MAX = 6
BATCH_FRAMES = 24
STREAM_EVERY = 6
SWIPES = 3
ANSWER_S_MAX = 10.0
READ_BYTES = 2_048
FIRST_CARD_BITS = 0x0F
"""A panel keeps the whole byte; the client shows the four bits that mean a door."""


async def panel_bout(seed: str, rounds: int, memory: Path | None = None) -> Counter[str]:
    """So many hostile frames to one panel; what was counted. With `memory` it is switched off at the end and read back.

    Raises `Breach`.
    """
    clock = SetClock(START)

    def made() -> WgEmulator:
        journal = None if memory is None else Journal(memory)
        identity = Identity(SERIAL, address=IPv4Address(HOST))
        return WgEmulator(identity, clock, SHANGHAI, cards_max=CARDS_MAX, journal=journal)

    served = await serve("fuzzed", made, (HOST, 0), Random(f"{seed}/panel"))
    try:
        bout = _PanelBout(served, clock, Random(seed))
        with closing(bout):
            await bout.run(rounds)
    finally:
        await served.close()
    if memory is not None:
        again = made()
        bout.agree(again)
        again.close()
    return bout.counts


class _PanelBout:
    """One panel, its twin, and the two who speak to it."""

    def __init__(self, served: ServedPanel, clock: SetClock, dice: Random) -> None:
        self.counts: Counter[str] = Counter()
        network = IPv4Address(HOST).packed + bytes((255, 255, 255, 0, 192, 168, 1, 1))
        self._served = served
        self._clock = clock
        self._dice = dice
        self._forger = Forger(SERIAL, dice, LISTENERS)
        self._twin = Twin(SERIAL, START.astimezone(SHANGHAI).replace(tzinfo=None), network, CARDS_MAX)
        self._frames: list[bytes] = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.connect(served.address)
        address = "{}:{}".format(*served.address)
        self._panels = [
            Panel(SERIAL, address, timeout_s=ANSWER_S_MAX, zone=SHANGHAI, transport=transport)
            for transport in ("udp", "tcp")
        ]

    def close(self) -> None:
        self._sock.close()
        for panel in self._panels:
            panel.close()

    async def run(self, rounds: int) -> None:
        batches = 0
        while self.counts["frames"] < rounds:
            batches += 1
            self._frames.clear()
            await self._datagrams()
            if batches % STREAM_EVERY == 0:
                await self._stream()
            await self._hub()
            for _ in range(SWIPES):
                self._hand()
            self.agree(self._served.emulator)
            waited_s = self._dice.choice((0, 0, 1, 7, 40, 4_000))
            self._clock.put(self._clock.now() + timedelta(seconds=waited_s))
            self._twin.wait(waited_s)

    async def _datagrams(self) -> None:
        """A batch, and a plain question behind it: whatever else was answered came before."""
        forged = [self._forger.hostile() for _ in range(BATCH_FRAMES)] + [self._forger.request(0x58)]
        answers = [(frame, answer) for frame in forged if (answer := self._take(frame)) is not None]
        for frame in forged:
            self._sock.send(frame)
        async with asyncio.timeout(ANSWER_S_MAX):
            for frame, answer in answers:
                self._same(frame, answer, await asyncio.get_running_loop().sock_recv(self._sock, READ_BYTES))
        self.counts["frames"] += len(forged)
        self.counts["answers"] += len(answers)

    async def _stream(self) -> None:
        """A connection that carries frames in pieces, and may end within one."""
        dice, stream = self._dice, self._forger.stream()
        whole = [stream[begin : begin + FRAME_BYTES] for begin in range(0, len(stream), FRAME_BYTES)]
        if len(whole[-1]) < FRAME_BYTES:
            whole.pop()
        answers = [(frame, answer) for frame in whole if (answer := self._take(frame)) is not None]
        reader, writer = await asyncio.open_connection(*self._served.address)
        begin = 0
        while begin < len(stream):
            length = dice.choice((1, 7, 63, 64, 65, 200, 600))
            writer.write(stream[begin : begin + length])
            await writer.drain()
            await asyncio.sleep(0)
            begin += length
        async with asyncio.timeout(ANSWER_S_MAX):
            for frame, answer in answers:
                self._same(frame, answer, await reader.readexactly(FRAME_BYTES))
            if dice.random() < 0.5:
                writer.transport.abort()
            else:
                writer.write_eof()
                if rest := await reader.read():
                    raise Breach(f"it said {rest.hex()} that nobody asked for", [*self._frames])
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.counts["frames"] += len(whole)
        self.counts["streams"] += 1

    async def _hub(self) -> None:
        """The hub's own client, in the middle of it: it must be answered, and right."""
        dice, twin = self._dice, self._twin
        panel, number, door = dice.choice(self._panels), dice.choice(CARDS), dice.choice(DOORS)
        self.counts["verbs"] += 1
        chosen = dice.randrange(8)
        if chosen == 0:
            self._is("the count of cards", await panel.count(), twin.held())
        elif chosen == 1:
            found, held = await panel.card(number), twin.card(number)
            seen = None if held is None else held[:-1] + bytes((held[-1] & FIRST_CARD_BITS,))
            self._is("a card", None if found is None else _card(found), seen)
        elif chosen == 2:
            await self._put(panel, number)
        elif chosen == 3 and twin.card(number) is not None:
            await panel.delete(number)
            self._take(self._forger.request(0x52, number.to_bytes(4, "little")))
        elif chosen == 4:
            told = await panel.set_door(door, DoorMode(3, 4))
            self._take(self._forger.request(0x80, bytes((door, 3, 4))))
            self._is("a door", told, DoorMode(3, 4))
        elif chosen == 5:
            held = await panel.profile(door + 1)
            self._is("a profile", held is not None, door + 1 in twin.profiles)
        elif chosen == 6:
            await panel.open_door(door)
            self._take(self._forger.request(0x40, bytes((door,))))
        else:
            newest = await panel.event(0xFFFFFFFF)
            self._is("the newest event", 0 if newest is None else newest.index, twin.events)

    async def _put(self, panel: Panel, number: int) -> None:
        entry = CardEntry(number, date(2027, 1, 1), date(2027, 12, 31), (1, 0, 1, 2), 0)
        told = number.to_bytes(4, "little"), bytes.fromhex("2027010120271231"), bytes((1, 0, 1, 2))
        answer = self._take(self._forger.request(0x50, *told)) or b""
        try:
            await panel.put(entry)
            self._is("a put", True, answer[8] == 1)
        except DeviceError:
            self._is("a put", False, answer[8] == 1)

    def _hand(self) -> None:
        """Somebody holds a card to a reader: it opens with a right, and with nothing else."""
        twin, number, door = self._twin, self._dice.choice(CARDS), self._dice.choice(DOORS)
        card = twin.card(number)
        right = passes(card, door, twin.now.date())
        opened = self._served.emulator.swipe(number, door, pin=0).granted
        self._served.settle()
        twin.events += 1
        if opened and not right:
            raise Breach(f"card {number} opened door {door} without a right", [*self._frames])
        if right and card is not None and card[11 + door] == 1 and twin.plain(door) and not opened:
            raise Breach(f"card {number} has a right at door {door} and was turned away", [*self._frames])
        if opened:
            twin.release(door)
        self.counts["let in"] += opened

    def agree(self, emulator: WgEmulator) -> None:
        """The panel holds what its twin holds, and its locks are as its twin's."""
        state, twin, rules = emulator.state, self._twin, emulator.state.rules
        self._is("the slots", [None if card is None else _card(card) for card in state.cards.slots()], twin.slots)
        self._is("the doors", {door: (one.mode, one.delay_s) for door, one in state.doors.items()}, twin.doors)
        self._is("the profiles", sorted(state.profiles), sorted(twin.profiles))
        listener = state.listener.address.packed, state.listener.port, state.listener.interval_s
        told = twin.listener
        self._is("the listener", listener, (told[:4], int.from_bytes(told[4:6], "little"), told[6]))
        self._is("the event index", state.event_index, twin.index)
        self._is("the events", 0 if state.events.last is None else state.events.last.index, twin.events)
        self._is("the rules", (rules.passback, rules.interlock, rules.special_events, bytes(rules.keypads)),
                 (twin.passback, twin.interlock, twin.special, twin.keypads))  # fmt: skip
        codes = [b"".join(code.to_bytes(4, "little") for code in four) for four in rules.passcodes]
        self._is("the passcodes", codes, list(twin.passcodes.values()))
        self._is("the tasks", [(task.kind, task.door) for task in state.tasks], twin.tasks)
        self._is("the first cards", set(state.first_cards), twin.first)
        self._is("the clock", emulator.local_time(), twin.now)
        for door in DOORS:
            released = twin.released(door)
            if released is not None and emulator is self._served.emulator:
                self._is(f"the lock of door {door}", emulator.is_released(door), released)

    def _take(self, frame: bytes) -> bytes | None:
        self._frames.append(frame)
        return self._twin.take(frame)

    def _same(self, frame: bytes, answer: bytes, came: bytes) -> None:
        if len(came) != FRAME_BYTES or not came.startswith(answer):
            before = self._frames[: self._frames.index(frame)]
            raise Breach(f"it answered {came.hex()}, not {answer.hex()}", [*before, frame])

    def _is(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            raise Breach(f"{what}: {found}, not {expected}", [*self._frames])


def _card(card: object) -> bytes:
    """The 20 bytes of a card, of the hub's kind or the panel's."""
    number, opens, closes, doors, pin, first = (
        getattr(card, name) for name in ("number", "opens", "closes", "doors", "pin", "first_card")
    )
    days = b"".join(bytes.fromhex(f"{day.year:04d}{day.month:02d}{day.day:02d}") for day in (opens, closes))
    return number.to_bytes(4, "little") + days + bytes(doors) + pin.to_bytes(3, "little") + bytes((first,))
