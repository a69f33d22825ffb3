"""Frames that are right, and frames that are not: real requests of every function, laid out here by offset alone, and what
chance makes of them. The layouts are those of uhppoted/uhppote-core `messages`, written down a second time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

FRAME_BYTES = 64
MAGIC = bytes.fromhex("55aaaa55")
CARDS = tuple(range(8_165_531, 8_165_539))
DOORS = (1, 2, 3, 4)
DATAGRAM_BYTES_MAX = 1_500
FUNCTIONS = (
    0x20, 0x30, 0x32, 0x40, 0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C, 0x80, 0x82, 0x84, 0x86, 0x88, 0x8A, 0x8C, 0x8E,
    0x90, 0x92, 0x94, 0x96, 0x98, 0xA0, 0xA2, 0xA4, 0xA6, 0xA8, 0xAA, 0xAC, 0xB0, 0xB2, 0xB4, 0xC8,
)  # fmt: skip
SWEEPING = (0x54, 0x8A, 0xC8)
"""What empties a panel: rare, or there would be nothing left to spoil."""


class Forger:
    """Makes frames for the panel of one serial. `listeners`: the first two bytes of the only addresses to which a panel may
    be told to send, so that nothing leaves this machine."""

    def __init__(self, serial: int, dice: Random, listeners: bytes) -> None:
        self._serial = serial.to_bytes(4, "little")
        self._dice = dice
        self._listeners = listeners

    def request(self, function: int, *told: bytes) -> bytes:
        """A request of this function, which says so after its serial."""
        return (bytes((0x17, function, 0, 0)) + self._serial + b"".join(told)).ljust(FRAME_BYTES, b"\0")

    def real(self) -> bytes:
        """A request as a hub might send it."""
        dice = self._dice
        function = dice.choice(FUNCTIONS)
        if function in SWEEPING and dice.random() < 0.9:
            function = 0x50
        return self._harmless(self.request(function, *self.told(function)))

    def hostile(self) -> bytes:
        """One datagram that a panel may get from anybody: mostly a request that something happened to."""
        dice = self._dice
        chosen = dice.random()
        if chosen < 0.25:
            return self.real()
        if chosen < 0.80:
            return self._harmless(self._spoilt(self.real()))
        if chosen < 0.90:
            return self._harmless(self.request(dice.choice(FUNCTIONS), dice.randbytes(56)))
        if chosen < 0.95:
            return self._harmless(dice.randbytes(FRAME_BYTES))
        frame = self.real()
        length = dice.choice((0, 1, 2, 8, 32, 63, 65, 128, DATAGRAM_BYTES_MAX, dice.randrange(DATAGRAM_BYTES_MAX)))
        return (frame if length <= FRAME_BYTES else frame + dice.randbytes(length))[:length]

    def stream(self) -> bytes:
        """What a connection may carry: whole frames, torn ones, and pieces, one behind the other."""
        joined = b"".join(
            self.hostile()[: FRAME_BYTES + 8] if self._dice.random() < 0.2 else self.real() for _ in range(8)
        )
        cut = [joined[begin : begin + FRAME_BYTES] for begin in range(0, len(joined), FRAME_BYTES)]
        return b"".join(self._harmless(frame) for frame in cut)

    def spoilt(self, frame: bytes) -> bytes:
        """A frame that something happened to, as long as it was."""
        return self._spoilt(frame)

    def told(self, function: int) -> tuple[bytes, ...]:
        """What a request of a function says after its serial."""
        made = _TOLD.get(function)
        return () if made is None else made(self, self._dice)

    def _driven(self) -> tuple[bytes, ...]:
        return self._door(), bytes((self._dice.choice((1, 2, 3, 3, 3)), self._dice.randrange(1, 30)))

    def _profile(self) -> tuple[bytes, ...]:
        spans, number = bytes.fromhex("083012001330174523002359"), bytes((self._dice.randrange(2, 8),))
        return number, self._days(), self._week(), spans, bytes((self._dice.choice((0, 0, 3)),))

    def _time(self) -> tuple[bytes, ...]:
        dice = self._dice
        year, month, hour = dice.choice((26, 27, 27, 27, 31)), dice.randrange(1, 10), dice.randrange(10, 24)
        return (bytes.fromhex(f"20{year}0{month}15{hour}3045"),)

    def _listener(self) -> tuple[bytes, ...]:
        dice = self._dice
        port = dice.choice((0, 0, 60001)).to_bytes(2, "little")
        return self._listeners, dice.randbytes(2), port, bytes((dice.choice((0, 0, 9)),))

    def _task(self) -> tuple[bytes, ...]:
        kind = bytes((self._dice.randrange(13), self._dice.randrange(3)))
        return self._days(), self._week(), bytes.fromhex("1015"), self._door(), kind

    def _first(self) -> tuple[bytes, ...]:
        active, inactive = bytes((self._dice.randrange(3),)), bytes((self._dice.randrange(4),))
        return self._door(), bytes.fromhex("0830"), active, bytes.fromhex("1745"), inactive, self._week()

    def _codes(self) -> tuple[bytes, ...]:
        codes = (_u32(self._dice.choice((0, 0, self._dice.randrange(1_000_000)))) for _ in range(4))
        return self._door(), bytes(3), *codes

    def _door(self) -> bytes:
        return bytes((self._dice.choice(DOORS),))

    def _week(self) -> bytes:
        return bytes(self._dice.randrange(2) for _ in range(7))

    def _card(self) -> tuple[bytes, ...]:
        dice = self._dice
        rights = bytes(dice.choice((0, 0, 1, 1, 2, 5, 254)) for _ in DOORS)
        pin = dice.choice((0, 0, 0, 7531, 999_999)).to_bytes(3, "little")
        return _u32(dice.choice(CARDS)), self._days(), rights, pin, bytes((dice.choice((0, 0, 15)),))

    def _days(self) -> bytes:
        return bytes.fromhex(self._dice.choice(("2027010120271231", "2027030120270302", "2020010120201231")))

    def _spoilt(self, frame: bytes) -> bytes:
        dice, spoilt = self._dice, bytearray(frame)
        for _ in range(dice.choice((1, 1, 1, 2, 4))):
            at = dice.choice((0, 1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 16, 20, dice.randrange(64), dice.randrange(8, 40)))
            how = dice.randrange(6)
            if how == 0:
                spoilt[at] ^= 1 << dice.randrange(8)
            elif how == 1:
                spoilt[at] = dice.choice((0x00, 0x01, 0x0A, 0x17, 0x19, 0x60, 0x99, 0xFF))
            elif how == 2:
                spoilt[at] = dice.randrange(256)
            elif how == 3:
                end = min(FRAME_BYTES, at + dice.choice((2, 4, 7, 56)))
                spoilt[at:end] = bytes((dice.choice((0x00, 0xFF)),)) * (end - at)
            elif how == 4:
                spoilt[at:] = self.real_from(at)
            else:
                spoilt[at:] = (spoilt[at + 1 :] + b"\0")[: FRAME_BYTES - at]
        return bytes(spoilt)

    def real_from(self, at: int) -> bytes:
        """The end of another request."""
        function = self._dice.choice(FUNCTIONS)
        return self.request(function, *self.told(function))[at:]

    def _harmless(self, frame: bytes) -> bytes:
        """A panel that took it would send its events to nobody but ourselves."""
        return frame[:8] + self._listeners + frame[10:] if frame[1:2] == b"\x90" and len(frame) >= 10 else frame


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _slot(_: Forger, dice: Random) -> tuple[bytes, ...]:
    return (_u32(dice.choice((0, 1, 2, 5, 0xFFFFFFFF, dice.randrange(12)))),)


def _number(_: Forger, dice: Random) -> tuple[bytes, ...]:
    return (_u32(dice.choice(CARDS)),)


def _mode(_: Forger, dice: Random) -> tuple[bytes, ...]:
    return (bytes((dice.choice((0, 0, 0, 1, 2, 3, 4, 8)),)),)


def _sworn(*_: object) -> tuple[bytes, ...]:
    return (MAGIC,)


_TOLD: dict[int, Callable[[Forger, Random], tuple[bytes, ...]]] = {
    0x30: lambda forger, _: forger._time(),
    0x40: lambda forger, _: (forger._door(),),
    0x50: lambda forger, _: forger._card(),
    0x52: _number,
    0x54: _sworn,
    0x5A: _number,
    0x5C: _slot,
    0x80: lambda forger, _: forger._driven(),
    0x82: lambda forger, _: (forger._door(),),
    0x84: _mode,
    0x88: lambda forger, _: forger._profile(),
    0x8A: _sworn,
    0x8C: lambda forger, _: forger._codes(),
    0x8E: lambda _, dice: (bytes((dice.randrange(2),)),),
    0x90: lambda forger, _: forger._listener(),
    0x96: lambda _, dice: (bytes((192, 168, 1, dice.randrange(1, 250), 255, 255, 255, 0, 192, 168, 1, 1)), MAGIC),
    0x98: lambda _, dice: (bytes((dice.randrange(1, 9),)),),
    0xA0: lambda _, dice: (MAGIC, bytes((dice.choice((0, 0, 1)),))),
    0xA2: _mode,
    0xA4: lambda _, dice: (bytes(dice.choice((0, 0, 0, 1)) for _ in range(4)),),
    0xA6: _sworn,
    0xA8: lambda forger, _: forger._task(),
    0xAA: lambda forger, _: forger._first(),
    0xAC: _sworn,
    0xB0: _slot,
    0xB2: lambda _, dice: (_u32(dice.randrange(8)), MAGIC),
    0xC8: _sworn,
}
