"""Panels on real ports: each answers by UDP and by TCP on one address, both made through the running loop only, so that
a loop of virtual time can stand in for it. Beside them, where one is asked for, a control port for physical acts, which
the hub never uses.

Malformed frames are ignored, as the hardware does.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from devices.wg import frames
from devices.wg.connections import Connections
from devices.wg.control import ControlServer
from devices.wg.emulator import EVENTS_CHUNK, WgEmulator
from devices.wg.faults import Chance, Faults
from devices.wg.trouble import Trouble
from devices.wire import WireError

BIND_PATIENCE_S = 5.0
BIND_PAUSE_S = 0.1
RECEIVE_BUFFER_BYTES = 4 << 20
TICK_S_MIN, TICK_S_MAX = 0.01, 600.0
"""The panel is asked at least so often for what it does by itself, since its clock may be put meanwhile."""
_STIRRING = frozenset(
    {
        frames.SET_TIME, frames.OPEN_DOOR, frames.SET_DOOR, frames.SET_LISTENER, frames.CLEAR_TASKS,
        frames.REFRESH_TASKS, frames.RESTORE,
    }
)  # fmt: skip
"""What may give rise to an event, or change what the panel does next by itself."""

Address = tuple[str, int]
_log = logging.getLogger(__name__)


class AddressTaken(WireError):
    """The emulated panel {name} cannot listen on {address} ({why}): stop the program that uses this address, or give
    the panel another one in the campus file."""

    def __init__(self, name: str, address: Address, why: str) -> None:
        template = " ".join(str(type(self).__doc__).split())
        super().__init__(template.format(name=name, address=f"{address[0]}:{address[1]}", why=why))


class ServedPanel(asyncio.DatagramProtocol):
    """One panel on its port. `suffer` may be called at any time; `fired` counts what the faults did."""

    def __init__(self, name: str, address: Address, chance: Chance) -> None:
        self.name = name
        self.address = address
        self._trouble = Trouble(self._answer, chance, self._befall)
        self._connections = Connections(self._trouble.pass_on)
        self._emulator: WgEmulator | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._autosend: asyncio.TimerHandle | None = None
        self._due: asyncio.TimerHandle | None = None
        self._control: ControlServer | None = None

    @property
    def emulator(self) -> WgEmulator:
        """The panel itself."""
        if self._emulator is None:
            raise RuntimeError(f"panel {self.name} is not served yet")
        return self._emulator

    @property
    def control_address(self) -> Address | None:
        """Where the control port listens, if there is one."""
        return None if self._control is None else self._control.address

    @property
    def faults(self) -> Faults:
        """What goes wrong at present."""
        return self._trouble.faults

    @property
    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        return self._trouble.fired

    def suffer(self, faults: Faults) -> None:
        """Let this go wrong from now on; `faults.NONE` ends it."""
        self._trouble.faults = faults
        self.emulator.refuse_new_cards(refuse=faults.full)
        self.emulator.tell_as_v6_62(on=faults.v6_62)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop once the port is ours."""
        self._transport = transport  # type: ignore[assignment]  # a datagram endpoint's transport is one of datagrams
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self.address = sock.getsockname()

    def error_received(self, exc: Exception) -> None:
        """A listener that is not there: a panel does not notice."""

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Called by the loop: a frame came. One that is told to tell itself does not answer what it told."""
        if self._transport is not None and addr != self.address:
            self._trouble.pass_on(data, _Datagrams(self._transport, addr))

    def settle(self) -> None:
        """Send what waits for the listener, and set the panel's own timers; call it after every physical act."""
        if self._transport is None or self._transport.is_closing():
            return
        for listener, datagram in self.emulator.take_datagrams():
            self._trouble.tell(partial(self._send_event, datagram, listener))
        self._set_clockwork()
        interval_s = self.emulator.autosend_interval_s()
        if not interval_s and self._autosend is not None:
            self._autosend.cancel()
            self._autosend = None
        elif interval_s and self._autosend is None:
            self._autosend = asyncio.get_running_loop().call_later(interval_s, self._send_status)

    async def close(self) -> None:
        """Leave the ports and let go of the memory."""
        if self._control is not None:
            await self._control.close()
        await self._connections.close()
        for timer in (self._autosend, self._due):
            if timer is not None:
                timer.cancel()
        if self._transport is not None:
            self._transport.close()
        if self._emulator is not None:
            self._emulator.close()

    def switch_on(self, emulator: WgEmulator) -> None:
        """Put the panel behind its port."""
        self._emulator = emulator
        self.settle()

    async def listen(self, patience_s: float) -> None:
        """Answer by TCP, too. Raises `AddressTaken`."""
        await bind(lambda: self._connections.start(self.address), self.name, self.address, patience_s)

    async def open_control(self, address: Address, patience_s: float) -> None:
        """Listen for physical acts. Raises `AddressTaken`."""
        control = ControlServer(self)
        await bind(lambda: control.start(address), f"{self.name} (control)", address, patience_s)
        self._control = control

    def _send_status(self) -> None:
        self._autosend = None
        self.emulator.autosend()
        self.settle()

    def _send_event(self, datagram: bytes, listener: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, listener)

    def _set_clockwork(self) -> None:
        if self._due is not None:
            self._due.cancel()
        due_s = self.emulator.next_in_s()
        wait_s = None if due_s is None else min(max(due_s, TICK_S_MIN), TICK_S_MAX)
        self._due = None if wait_s is None else asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._due = None
        try:
            self.emulator.tick()
        except OSError as error:
            _log.error("panel %s cannot remember what it did by itself: %s", self.name, error)
        self.settle()

    def _befall(self, fault: str) -> None:
        if fault == "overflow":
            self.emulator.overflow(EVENTS_CHUNK)
        elif self.emulator.powered:
            self.emulator.power_cycle(keep_memory=fault == "reboot")
        self.settle()

    def _answer(self, data: bytes) -> bytes | None:
        if self._emulator is None:
            return None
        try:
            reply = self._emulator.answer(data)
        except OSError as error:
            # A panel that cannot remember must not say that it did.
            _log.error("panel %s cannot remember and keeps silent: %s", self.name, error)
            return None
        if reply is not None and reply[1] in _STIRRING:
            if reply[1] == frames.SET_LISTENER and self._autosend is not None:
                self._autosend.cancel()
                self._autosend = None
            self.settle()
        return reply


class _Datagrams:
    """The way back to one who asked by UDP."""

    __slots__ = ("_to", "_transport")
    connected: ClassVar[bool] = False

    def __init__(self, transport: asyncio.DatagramTransport, to: Address) -> None:
        self._transport = transport
        self._to = to

    def send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, self._to)

    def hang_up(self) -> None:
        """There is nothing to end."""

    def reset(self) -> None:
        """There is nothing to break off."""


async def serve(
    name: str,
    emulator: Callable[[], WgEmulator],
    address: Address,
    chance: Chance,
    *,
    control: Address | None = None,
    patience_s: float = BIND_PATIENCE_S,
) -> ServedPanel:
    """Serve a panel; port 0 takes any free one, a taken one is waited for. The panel is made once its ports are ours, so
    that two processes never share a memory. Raises `AddressTaken`, and what `emulator` raises."""
    panel = ServedPanel(name, address, chance)
    loop = asyncio.get_running_loop()
    await bind(lambda: loop.create_datagram_endpoint(lambda: panel, local_addr=address), name, address, patience_s)
    try:
        await panel.listen(patience_s)
        panel.switch_on(emulator())
        if control is not None:
            await panel.open_control(control, patience_s)
    except BaseException:
        await panel.close()
        raise
    return panel


async def bind(attempt: Callable[[], Awaitable[object]], name: str, address: Address, patience_s: float) -> None:
    """Panels' ports lie where the system takes its own from, so another program may hold one for a moment."""
    why = ""
    for _ in range(1 + int(patience_s / BIND_PAUSE_S)):
        try:
            await attempt()
        except OSError as error:
            why = error.strerror or str(error)
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return
        await asyncio.sleep(BIND_PAUSE_S)
    raise AddressTaken(name, address, why)
