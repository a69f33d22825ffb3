"""The four doors at this moment: which locks are released, which doors stand open, which buttons and inputs are closed.

All of it by the monotonic clock, and none of it outlives the power, but for what stands in the world: an open door, a
fire, a lifted lid.
"""

from __future__ import annotations

from devices.clock import Clock
from devices.wg.decision import NORMALLY_CLOSED, NORMALLY_OPEN

BUTTON_S = 1.0
"""A finger stays so long on a button."""
INPUT_FIRE, INPUT_TAMPER = 0x01, 0x04
"""Bit 0 is fire (uhppoted, structs.Alarms). Which bit is the lid's is written nowhere."""
ALL_RELAYS = 0x0F


class Locks:
    """What the panel drives and feels."""

    def __init__(self, clock: Clock) -> None:
        self.fire = False
        self.tampered = False
        self._clock = clock
        self._released_until: dict[int, float] = {}
        self._by_order: set[int] = set()
        self._open: dict[int, float | None] = {}
        self._pressed_until: dict[int, float] = {}

    def release(self, door: int, for_s: float, *, by_order: bool = False) -> None:
        """Let a lock go for a time; by order of the hub even where the door is normally closed."""
        self._released_until[door] = self._clock.monotonic() + for_s
        (self._by_order.add if by_order else self._by_order.discard)(door)

    def lock(self, door: int) -> None:
        """Shut a lock before its time."""
        self._released_until.pop(door, None)

    def power_off(self) -> None:
        """What the locks do when the power goes."""
        self._released_until.clear()
        self._pressed_until.clear()
        self._open = dict.fromkeys(self._open)

    def is_released(self, door: int, mode: int) -> bool:
        """Whether a door under this mode can be pulled open."""
        if self.fire or mode == NORMALLY_OPEN:
            return True
        if mode == NORMALLY_CLOSED and door not in self._by_order:
            return False
        until = self._released_until.get(door)
        return until is not None and self._clock.monotonic() < until

    def opened(self, door: int, alarm_after_s: float | None) -> None:
        """A door was opened; None: nobody will mind how long it stands so."""
        self._open[door] = None if alarm_after_s is None else self._clock.monotonic() + alarm_after_s

    def closed(self, door: int) -> bool:
        """A door fell shut; False where it was not open."""
        was_open = door in self._open
        self._open.pop(door, None)
        return was_open

    def press(self, door: int) -> None:
        """A finger is on a button."""
        self._pressed_until[door] = self._clock.monotonic() + BUTTON_S

    @property
    def open_doors(self) -> frozenset[int]:
        """The doors that stand open."""
        return frozenset(self._open)

    @property
    def pressed(self) -> frozenset[int]:
        """The doors whose buttons are pressed."""
        if not self._pressed_until:
            return frozenset()
        now = self._clock.monotonic()
        return frozenset(door for door, until in self._pressed_until.items() if now < until)

    @property
    def inputs(self) -> int:
        """The byte of inputs."""
        return self.fire * INPUT_FIRE | self.tampered * INPUT_TAMPER

    def held_too_long(self) -> list[int]:
        """Doors that have now stood open for too long; each is named once."""
        if not self._open:
            return []
        now = self._clock.monotonic()
        held = sorted(door for door, due in self._open.items() if due is not None and due <= now)
        for door in held:
            self._open[door] = None
        return held

    def next_in_s(self) -> float | None:
        """Seconds until a door has stood open too long; None: none will."""
        due = [at for at in self._open.values() if at is not None]
        return min(due) - self._clock.monotonic() if due else None
