"""A serial line of OSDP readers, for who decides at its doors: typed events in, commands out. No policy and no list here.

The line is driven by a thread (`acu.py`); everything here is called on the event loop, and nothing blocks it.
"""

from __future__ import annotations

import asyncio
import math
import secrets  # noqa: TID251 - who hands no chance in must still not repeat a challenge
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from osdp import Command, CommandLEDColor

from devices.clock import Clock
from devices.osdp.acu import Acu
from devices.osdp.events import Told, Trouble
from devices.osdp.pairing import PAIR_S_MAX, Pairing
from devices.osdp.reader import Order, ReaderWire
from devices.osdp.session import FORGOTTEN, RandomBytes
from devices.osdp.tty import LineTrouble
from devices.wire import Unreachable

ORDER_S_MAX = 1.25
"""A command that no reader has confirmed by then is not sent again. The library sends once more after one second."""
MARGIN_S = 0.5
"""What the thread may take beyond the time of an order or a pairing."""
OPEN_S_MAX = 5.0
STOP_S_MAX = 5.0
TICK_S = 0.005
STEP_S = 0.1
"""The unit of a reader's timers. The library hands on eight bits of them."""
TIMER_S_MAX = 25.5
RENEW_S = 20.0
"""How often a longer opening is asked for anew: should the gateway die, the door shuts by itself."""
_OFF, _ON, _ON_FOR = 1, 2, 5
_PERMANENT, _TEMPORARY = 1, 2


class Signal(StrEnum):
    """What a reader shows: by its light, and for an answer also by its buzzer."""

    GRANTED = "granted"
    DENIED = "denied"
    SHUT = "shut"
    FREE = "free"
    WAITING = "waiting"
    IDLE = "idle"


class Bus:
    """One line. `hear` is called on the event loop, in the order of what happened."""

    def __init__(
        self,
        path: Path,
        baud: int,
        readers: Sequence[ReaderWire],
        clock: Clock,
        hear: Callable[[Told], None],
        *,
        tick_s: float = TICK_S,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """`random_bytes` is what challenges are drawn from. Raises ValueError: two readers of one address."""
        if len({reader.address for reader in readers}) < len(readers):
            raise ValueError(f"two readers of line {path} have one address")
        self._path, self._baud, self._tick_s = path, baud, tick_s
        self._wires, self._random_bytes = tuple(readers), random_bytes
        self._clock, self._hear = clock, hear
        self._acu: Acu | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: asyncio.Future[LineTrouble | None] | None = None
        self._long: dict[tuple[int, int], asyncio.Task[None]] = {}

    @property
    def line_trouble(self) -> LineTrouble | None:
        """Why the line itself cannot be used just now; None where it can. `str` of it is the sentence."""
        return None if self._acu is None else self._acu.line_trouble

    async def open(self) -> None:
        """Begin to drive the line. Raises `LineTrouble` where it cannot be used now; it is tried again each second all the
        same, until `close`."""
        loop = self._loop = asyncio.get_running_loop()
        opened = self._opened = loop.create_future()
        tell, note = _on(loop, self._heard), _on(loop, self._note_opened)
        self._acu = Acu(self._path, self._baud, self._wires, self._clock, tell, note, self._tick_s, self._random_bytes)
        self._acu.start()
        try:
            async with asyncio.timeout(OPEN_S_MAX):
                trouble = await opened
        except TimeoutError:
            return  # The driver of the adapter takes its time; `line_trouble` and the readers tell what comes of it.
        if trouble is not None:
            raise trouble

    async def close(self) -> None:
        """Let go of the line. Doors that were held open by it shut by themselves, save those that stand open for good."""
        for task in self._long.values():
            task.cancel()
        self._long.clear()
        acu, self._acu = self._acu, None
        if acu is not None:
            acu.stop()
            await asyncio.to_thread(acu.join, STOP_S_MAX)

    def reader(self, address: int) -> Trouble | None:
        """Why a reader is not there; None: it is, by secure channel. Raises KeyError for an address that is not on this
        line."""
        if self._acu is None:
            return Trouble.SILENT
        return self._acu.trouble(address)

    async def relay(self, address: int, number: int, seconds: float) -> None:
        """Let an output on for so long; 0: off at once, infinity: on until it is told otherwise.

        Raises `Unreachable` where the reader did not confirm in time (the command is taken back as far as it has not left),
        `DeviceError` where it refused.
        """
        self._end_long(address, number)
        if seconds <= 0:
            await self._order(address, _output(number, _OFF))
        elif math.isinf(seconds):
            await self._order(address, _output(number, _ON))
        else:
            await self._order(address, _output(number, _ON_FOR, min(seconds, TIMER_S_MAX)))
            if seconds > TIMER_S_MAX:
                self._long[address, number] = asyncio.create_task(self._renew(address, number, seconds))

    async def show(self, address: int, signal: Signal) -> None:
        """Show something at a reader. Raises as `relay` does."""
        await asyncio.gather(*(self._order(address, command) for command in _SHOWN[signal]))

    async def pair(self, address: int, key: bytes) -> None:
        """Give a reader in install mode its key (16 bytes); one that has this key already is left as it is. The other
        readers of the line are away for a moment, and so are their reads.

        Raises `Unreachable` (`LineTrouble` among them) where it does not answer, `DeviceError` where it has another key or
        knows no secure channel. Its key is then what it was before.
        """
        ReaderWire(address, key)
        acu, loop = self._running()
        acu.trouble(address)
        settled: asyncio.Future[None] = loop.create_future()
        acu.pair(Pairing(address, key, self._clock.monotonic() + PAIR_S_MAX, _settling(loop, settled)))
        await _bounded(settled, PAIR_S_MAX + MARGIN_S)

    async def _order(self, address: int, command: dict[str, Any]) -> None:
        acu, loop = self._running()
        acu.trouble(address)
        settled: asyncio.Future[None] = loop.create_future()
        acu.order(Order(address, command, self._clock.monotonic() + ORDER_S_MAX, _settling(loop, settled)))
        await _bounded(settled, ORDER_S_MAX + MARGIN_S)

    async def _renew(self, address: int, number: int, seconds: float) -> None:
        ends = self._clock.monotonic() + seconds
        while (left_s := ends - self._clock.monotonic()) > TIMER_S_MAX:
            await asyncio.sleep(min(RENEW_S, left_s - TIMER_S_MAX))
            left_s = ends - self._clock.monotonic()
            with suppress(Unreachable):
                # A reader that was away for a moment is asked again the next time.
                await self._order(address, _output(number, _ON_FOR, min(left_s, TIMER_S_MAX)))

    def _end_long(self, address: int, number: int) -> None:
        task = self._long.pop((address, number), None)
        if task is not None:
            task.cancel()

    def _running(self) -> tuple[Acu, asyncio.AbstractEventLoop]:
        if self._acu is None or self._loop is None:
            raise Unreachable(f"the line {self._path} is not open")
        return self._acu, self._loop

    def _heard(self, told: list[Told]) -> None:
        if self._acu is None:
            return  # It was closed meanwhile: nobody wants to know any more.
        for one in told:
            self._hear(one)

    def _note_opened(self, trouble: LineTrouble | None) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(trouble)


T = TypeVar("T")


def _on(loop: asyncio.AbstractEventLoop, called: Callable[[T], None]) -> Callable[[T], None]:
    """The same, called on the loop, from whichever thread."""

    def hand_on(value: T) -> None:
        with suppress(RuntimeError):  # The loop has ended before the thread.
            loop.call_soon_threadsafe(called, value)

    return hand_on


def _settling(loop: asyncio.AbstractEventLoop, settled: asyncio.Future[None]) -> Callable[[Exception | None], None]:
    def settle(error: Exception | None) -> None:
        if settled.done():
            return
        if error is None:
            settled.set_result(None)
        else:
            settled.set_exception(error)

    return _on(loop, settle)


async def _bounded(settled: asyncio.Future[None], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await settled
    except TimeoutError:
        raise Unreachable(FORGOTTEN) from None


def _output(number: int, control: int, seconds: float = 0.0) -> dict[str, Any]:
    steps = max(1, math.ceil(seconds / STEP_S)) if seconds else 0
    return {"command": Command.Output, "output_no": number, "control_code": control, "timer_count": steps}


def _light(on: int, off: int, *, seconds: float = 0.0, blink: bool = False) -> dict[str, Any]:
    """Both phases last half a second where it blinks; `seconds`: for so long, and then as it was."""
    command = {
        "command": Command.LED, "reader": 0, "led_number": 0, "on_color": on, "off_color": off,
        "on_count": 5 if blink else 10, "off_count": 5 if blink else 0, "temporary": bool(seconds),
        "control_code": _TEMPORARY if seconds else _PERMANENT,
    }  # fmt: skip
    return command | {"timer_count": round(seconds / STEP_S)} if seconds else command


def _beeps(count: int, steps: int) -> dict[str, Any]:
    return {
        "command": Command.Buzzer, "reader": 0, "control_code": 2, "on_count": steps, "off_count": steps,
        "rep_count": count,
    }  # fmt: skip


_GREEN, _RED, _AMBER, _BLUE, _BLACK = (
    CommandLEDColor.Green,
    CommandLEDColor.Red,
    CommandLEDColor.Amber,
    CommandLEDColor.Blue,
    CommandLEDColor.Black,
)
_SHOWN: dict[Signal, tuple[dict[str, Any], ...]] = {
    Signal.GRANTED: (_light(_GREEN, _GREEN, seconds=2.0), _beeps(1, 2)),
    Signal.DENIED: (_light(_RED, _RED, seconds=2.0), _beeps(3, 1)),
    Signal.WAITING: (_light(_AMBER, _BLACK, seconds=10.0, blink=True), _beeps(2, 1)),
    Signal.SHUT: (_light(_RED, _BLACK, blink=True),),
    Signal.FREE: (_light(_GREEN, _GREEN),),
    Signal.IDLE: (_light(_BLUE, _BLUE),),
}
