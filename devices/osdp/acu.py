"""The thread that drives one serial line: it alone touches the adapter and libosdp's control panel, and hands on what it
heard in batches. The library's own thread is not used: its tick is fixed, and nothing that comes over the line wakes it.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from devices.clock import Clock
from devices.osdp.events import SENTENCES, Told, Trouble
from devices.osdp.pairing import Pairing
from devices.osdp.reader import Order, Reader, ReaderWire
from devices.osdp.session import FORGOTTEN, RandomBytes, Session
from devices.osdp.trunk import Trunk
from devices.osdp.tty import LineTrouble, Tty
from devices.wire import Unreachable

REOPEN_S = 1.0
"""Between two attempts to open an adapter that is not there."""
BUSY_S = 0.001
"""Between two turns while something passes on the line."""
ORDERS_MAX = 256
BELL_BYTES = 4_096
_log = logging.getLogger(__name__)


class Acu(threading.Thread):
    """Drives a line from `start` to `stop`. `tell`, `opened` and what settles an order are called on this thread and must
    only hand on."""

    def __init__(
        self,
        path: Path,
        baud: int,
        wires: Sequence[ReaderWire],
        clock: Clock,
        tell: Callable[[list[Told]], None],
        opened: Callable[[LineTrouble | None], None],
        tick_s: float,
        random_bytes: RandomBytes,
    ) -> None:
        super().__init__(name=f"osdp {path.name}", daemon=True)
        self.line_trouble: LineTrouble | None = None
        self._path, self._baud, self._clock, self._tick_s = path, baud, clock, tick_s
        self._tell, self._opened, self._random_bytes = tell, opened, random_bytes
        self._readers = {wire.address: Reader(wire) for wire in wires}
        self._orders: deque[Order] = deque()
        self._pairings: deque[Pairing] = deque()
        self._pairing: Pairing | None = None
        self._told: list[Told] = []
        self._trunk: Trunk | None = None
        self._session: Session | None = None
        self._ended = threading.Event()
        self._ear, self._bell = socket.socketpair()
        self._bell.setblocking(False)
        self._reopen_at = float("-inf")

    def trouble(self, address: int) -> Trouble | None:
        """Why a reader is not there; None where it is. From any thread. Raises KeyError."""
        return self._readers[address].trouble

    def order(self, order: Order) -> None:
        """Send a command soon. From any thread."""
        if len(self._orders) >= ORDERS_MAX or self._ended.is_set():
            order.settle(Unreachable(FORGOTTEN))
            return
        self._orders.append(order)
        self._ring()

    def pair(self, pairing: Pairing) -> None:
        """Give a reader in install mode its key. From any thread."""
        if self._ended.is_set():
            pairing.settle(Unreachable(FORGOTTEN))
            return
        self._pairings.append(pairing)
        self._ring()

    def stop(self) -> None:
        """End the thread; the caller joins it."""
        self._ended.set()
        self._ring()

    def run(self) -> None:
        """The thread itself."""
        try:
            while not self._ended.is_set():
                self._turn()
        except Exception:
            _log.exception("the driver of line %s ended by a fault of its own", self._path)
            raise
        finally:
            self._ended.set()
            self._leave_line(self.line_trouble or Unreachable(FORGOTTEN))
            self._hand_on()
            self._ear.close()
            self._bell.close()

    def _turn(self) -> None:
        if self._trunk is None and self._clock.monotonic() >= self._reopen_at:
            self._enter_line()
        self._rest()
        self._begin_pairing()
        self._obey()
        if self._session is not None:
            self._told += self._session.turn(self._clock.monotonic())
        if self._trunk is not None and self._trunk.trouble is not None:
            self._lose_line(self._trunk.trouble)
        self._end_pairing()
        self._hand_on()

    def _rest(self) -> None:
        """Until the line or an order has something, or the tick is over."""
        sources = [self._ear, *([] if self._trunk is None else [self._trunk])]
        busy = self._trunk is not None and self._trunk.take_activity()
        wait_s = REOPEN_S if self._trunk is None else BUSY_S if busy else self._tick_s
        ready, _, _ = select.select(sources, (), (), wait_s)
        if self._ear in ready:
            self._ear.recv(BELL_BYTES)
        if self._trunk is not None:
            self._trunk.draw(self._clock.monotonic())

    def _ring(self) -> None:
        with suppress(OSError):  # Full: it will be heard. Closed: nobody is there.
            self._bell.send(b"!")

    def _enter_line(self) -> None:
        try:
            tty = Tty(self._path, self._baud)
        except LineTrouble as trouble:
            self._reopen_at = self._clock.monotonic() + REOPEN_S
            if self.line_trouble is None:
                # An adapter that was unplugged is missing now: the first word says it better.
                self.line_trouble = trouble
                _log.warning("%s", trouble)
            self._opened(trouble)
            return
        self.line_trouble = None
        self._trunk = Trunk(tty, self._readers)
        self._begin_session()
        self._opened(None)

    def _lose_line(self, trouble: LineTrouble) -> None:
        _log.warning("%s", trouble)
        self._reopen_at = self._clock.monotonic() + REOPEN_S
        self._leave_line(trouble)
        # The last of all: whoever reads it from another thread finds no reader that is still there.
        self.line_trouble = trouble

    def _leave_line(self, error: Unreachable) -> None:
        self._session = None
        if self._trunk is not None:
            self._trunk.close()
            self._trunk = None
        for reader in self._readers.values():
            self._told += reader.lost(error)
        while self._orders:
            self._orders.popleft().settle(error)

    def _begin_session(self) -> None:
        """Those that were there come back in a moment."""
        if self._trunk is not None:
            for reader in self._readers.values():
                self._told += reader.lost(Unreachable(FORGOTTEN))
            self._session = Session(self._trunk, self._readers, self._pairing, self._random_bytes)

    def _obey(self) -> None:
        while self._orders:
            order = self._orders.popleft()
            reader = self._readers[order.address]
            if self._session is not None and reader.trouble is None:
                self._session.submit(reader, order)
            else:
                order.settle(self.line_trouble or Unreachable(SENTENCES[reader.trouble or Trouble.SILENT]))

    def _begin_pairing(self) -> None:
        if self._pairing is not None or not self._pairings:
            return
        pairing = self._pairings.popleft()
        if self._trunk is None:
            pairing.settle(self.line_trouble or Unreachable(SENTENCES[Trouble.SILENT]))
            return
        self._pairing = pairing
        pairing.before = self._readers[pairing.address].wire
        self._rewire(ReaderWire(pairing.address, pairing.key))

    def _end_pairing(self) -> None:
        pairing = self._pairing
        if pairing is None:
            return
        failure = pairing.failure(self._clock.monotonic(), self.line_trouble)
        if not pairing.done and failure is None:
            return
        self._pairing = None
        if failure is not None and pairing.before is not None:
            self._rewire(pairing.before)
        pairing.settle(failure)

    def _rewire(self, wire: ReaderWire) -> None:
        self._told += self._readers[wire.address].lost(Unreachable(FORGOTTEN))
        self._readers[wire.address] = Reader(wire)
        self._begin_session()

    def _hand_on(self) -> None:
        if self._told:
            self._tell(self._told)
            self._told = list[Told]()
