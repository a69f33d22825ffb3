"""What a panel must hold, and must answer, after the frames it was sent: an independent small judge that knows offsets and
bytes, and none of the house's code. Rules: uhppoted/uhppote-core `messages`, uhppoted/uhppote-simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.fuzz.forge import FRAME_BYTES, MAGIC

TASKS_MAX = 256
DRIVING = (0, 1, 2, 10)
"""Kinds of tasks after which a door may be open or shut: controlled, open, closed, open once."""
NOBODY = (b"\0\0\0\0", b"\xff\xff\xff\xff")
UNSET = bytes((0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0))
YES, NO = b"\1".ljust(56, b"\0"), bytes(56)

Answer = bytes | None
"""How an answer must begin after its serial; None: there must be none."""


@dataclass(slots=True)
class Twin:
    """One panel. `network` is its address, mask and gateway; `now` what its clock shows.

    `elapsed_s` since it was made; `until_s`: how long each lock is released that something well-formed released.
    `driven`: doors whose mode a task has set, or may set; `first`: those with a first card. What they are like is not known
    here.
    """

    serial: int
    now: datetime
    network: bytes
    cards_max: int
    slots: list[bytes | None] = field(default_factory=list)
    doors: dict[int, tuple[int, int]] = field(default_factory=lambda: dict.fromkeys((1, 2, 3, 4), (3, 5)))
    profiles: dict[int, bytes] = field(default_factory=dict)
    listener: bytes = bytes(7)
    index: int = 0
    events: int = 0
    passback: int = 0
    interlock: int = 0
    special: bool = False
    keypads: bytes = bytes(4)
    passcodes: dict[int, bytes] = field(default_factory=lambda: dict.fromkeys((1, 2, 3, 4), bytes(16)))
    tasks: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[tuple[int, int]] = field(default_factory=list)
    first: set[int] = field(default_factory=set)
    waiting_first: set[int] = field(default_factory=set)
    driven: set[int] = field(default_factory=set)
    until_s: dict[int, float] = field(default_factory=dict)
    elapsed_s: float = 0.0
    hosted: bool = False

    def card(self, number: int) -> bytes | None:
        """The 20 bytes of a card: number, dates, doors, PIN, first-card bits."""
        return next((slot for slot in self.slots if slot is not None and slot[:4] == _u32(number)), None)

    def held(self) -> int:
        """How many cards there are."""
        return sum(slot is not None for slot in self.slots)

    def release(self, door: int) -> None:
        """A lock is released for its time."""
        self.until_s[door] = self.elapsed_s + self.doors[door][1]

    def released(self, door: int) -> bool | None:
        """Whether a lock is released; None: not known here."""
        if door in self.driven | self.first:
            return None
        return self.doors[door][0] == 1 or self.until_s.get(door, 0.0) > self.elapsed_s

    def plain(self, door: int) -> bool:
        """Whether nothing shuts out a card that has its right at a door."""
        ruled = self.passback or self.interlock or any(self.keypads) or self.hosted or self.tasks or self.waiting
        return not ruled and self.doors[door][0] == 3 and door not in self.driven | self.first

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)
        self.elapsed_s += seconds

    def take(self, frame: bytes) -> bytes | None:
        """Take a frame in: how the answer must begin, None where there must be none."""
        if not is_request(frame):
            return None
        if frame[4:8] != _u32(self.serial) and not (frame[1] == 0x94 and frame[4:8] == bytes(4)):
            return None
        answer = _TAKES[frame[1]](self, frame)
        return None if answer is None else bytes((0x17, frame[1], 0, 0)) + _u32(self.serial) + answer

    def _set_time(self, frame: bytes) -> Answer:
        # After the last year that has a number there is no next day: such a time is passed over.
        if any(frame[8:15]) and frame[8:10] != b"\x99\x99":
            self.now = datetime.strptime(frame[8:15].hex(), "%Y%m%d%H%M%S")
        return self._time(frame)

    def _time(self, _: bytes) -> Answer:
        now = self.now
        digits = f"{now.year:04d}{now.month:02d}{now.day:02d}{now.hour:02d}{now.minute:02d}{now.second:02d}"
        return bytes.fromhex(digits).ljust(56, b"\0")

    def _open(self, frame: bytes) -> Answer:
        if frame[8] not in self.doors:
            return None
        self.events += 1
        self.release(frame[8])
        return YES

    def _put(self, frame: bytes) -> Answer:
        number, held = frame[8:12], self.card(int.from_bytes(frame[8:12], "little"))
        if number in NOBODY or not any(frame[12:16]) or not any(frame[16:20]):
            return NO
        if held is None and self.held() >= self.cards_max:
            return NO
        card = frame[8:24] + _pin(frame[24:27]) + frame[27:28]
        if held is not None:
            self.slots[self.slots.index(held)] = card
        elif None in self.slots:
            self.slots[self.slots.index(None)] = card
        else:
            self.slots.append(card)
        return YES

    def _delete(self, frame: bytes) -> Answer:
        held = self.card(int.from_bytes(frame[8:12], "little"))
        if held is None:
            return NO
        self.slots[self.slots.index(held)] = None
        return YES

    def _delete_all(self, frame: bytes) -> Answer:
        if frame[8:12] != MAGIC:
            return None
        self.slots.clear()
        return YES

    def _count(self, _: bytes) -> Answer:
        return _u32(self.held()).ljust(56, b"\0")

    def _card(self, frame: bytes) -> Answer:
        return (self.card(int.from_bytes(frame[8:12], "little")) or b"").ljust(56, b"\0")

    def _slot(self, frame: bytes) -> Answer:
        number = int.from_bytes(frame[8:12], "little")
        if not 1 <= number <= len(self.slots):
            return bytes(56)
        return (self.slots[number - 1] or NOBODY[1]).ljust(56, b"\0")

    def _set_door(self, frame: bytes) -> Answer:
        if frame[8] not in self.doors or frame[9] not in (1, 2, 3):
            return None
        self.doors[frame[8]] = frame[9], frame[10]
        self.first.discard(frame[8])
        if frame[9] == 2:
            self.until_s.pop(frame[8], None)
        if not any(door == frame[8] for kind, door in self.tasks if kind in DRIVING):
            self.driven.discard(frame[8])
        return self._door(frame)

    def _door(self, frame: bytes) -> Answer:
        if frame[8] not in self.doors:
            return None
        # A first card drives the door by its own rules, and then only the number is known here.
        return frame[8:9] if frame[8] in self.first else bytes((frame[8], *self.doors[frame[8]])).ljust(56, b"\0")

    def _set_profile(self, frame: bytes) -> Answer:
        if not 2 <= frame[8] <= 254 or not any(frame[9:13]) or not any(frame[13:17]):
            return NO
        self.profiles[frame[8]] = frame[8:17] + _flags(frame[17:24]) + frame[24:37]
        return YES

    def _profile(self, frame: bytes) -> Answer:
        return self.profiles.get(frame[8], b"").ljust(56, b"\0")

    def _clear_profiles(self, frame: bytes) -> Answer:
        return self._sworn(frame, self.profiles.clear)

    def _set_passback(self, frame: bytes) -> Answer:
        self.passback = frame[8] if frame[8] <= 4 else self.passback
        return YES if frame[8] <= 4 else NO

    def _passback(self, _: bytes) -> Answer:
        return bytes((self.passback,)).ljust(56, b"\0")

    def _set_interlock(self, frame: bytes) -> Answer:
        known = frame[8] in (0, 1, 2, 3, 4, 8)
        self.interlock = frame[8] if known else self.interlock
        return YES if known else NO

    def _set_passcodes(self, frame: bytes) -> Answer:
        if frame[8] not in self.doors:
            return NO
        self.passcodes[frame[8]] = frame[12:28]
        return YES

    def _set_special(self, frame: bytes) -> Answer:
        self.special = frame[8] != 0
        return YES

    def _set_listener(self, frame: bytes) -> Answer:
        self.listener = frame[8:15]
        return YES

    def _listener(self, _: bytes) -> Answer:
        return self.listener.ljust(56, b"\0")

    def _who(self, _: bytes) -> Answer:
        return self.network

    def _set_network(self, frame: bytes) -> Answer:
        self.network = frame[8:20] if frame[20:24] == MAGIC else self.network
        return None

    def _pc_control(self, frame: bytes) -> Answer:
        if frame[8:12] == MAGIC:
            self.hosted = frame[12] != 0
        return YES if frame[8:12] == MAGIC else NO

    def _set_keypads(self, frame: bytes) -> Answer:
        self.keypads = _flags(frame[8:12])
        return YES

    def _clear_tasks(self, frame: bytes) -> Answer:
        return self._sworn(frame, lambda: (self.tasks.clear(), self.waiting.clear()))

    def _add_task(self, frame: bytes) -> Answer:
        full = len(self.tasks) + len(self.waiting) >= TASKS_MAX
        if frame[25] not in self.doors or frame[26] > 12 or not any(frame[8:12]) or not any(frame[12:16]) or full:
            return NO
        self.waiting.append((frame[26], frame[25]))
        return YES

    def _set_first(self, frame: bytes) -> Answer:
        if frame[8] not in self.doors or frame[11] > 2 or frame[14] > 3:
            return NO
        self.waiting_first.add(frame[8])
        return YES

    def _refresh(self, frame: bytes) -> Answer:
        return self._sworn(frame, self._in_force)

    def _in_force(self) -> None:
        self.tasks += self.waiting
        self.first |= self.waiting_first
        self.driven |= {door for kind, door in self.tasks if kind in DRIVING}
        self.waiting.clear()
        self.waiting_first.clear()

    def _restore(self, frame: bytes) -> Answer:
        return self._sworn(frame, self._as_made)

    def _as_made(self) -> None:
        for kept in (self.slots, self.profiles, self.tasks, self.waiting, self.first, self.waiting_first):
            kept.clear()
        self.until_s.clear()
        self.driven.clear()
        self.doors = dict.fromkeys(self.doors, (3, 5))
        self.passcodes = dict.fromkeys(self.doors, bytes(16))
        self.listener, self.network, self.keypads = bytes(7), UNSET, bytes(4)
        self.index = self.passback = self.interlock = 0
        self.special = self.hosted = False
        self.events = 1

    def _event(self, frame: bytes) -> Answer:
        number = int.from_bytes(frame[8:12], "little")
        found = {0: 1, 0xFFFFFFFF: self.events}.get(number, number)
        return _u32(found) if self.events and 1 <= found <= self.events else bytes(56)

    def _set_index(self, frame: bytes) -> Answer:
        number = int.from_bytes(frame[8:12], "little")
        if frame[12:16] != MAGIC:
            return None
        before, self.index = self.index, number if number <= self.events else self.index
        return YES if self.index != before else NO

    def _get_index(self, _: bytes) -> Answer:
        return _u32(self.index).ljust(56, b"\0")

    def _status(self, _: bytes) -> Answer:
        return _u32(self.events)

    def _sworn(self, frame: bytes, act: Callable[[], object]) -> Answer:
        if frame[8:12] != MAGIC:
            return NO
        act()
        return YES


def is_request(frame: bytes) -> bool:
    """Whether a frame is a request at all, to whomever: its length, start and function, and every value that has a form."""
    if len(frame) != FRAME_BYTES or frame[0] != 0x17 or frame[1] not in _TAKES:
        return False
    return all(_SOUND[kind](frame[at:]) for kind, at in _SHAPES.get(frame[1], ()))


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _flags(raw: bytes) -> bytes:
    return bytes(octet != 0 for octet in raw)


def _pin(raw: bytes) -> bytes:
    """Above 999999 a real panel keeps something else (uhppote-simulator `NOTES.md`)."""
    pin = int.from_bytes(raw, "little")
    return raw if pin <= 999_999 else bytes(3) if pin <= 0x100000 else (pin & 0x0FFFFF).to_bytes(3, "little")


def _is_date(raw: bytes) -> bool:
    return not any(raw[:4]) or _can_be_made(lambda: date(int(raw[:2].hex()), int(raw[2:3].hex()), int(raw[3:4].hex())))


def _is_instant(raw: bytes) -> bool:
    if not any(raw[:7]):
        return True
    return any(raw[:4]) and _is_date(raw) and _is_second(raw[4:7])


def _is_second(raw: bytes) -> bool:
    return _can_be_made(lambda: time(int(raw[:1].hex()), int(raw[1:2].hex()), int(raw[2:3].hex())))


def _is_minute(raw: bytes) -> bool:
    return _can_be_made(lambda: time(int(raw[:1].hex()), int(raw[1:2].hex())))


def _can_be_made(make: Callable[[], object]) -> bool:
    try:
        make()
    except ValueError:
        return False
    return True


_SOUND: dict[str, Callable[[bytes], bool]] = {"date": _is_date, "instant": _is_instant, "minute": _is_minute}
_SHAPES: dict[int, tuple[tuple[str, int], ...]] = {
    0x30: (("instant", 8),),
    0x50: (("date", 12), ("date", 16)),
    0x88: (("date", 9), ("date", 13), *(("minute", at) for at in range(24, 36, 2))),
    0xA8: (("date", 8), ("date", 12), ("minute", 23)),
    0xAA: (("minute", 9), ("minute", 12)),
}
_TAKES: dict[int, Callable[[Twin, bytes], Answer]] = {
    0x20: Twin._status, 0x30: Twin._set_time, 0x32: Twin._time, 0x40: Twin._open, 0x50: Twin._put, 0x52: Twin._delete,
    0x54: Twin._delete_all, 0x58: Twin._count, 0x5A: Twin._card, 0x5C: Twin._slot, 0x80: Twin._set_door,
    0x82: Twin._door, 0x84: Twin._set_passback, 0x86: Twin._passback, 0x88: Twin._set_profile, 0x98: Twin._profile,
    0x8A: Twin._clear_profiles, 0x8C: Twin._set_passcodes, 0x8E: Twin._set_special, 0x90: Twin._set_listener,
    0x92: Twin._listener, 0x94: Twin._who, 0x96: Twin._set_network, 0xA0: Twin._pc_control, 0xA2: Twin._set_interlock,
    0xA4: Twin._set_keypads, 0xA6: Twin._clear_tasks, 0xA8: Twin._add_task, 0xAA: Twin._set_first, 0xAC: Twin._refresh,
    0xB0: Twin._event, 0xB2: Twin._set_index, 0xB4: Twin._get_index, 0xC8: Twin._restore,
}  # fmt: skip


def passes(card: bytes | None, door: int, today: date) -> bool:
    """Whether a card could open a door today at all: it is held, has a right there, and the day lies within its dates."""
    if card is None or not 1 <= card[12 + door - 1] <= 254:
        return False
    opens, closes = (
        date(int(raw[:2].hex()), int(raw[2:3].hex()), int(raw[3:].hex())) for raw in (card[4:8], card[8:12])
    )
    return opens <= today <= closes
