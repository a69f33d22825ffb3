"""The parts of a panel that wire and hand both reach: its memory, its clock, its locks, its way to the listener."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from ipaddress import IPv4Address

from devices.clock import Clock
from devices.wg import frames, reasons
from devices.wg.decision import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN
from devices.wg.locks import ALL_RELAYS, Locks
from devices.wg.memory import Event, Journal, Line, MemoryDamaged
from devices.wg.passback import Passback
from devices.wg.state import DOORS, Network, State, clock_line, event_line, timetable_line
from devices.wg.timetable import FIRST_CARD_ONLY, FirstCard, Task, Timetable

HELD_OPEN_S = 25.0
"""A door may stand open so long after its delay, where nothing else is told."""
HOST_SILENCE_S = 30.0
"""After so long without a word from the host a panel decides by itself again (uhppote-cli, `set-pc-control`)."""
V6_62 = (6, 62)
OUTBOX_DATAGRAMS_MAX = 1_024
JOURNAL_LINES_MAX = 500_000

Datagram = tuple[tuple[str, int], bytes]
_MODES = {0: CONTROLLED, 1: NORMALLY_OPEN, 2: NORMALLY_CLOSED, FIRST_CARD_ONLY: CONTROLLED}
_NO_EVENT = Event(0, 0, False, 0, 0, 0, datetime(2000, 1, 1), 0)  # noqa: DTZ001 - never shown
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
        self.held_open_s = HELD_OPEN_S
        self.full = False
        self.tells_as_v6_62 = identity.version == V6_62
        self.outbox: deque[Datagram] = deque(maxlen=OUTBOX_DATAGRAMS_MAX)
        self._clock = clock
        self._zone = zone
        self._blank = blank
        self._journal: Journal | None = None
        self._heard_at: float | None = None
        self.locks = Locks(clock)
        self.state = blank()
        self._wake()

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

    def network(self) -> Network:
        """Where the panel believes that it stands in the network."""
        told = self.identity
        return self.state.network or Network(told.address, told.netmask, told.gateway)

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            self._journal.close()

    def local_time(self) -> datetime:
        """What the panel's clock shows: naive, local, whole seconds."""
        return self._shown().replace(microsecond=0)

    def set_local_time(self, at: datetime) -> None:
        """Put the clock to a local time."""
        now = self._clock.now()
        self.remember(clock_line((at - self._true_time(now)).total_seconds(), now.astimezone(UTC)))

    def lose_power(self) -> None:
        """Lose what is not remembered."""
        self.locks.power_off()
        self._wake()

    # The doors

    def unlock(self, door: int, *, by_order: bool = False) -> None:
        """Release a lock for as long as the door's setting says; the hub can order it of a normally closed door."""
        self.locks.release(door, self.state.doors[door].delay_s, by_order=by_order)

    def mode_of(self, door: int) -> int:
        """How a door is driven now, by whatever command was the most recent."""
        rule = self.timetable.rules[door]
        return self.set_mode(door) if rule.mode is None else rule.mode

    def set_mode(self, door: int) -> int:
        """What the panel tells of a door's mode: what was set, by hand or by a first card, but not by a task."""
        first = self.state.first_cards.get(door)
        if first is None:
            return self.state.doors[door].mode
        return _MODES[first.active if self._activated(door, first) else first.inactive]

    def first_only(self, door: int) -> bool:
        """Whether only privileged cards pass."""
        first = self.state.first_cards.get(door)
        return (
            first is not None
            and first.inactive == FIRST_CARD_ONLY
            and self.timetable.rules[door].mode is None
            and not self._activated(door, first)
        )

    def first_card_came(self, door: int) -> None:
        """A privileged card was let through: where a first card counts now, the mode changes."""
        first = self.state.first_cards.get(door)
        now = self.local_time()
        if first is not None and self.first_only(door) and first.covers(now):
            self.timetable.rules[door].activated_on = now.date()

    def relays(self) -> int:
        """One bit a door: 1 where its lock is released."""
        if self.locks.fire:
            return ALL_RELAYS
        return sum(1 << (door - 1) for door in DOORS if self.locks.is_released(door, self.mode_of(door)))

    # The host

    def obey(self, *, on: bool) -> None:
        """Let the host decide from now on, or no more."""
        self._heard_at = self._clock.monotonic() if on else None

    def heard(self) -> None:
        """A host spoke."""
        if self._heard_at is not None:
            self._heard_at = self._clock.monotonic()

    def host_decides(self) -> bool:
        """Whether a host has taken over and was heard of late."""
        return self._heard_at is not None and self._clock.monotonic() - self._heard_at < HOST_SILENCE_S

    # The clockwork

    def refresh(self) -> None:
        """Bring into force what was waiting for it."""
        first_cards = self.state.first_cards | self.waiting_first
        if self.waiting_tasks or self.waiting_first:
            self.remember(timetable_line((*self.state.tasks, *self.waiting_tasks), first_cards))
        for door in self.waiting_first:
            self.timetable.more_recent(door)
        self.timetable.refresh(self.state.tasks, self.local_time())
        self.waiting_tasks.clear()
        self.waiting_first.clear()

    def tick(self) -> None:
        """Do all that has become due by itself."""
        if self.state.tasks:
            for door in self.timetable.run(self.state.tasks, self.local_time()):
                self.unlock(door)
        for door in self.locks.held_too_long():
            if self.mode_of(door) != NORMALLY_OPEN:
                self.happened(reasons.KIND_ALARM, granted=False, door=door, card=0, reason=reasons.HELD_OPEN)

    def next_in_s(self) -> float | None:
        """Seconds until something becomes due by itself; None: nothing will, as things are."""
        held_s = self.locks.next_in_s()
        if not self.state.tasks:
            return held_s
        task_s = (self.timetable.next_at(self.local_time()) - self._shown()).total_seconds()
        return task_s if held_s is None else min(task_s, held_s)

    # Events

    def happened(
        self, kind: int, *, granted: bool, door: int, card: int, reason: int, direction: int = reasons.IN
    ) -> int:
        """Keep an event and tell the listener; returns its index."""
        last = self.state.events.last
        index = last.index + 1 if last else 1
        event = Event(index, kind, granted, door, direction, card, self.local_time(), reason)
        self.remember(event_line(event))
        self.tell_listener()
        return index

    def tell_listener(self) -> None:
        """Put the status, with the last event, on its way to the listener, if there is one."""
        listener = self.state.listener
        if listener.port:
            self.sequence = (self.sequence + 1) & 0xFFFFFFFF
            datagram = frames.write_event(self.status(), v6_62=self.tells_as_v6_62)
            self.outbox.append(((str(listener.address), listener.port), datagram))

    def status(self) -> frames.StatusFrame:
        """The last event and the state of doors and clock."""
        now, last = self.local_time(), self.state.events.last or _NO_EVENT
        standing, pressed = self.locks.open_doors, self.locks.pressed
        return frames.StatusFrame(
            self.serial, last.index, last.kind, last.granted, last.door, last.direction, last.card,
            None if last is _NO_EVENT else last.at, last.reason, doors_open=_flags(standing), buttons=_flags(pressed),
            error=0, system_time=now.time(), sequence=self.sequence, info=0, relays=self.relays(),
            inputs=self.locks.inputs, system_date=now.date(),
        )  # fmt: skip

    def _wake(self) -> None:
        """All that a panel does not know when it has just got its power."""
        self.timetable = Timetable(DOORS)
        self.passback = Passback()
        self.sequence = 0
        self.waiting_tasks: list[Task] = []
        self.waiting_first: dict[int, FirstCard] = {}
        self._heard_at = None

    def _activated(self, door: int, first: FirstCard) -> bool:
        now = self.local_time()
        return self.timetable.rules[door].activated_on == now.date() and first.covers(now)

    def _shown(self) -> datetime:
        now = self._clock.now()
        gained_s = (now - self.state.clock_set_at).total_seconds() * self.drift_ppm / 1e6
        return self._true_time(now) + timedelta(seconds=self.state.clock_off_s + gained_s)

    def _true_time(self, now: datetime) -> datetime:
        return now.astimezone(self._zone).replace(tzinfo=None)


def _flags(doors: frozenset[int]) -> frames.Flags4:
    return 1 in doors, 2 in doors, 3 in doors, 4 in doors
