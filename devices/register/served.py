"""Registers on real ports, made through the running loop only. Beside each, where one is asked for, a control port for
hands, which the hub never uses."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from devices.register.acts import perform
from devices.register.connection import Connection
from devices.register.emulator import RegisterEmulator, Reply, Request
from devices.register.faults import NONE, Faults
from devices.wg.control import ControlServer
from devices.wg.faults import Chance
from devices.wg.served import BIND_PATIENCE_S, bind

CONNECTIONS_MAX = 256
GARBAGE_BYTES = 64

Address = tuple[str, int]
_CANNOT = Reply(
    500, b'{"error": "memory", "says": "this cannot be remembered"}', (("content-type", "application/json"),)
)
_log = logging.getLogger(__name__)


class ServedRegister:
    """One register on its port. `suffer` may be called at any time; `fired` counts what the faults did."""

    def __init__(self, name: str, address: Address, chance: Chance) -> None:
        self.name = name
        self.address = address
        self.faults: Faults = NONE
        self.fired: Counter[str] = Counter()
        self.heard: Counter[str] = Counter()
        self._chance = chance
        self._emulator: RegisterEmulator | None = None
        self._server: asyncio.Server | None = None
        self._open: set[Connection] = set()
        self._late: set[asyncio.TimerHandle] = set()
        self._control: ControlServer | None = None

    @property
    def emulator(self) -> RegisterEmulator:
        """The register itself."""
        if self._emulator is None:
            raise RuntimeError(f"register {self.name} is not served yet")
        return self._emulator

    @property
    def control_address(self) -> Address | None:
        """Where the control port listens, if there is one."""
        return None if self._control is None else self._control.address

    def suffer(self, faults: Faults) -> None:
        """Let this go wrong from now on; `faults.NONE` ends it."""
        self.faults = faults
        if faults.off:
            self._hang_up()

    def restart(self, *, keep_memory: bool) -> None:
        """Break all connections; start again, with the memory kept or lost."""
        self._hang_up()
        self.emulator.restart(keep_memory=keep_memory)

    async def start(self, patience_s: float) -> None:
        """Take the port. Raises `AddressTaken`."""
        loop = asyncio.get_running_loop()

        async def attempt() -> None:
            self._server = await loop.create_server(self._connected, *self.address)
            self.address = self._server.sockets[0].getsockname()

        await bind(attempt, self.name, self.address, patience_s)

    def switch_on(self, emulator: RegisterEmulator) -> None:
        """Put the register behind its port."""
        self._emulator = emulator

    async def open_control(self, address: Address, patience_s: float) -> None:
        """Listen for hands. Raises `AddressTaken`."""
        control = ControlServer(self, perform)
        await bind(lambda: control.start(address), f"{self.name} (control)", address, patience_s)
        self._control = control

    async def close(self) -> None:
        """Leave the ports and let go of the memory."""
        if self._control is not None:
            await self._control.close()
        if self._server is not None:
            self._server.close()
        for timer in self._late:
            timer.cancel()
        self._hang_up()
        # A broken connection is gone at the loop's next turn.
        await asyncio.sleep(0)
        if self._emulator is not None:
            self._emulator.close()

    def _connected(self) -> Connection:
        connection = Connection(self._asked, self._open.discard)
        if len(self._open) >= CONNECTIONS_MAX:
            asyncio.get_running_loop().call_soon(connection.hang_up)
        self._open.add(connection)
        return connection

    def _hang_up(self) -> None:
        for connection in list(self._open):
            connection.hang_up()

    def _asked(self, connection: Connection, request: Request) -> None:
        self.heard[request.verb] += 1
        faults = self.faults
        if faults is NONE:
            connection.reply(self._answer(request))
        elif faults.off or self._emulator is None:
            self.fired["off"] += 1
            connection.hang_up()
        elif faults.status:
            self._refuse(connection, faults)
        elif self._strikes("silent", faults.silent):
            return
        elif self._strikes("late", faults.late):
            self._after(faults.delay_s, lambda: connection.reply(self._answer(request)))
        else:
            self._answer_badly(connection, request)

    def _refuse(self, connection: Connection, faults: Faults) -> None:
        self.fired["status"] += 1
        if faults.times:
            self.faults = (
                replace(faults, times=faults.times - 1) if faults.times > 1 else replace(faults, status=0, times=0)
            )
        connection.reply(Reply(faults.status, b'{"error": "fault"}', (("content-type", "application/json"),)))

    def _after(self, delay_s: float, act: Callable[[], None]) -> None:
        def due() -> None:
            self._late.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(delay_s, due)
        self._late.add(timer)

    def _answer(self, request: Request) -> Reply:
        try:
            return self.emulator.answer(request)
        except OSError as error:
            # A register that cannot remember must not say that it did.
            _log.error("register %s cannot remember: %s", self.name, error)
            return _CANNOT

    def _answer_badly(self, connection: Connection, request: Request) -> None:
        faults = self.faults
        reply = self._answer(request)
        if self._strikes("reply_lost", faults.reply_lost):
            connection.hang_up()
        elif self._strikes("cut", faults.cut):
            connection.reply(reply, part=0.5)
        elif self._strikes("garbage", faults.garbage):
            raw = self._chance.randbytes(GARBAGE_BYTES)
            if self._chance.random() < 0.5:
                connection.spoil(raw)
            else:
                connection.reply(replace(reply, body=raw, length=None))
        elif self._strikes("wrong_etag", faults.wrong_etag):
            headers = tuple((name, '"elsewhere"' if name == "etag" else value) for name, value in reply.headers)
            connection.reply(replace(reply, headers=headers))
        else:
            connection.reply(reply)

    def _strikes(self, name: str, share: float) -> bool:
        strikes = share > 0 and self._chance.random() < share
        self.fired[name] += strikes
        return strikes


async def serve_register(
    name: str,
    emulator: Callable[[], RegisterEmulator],
    address: Address,
    chance: Chance,
    *,
    control: Address | None = None,
    patience_s: float = BIND_PATIENCE_S,
) -> ServedRegister:
    """Serve a register; port 0 takes any free one, a taken one is waited for. The register is made once its port is ours,
    so that two processes never share a memory. Raises `AddressTaken`, and what `emulator` raises."""
    served = ServedRegister(name, address, chance)
    await served.start(patience_s)
    try:
        served.switch_on(emulator())
        if control is not None:
            await served.open_control(control, patience_s)
    except BaseException:
        await served.close()
        raise
    return served
