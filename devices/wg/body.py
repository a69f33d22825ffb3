"""The parts of a panel that wire and hand both reach: its memory, its clock, its locks, its way to the listener."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from ipaddress import IPv4Address

from devices.clock import Clock
from devices.wg import decision, frames
from devices.wg.memory import Event, Journal, Line, MemoryDamaged
from devices.wg.state import DOORS, State, clock_line, event_line

OUTBOX_DATAGRAMS_MAX = 1_024
JOURNAL_LINES_MAX = 500_000

Datagram = tuple[tuple[str, int], bytes]
_ADDRESS, _NETMASK, _GATEWAY = IPv4Address("192.168.1.100"), IPv4Address("255.255.255.0"), IPv4Address("192.168.1.1")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a panel says about itself (the values of uhppoted's own test packets, where nothing else is told)."""

    serial: int
    address: IPv4Address = _ADDRESS
    netmask: IPv4Address = _NETMASK
    gateway: IPv4Address = _GATEWAY
    mac: bytes = bytes.fromhex("001223344556")
    version: tuple[int, int] = (8, 92)
    built: date = date(2018, 11, 5)


class Body:
    """One panel's inside. `blank` makes the state of a panel fresh from the box."""

    def __init__(
        self, identity: Identity, clock: Clock, zone: tzinfo, drift_ppm: float, blank: Callable[[], State]
    ) -> None:
        self.identity = identity
        self.serial = identity.serial
        self.drift_ppm = drift_ppm
        self.full = False
        self.outbox: deque[Datagram] = deque(maxlen=OUTBOX_DATAGRAMS_MAX)
        self._clock = clock
        self._zone = zone
        self._blank = blank
        self._journal: Journal | None = None
        self._unlocked_until: dict[int, float] = {}
        self.state = blank()

    def remember_in(self, journal: Journal) -> None:
        """Take up what a journal holds, and keep all that follows in it. Raises `MemoryDamaged`, OSError."""
        state = self._blank()
        for number, line in enumerate(journal.read(), 1):
            try:
                state.apply(line)
            except (KeyError, ValueError, TypeError):
                raise MemoryDamaged(journal.path, number) from None
        journal.rewrite(state.lines())
        self.state, self._journal = state, journal

    def remember(self, line: Line) -> None:
        """Write a line down, then carry it out. Raises OSError, and then nothing has changed."""
        if self._journal is not None:
            if self._journal.lines >= JOURNAL_LINES_MAX:
                self._journal.rewrite(self.state.lines())
            self._journal.append(line)
        self.state.apply(line)

    def forget(self) -> None:
        """Lose the memory. The time stays: the clock has a battery of its own."""
        fresh = self._blank()
        fresh.clock_off_s, fresh.clock_set_at = self.state.clock_off_s, self.state.clock_set_at
        if self._journal is not None:
            self._journal.rewrite(fresh.lines())
        self.state = fresh

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            self._journal.close()

    def local_time(self) -> datetime:
        """What the panel's clock shows: naive, local, whole seconds."""
        now = self._clock.now()
        gained_s = (now - self.state.clock_set_at).total_seconds() * self.drift_ppm / 1e6
        return (self._true_time(now) + timedelta(seconds=self.state.clock_off_s + gained_s)).replace(microsecond=0)

    def set_local_time(self, at: datetime) -> None:
        """Put the clock to a local time."""
        now = self._clock.now()
        self.remember(clock_line((at - self._true_time(now)).total_seconds(), now.astimezone(UTC)))

    def unlock(self, door: int) -> None:
        """Release a lock for as long as the door's setting says."""
        self._unlocked_until[door] = self._clock.monotonic() + self.state.doors[door].delay_s

    def lock_all(self) -> None:
        """What the locks do when the power goes."""
        self._unlocked_until.clear()

    def relays(self) -> int:
        """One bit a door: 1 where its lock is released."""
        now = self._clock.monotonic()
        held = (door for door in DOORS if self.state.doors[door].mode == decision.NORMALLY_OPEN)
        timed = (door for door, until in self._unlocked_until.items() if now < until)
        return sum(1 << (door - 1) for door in {*held, *timed})

    def happened(self, kind: int, *, granted: bool, door: int, card: int, reason: int) -> int:
        """Keep an event and tell the listener; returns its index."""
        last = self.state.events.last
        index = last.index + 1 if last else 1
        event = Event(index, kind, granted, door, decision.IN, card, self.local_time(), reason)
        self.remember(event_line(event))
        self.tell_listener()
        return index

    def tell_listener(self) -> None:
        """Put the status, with the last event, on its way to the listener, if there is one."""
        listener = self.state.listener
        if listener.port:
            v6_62 = self.identity.version == (6, 62)
            self.outbox.append(((str(listener.address), listener.port), frames.write_event(self.status(), v6_62=v6_62)))

    def status(self) -> frames.StatusFrame:
        """The last event and the state of doors and clock."""
        now, last = self.local_time(), self.state.events.last
        shut = (False, False, False, False)
        state = frames.StatusFrame(
            self.serial, 0, 0, False, 0, 0, 0, None, 0, doors_open=shut, buttons=shut, error=0, system_time=now.time(),
            sequence=0, info=0, relays=self.relays(), inputs=0, system_date=now.date(),
        )  # fmt: skip
        if last is None:
            return state
        return replace(
            state, index=last.index, kind=last.kind, granted=last.granted, door=last.door, direction=last.direction,
            card=last.card, at=last.at, reason=last.reason,
        )  # fmt: skip

    def _true_time(self, now: datetime) -> datetime:
        return now.astimezone(self._zone).replace(tzinfo=None)
