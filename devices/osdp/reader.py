"""What the gateway knows of one reader: whether it is there, why not, and whether what it tells is new.

A reader queues what it reads while nobody asks it, and tells it later without a time. So what it tells is taken for fresh
only once it has answered a poll with nothing to tell, some time after it came back; and who was not heard for a while
has to come back, even where the library saw nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from osdp import Event, StatusReportType

from devices.osdp import glance
from devices.osdp.cards import decoded
from devices.osdp.events import CardRead, Input, Keys, Offline, Online, Power, Tamper, Told, Trouble
from devices.osdp.glance import Frame

KEY_BYTES = 16
ADDRESS_MAX = 126
GRACE_S = 1.0
"""Between a reader's return and the first read that may open a door."""
GAP_S = 1.5
"""Who was not heard for longer may have read cards meanwhile."""
SILENCE_S = 2.0
"""Who was not heard for longer is not there, whatever the library still hopes."""
NEVER = float("-inf")
_KEYPAD = {0x7F: "*", 0x0D: "#", ord("*"): "*", ord("#"): "#"} | {ord(digit): digit for digit in "0123456789"}

Settle = Callable[[Exception | None], None]


@dataclass(frozen=True, slots=True)
class ReaderWire:
    """A reader on a line: its address, its key (16 bytes; None: not paired yet), and the identity it had when it was
    paired, where that is known."""

    address: int
    key: bytes | None
    identity: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError."""
        if not 0 <= self.address <= ADDRESS_MAX:
            raise ValueError(f"a reader's address is from 0 to {ADDRESS_MAX}, not {self.address}")
        if self.key is not None and len(self.key) != KEY_BYTES:
            raise ValueError(f"a reader's key has {KEY_BYTES} bytes, not {len(self.key)}")


@dataclass(frozen=True, slots=True)
class Order:
    """A command on its way to a reader, as the library takes it. It is settled once; `expires` on the clock's own count."""

    address: int
    command: Mapping[str, Any]
    expires: float
    settle: Settle


class Reader:
    """One reader as it was last seen. Used by the line's own thread."""

    def __init__(self, wire: ReaderWire) -> None:
        self.wire = wire
        self.trouble: Trouble | None = Trouble.NO_KEY if wire.key is None else Trouble.SILENT
        self.identity = ""
        self.secured = False
        self.refuses_status = False
        self.pending: deque[Order] = deque()
        self.mend_at: float | None = None
        self.enable_at: float | None = None
        self.held_back = False
        self._expected = None if wire.identity is None else _without_firmware(wire.identity)
        self._stale = True
        self._calm_at = NEVER
        self._heard_at = NEVER
        self._question: Frame | None = None
        self._challenge: Frame | None = None
        self._answer: Frame | None = None
        self._bytes = 0
        self._unclear = False
        self._inputs: tuple[bool, ...] | None = None
        self._status = [False, False]

    @property
    def by_its_own_key(self) -> bool:
        """Whether the secure channel was built with the reader's own key rather than the one that everybody knows."""
        return self._challenge is not None and self._challenge.block[1:2] == b"\x01"

    def asked(self, frame: Frame) -> None:
        """A command goes out to it."""
        self._unclear = bool(self._bytes) and self._answer is None
        self._question, self._answer, self._bytes = frame, None, 0
        if frame.code == glance.CHALLENGE:
            self._challenge = frame

    def heard(self, count: int) -> None:
        """Bytes came while it was to answer."""
        self._bytes += count

    def answered(self, frame: Frame, now: float) -> None:
        """It answered with a whole frame."""
        if now - self._heard_at > GAP_S:
            self._grow_stale(now)
        self._heard_at = now
        self._answer = frame
        idle = frame.code == glance.ACK and self._question is not None and self._question.code == glance.POLL
        if idle and now >= self._calm_at:
            self._stale = False

    def is_answered(self) -> bool:
        """Whether the last command has an answer."""
        return self._answer is not None

    def waits_for_output(self) -> bool:
        """Whether a command for its outputs is out and not answered."""
        return self._question is not None and self._question.code == glance.OUTPUT and self._answer is None

    def came(self, identity: str, now: float) -> list[Told]:
        """The library says that it is there by secure channel."""
        self.secured, self.held_back, self.identity = True, False, identity
        self._inputs = None
        self._grow_stale(now)
        base = _without_firmware(identity)
        if self._expected is None:
            self._expected = base
        return self._now_in(Trouble.FOREIGN if base != self._expected else None)

    def went(self) -> list[Told]:
        """The library gave it up."""
        self.secured = False
        return self._now_in(self.why())

    def lost(self, error: Exception) -> list[Told]:
        """The line is gone, or begins anew."""
        self.secured = False
        self._heard_at = NEVER
        self.mend_at = self.enable_at = None
        self.fail(error)
        return [] if self.wire.key is None else self._now_in(Trouble.SILENT)

    def fail(self, error: Exception) -> None:
        """What is on its way comes to nothing."""
        while self.pending:
            self.pending.popleft().settle(error)

    def watch(self, now: float) -> list[Told]:
        """Whether it is still heard. The library tells only after eight seconds that it is not."""
        if self.trouble not in (None, Trouble.SILENT, Trouble.GARBLED):
            return []
        if self.secured and now - self._heard_at <= SILENCE_S:
            return self._now_in(None)
        if self.trouble is None:
            return self._now_in(Trouble.GARBLED if self._unclear else Trouble.SILENT)
        return self._now_in(Trouble.GARBLED) if self._unclear else []

    def why(self) -> Trouble:
        """Why it is not there, from what passed last."""
        question, answer = self._question, self._answer
        if question is None or answer is None:
            return Trouble.GARBLED if self._bytes else Trouble.SILENT
        if question.code == glance.CHALLENGE and answer.code == glance.CRYPTOGRAM_OF_READER:
            ownerless = glance.answers_by_nobodys_key(self._challenge, answer)
            return Trouble.INSTALL_MODE if ownerless else Trouble.WRONG_KEY
        if question.code == glance.CHALLENGE and answer.data[:1] == glance.NO_SECURITY:
            return Trouble.INSECURE
        if question.code == glance.CAPABILITIES and answer.code != glance.NAK:
            return Trouble.INSECURE
        return Trouble.REFUSED if answer.code == glance.NAK else Trouble.GARBLED

    def understood(self, event: Mapping[str, Any]) -> list[Told]:
        """What an event of the library's tells."""
        if not self.secured or self.trouble == Trouble.FOREIGN:
            return []
        kind, address, fresh = event["event"], self.wire.address, not self._stale
        if kind == Event.CardRead:
            bits = int(event.get("length", 0))
            return [CardRead(address, decoded(event["data"], bits), bits, fresh)]
        if kind == Event.KeyPress:
            digits = "".join(_KEYPAD.get(byte, "") for byte in event["data"])
            return [Keys(address, digits, fresh)] if digits else []
        if kind == Event.Status:
            return self._reported(event["type"], event.get("report", b""))
        return []

    def _reported(self, kind: int, report: bytes) -> list[Told]:
        address = self.wire.address
        told: list[Told] = []
        if kind == StatusReportType.Input:
            active = tuple(bool(byte) for byte in report)
            before = self._inputs or ()
            self._inputs = active
            told += [
                Input(address, number, one)
                for number, one in enumerate(active)
                if number >= len(before) or before[number] != one
            ]
        elif kind == StatusReportType.Local and len(report) >= 2:
            now = [bool(report[0]), bool(report[1])]
            earlier, self._status = self._status, now
            told += [Tamper(address, now[0])] if now[0] != earlier[0] else []
            told += [Power(address, now[1])] if now[1] != earlier[1] else []
        return told

    def _now_in(self, trouble: Trouble | None) -> list[Told]:
        if trouble == self.trouble:
            return []
        self.trouble = trouble
        address = self.wire.address
        return [Online(address, self.identity)] if trouble is None else [Offline(address, trouble)]

    def _grow_stale(self, now: float) -> None:
        self._stale = True
        self._calm_at = now + GRACE_S


def _without_firmware(identity: str) -> str:
    return identity.rpartition("-")[0]
