"""Serial lines in memory, as far as doorkeepers see them: the verbs of `devices.osdp.bus`. Readers fall silent and tell
later what was held to them meanwhile; outputs refuse, or do as told and say nothing; adapters are unplugged; one process at
a time has a line. What drives a real line has a thread of its own, and is tried elsewhere."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from devices.clock import Clock
from devices.osdp.bus import ORDER_S_MAX, Bus, Signal
from devices.osdp.events import CardRead, Offline, Online, Told, Trouble
from devices.osdp.reader import GRACE_S, ReaderWire
from devices.osdp.tty import MISSING, TAKEN, LineTrouble
from devices.wire import DeviceError, Unreachable
from tests.simulation.network import SENDER, Sender
from tests.simulation.trace import Trace

AGAIN_S = 1.0
COMES_S = (0.1, 0.4)
ACK_S = (0.03, 0.2)
BITS = 34
READS_KEPT_MAX = 16
WAITING_MAX = 4
"""So much a reader keeps in mind while nobody asks it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A card that was held to a reader, as whoever has the line was told of it; `at`: when that was, in virtual seconds."""

    card: int
    fresh: bool
    at: float


@dataclass(slots=True)
class Strand:
    """One line: who drives it, which readers do not answer, and what waits in them."""

    name: str
    holder: Strung | None = None
    plugged: bool = True
    silent: set[int] = field(default_factory=set)
    waiting: dict[int, list[int]] = field(default_factory=dict)
    reads: deque[tuple[int, Read]] = field(default_factory=lambda: deque(maxlen=READS_KEPT_MAX))
    refuses: bool = False
    mute: bool = False


Opened = Callable[["Strung", int, float], None]


class Strands:
    """All lines there are. `on_relay` is told of each output that is switched, of which line, and for how long."""

    def __init__(self, names: Sequence[str], dice: Random, trace: Trace) -> None:
        self.fired: Counter[str] = Counter()
        self.lines = {name: Strand(name) for name in names}
        self.dice = dice
        self.trace = trace
        self.on_relay: Opened = lambda *_: None

    def swipe(self, name: str, address: int, card: int) -> None:
        """Hold a card to a reader. Where nobody asks it, it keeps that in mind."""
        line = self.lines[name]
        bus = line.holder
        if bus is not None and bus.hears(address):
            bus.tell_card(address, card, fresh=bus.is_calm(address))
        else:
            waiting = line.waiting.setdefault(address, [])
            waiting.append(card)
            del waiting[:-WAITING_MAX]

    def silence(self, name: str, address: int, *, silent: bool) -> None:
        """Let a reader answer no more, or again."""
        line = self.lines[name]
        line.silent = line.silent | {address} if silent else line.silent - {address}
        if line.holder is not None:
            line.holder.look()

    def plug(self, name: str, *, plugged: bool) -> None:
        """Pull the adapter, or put it back."""
        self.lines[name].plugged = plugged
        if (bus := self.lines[name].holder) is not None and not plugged:
            bus.lose(MISSING)

    def calm(self) -> None:
        """Nothing is wrong with any line."""
        for line in self.lines.values():
            line.refuses = line.mute = False
            line.plugged = True
            for address in tuple(line.silent):
                self.silence(line.name, address, silent=False)


class Strung(Bus):
    """What drives a line, in the place of the library and its thread. `owner` and `folder`: of whose process."""

    def __init__(
        self,
        strands: Strands,
        owner: str,
        folder: Path,
        path: Path,
        baud: int,
        readers: Sequence[ReaderWire],
        clock: Clock,
        hear: Callable[[Told], None],
        *,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        super().__init__(path, baud, readers, clock, hear, random_bytes=random_bytes)
        self.owner, self.folder, self.clock = owner, folder, clock
        self.line = strands.lines[str(path)]
        self._strands = strands
        self._tell = hear
        self._life: Sender | None = SENDER.get()
        self._addresses = tuple(reader.address for reader in readers)
        self._why: LineTrouble | None = None
        self._online: dict[int, float] = {}
        self._coming: dict[int, asyncio.TimerHandle] = {}
        self._again: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def line_trouble(self) -> LineTrouble | None:
        return self._why

    async def open(self) -> None:
        self._try()
        if self._why is not None:
            raise self._why

    async def close(self) -> None:
        self.die()

    def die(self) -> None:
        """Let go of the line, as the kernel does for the dead."""
        self._closed = True
        for timer in (*self._coming.values(), *((self._again,) if self._again else ())):
            timer.cancel()
        self._online.clear()
        if self.line.holder is self:
            self.line.holder = None

    def reader(self, address: int) -> Trouble | None:
        return None if address in self._online else Trouble.SILENT

    async def relay(self, address: int, number: int, seconds: float) -> None:
        self._must_answer(address)
        strands = self._strands
        if self.line.refuses and strands.dice.random() < 0.5:
            strands.fired["output_refused"] += 1
            await asyncio.sleep(strands.dice.uniform(*ACK_S))
            raise DeviceError("it refused")
        strands.trace("relay", self.owner, self.line.name, address, seconds)
        strands.on_relay(self, address, seconds)
        if self.line.mute:
            strands.fired["output_mute"] += 1
            await asyncio.sleep(ORDER_S_MAX)
            raise Unreachable("it did not confirm")
        await asyncio.sleep(strands.dice.uniform(*ACK_S))
        if self._life is not None:
            self._life.sent()

    async def show(self, address: int, signal: Signal) -> None:
        self._must_answer(address)
        await asyncio.sleep(ACK_S[0])

    async def pair(self, address: int, key: bytes) -> None:
        self._must_answer(address)

    def hears(self, address: int) -> bool:
        """Whether a reader is asked just now."""
        return address in self._online

    def is_calm(self, address: int) -> bool:
        """Whether what it reads now is taken for fresh."""
        return self.clock.monotonic() >= self._online[address] + GRACE_S

    def tell_card(self, address: int, card: int, *, fresh: bool) -> None:
        """Tell of a card."""
        if not fresh:
            self._strands.fired["stale_read"] += 1
        self.line.reads.append((address, Read(card, fresh, self.clock.monotonic())))
        self._strands.trace("read", self.owner, self.line.name, address, card, fresh)
        self._tell(CardRead(address, card, BITS, fresh))

    def look(self) -> None:
        """See who answers by now."""
        if self._why is not None or self._closed:
            return
        for address in self._addresses:
            if address in self.line.silent and address in self._online:
                del self._online[address]
                self._strands.fired["reader_silent"] += 1
                self._tell(Offline(address, Trouble.SILENT))
            elif address not in self.line.silent and address not in self._online and address not in self._coming:
                wait_s = self._strands.dice.uniform(*COMES_S)
                self._coming[address] = asyncio.get_running_loop().call_later(wait_s, self._come, address)

    def lose(self, template: str) -> None:
        """The line itself cannot be used."""
        self._why = LineTrouble(template, self._path)
        for address in tuple(self._online):
            del self._online[address]
            self._tell(Offline(address, Trouble.SILENT))
        if self.line.holder is self:
            self.line.holder = None
        self._strands.fired["unplugged" if template == MISSING else "line_taken"] += 1
        self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._try)

    def _try(self) -> None:
        holder = self.line.holder
        if self._closed:
            return
        if not self.line.plugged or (holder is not None and holder is not self):
            self.lose(TAKEN if self.line.plugged else MISSING)
            return
        self._why, self.line.holder = None, self
        self.look()

    def _come(self, address: int) -> None:
        self._coming.pop(address, None)
        if address in self.line.silent or self.line.holder is not self:
            return
        self._online[address] = self.clock.monotonic()
        self._tell(Online(address, f"storm-{address}"))
        for card in self.line.waiting.pop(address, []):
            self.tell_card(address, card, fresh=False)

    def _must_answer(self, address: int) -> None:
        if self._life is not None and not self._life.may_send():
            raise Unreachable("dead")
        if address not in self._online:
            raise Unreachable("nobody answers")
