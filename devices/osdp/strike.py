"""An emulated door: its electric strike, as the reader's relay drives it, and its contact."""

from __future__ import annotations

from devices.clock import Clock

OFF, ON, OFF_AFTER, ON_AFTER, ON_FOR, OFF_FOR = range(1, 7)
"""Control codes of an output (SIA OSDP 2.2, osdp_OUT): for good at once, for good once the timer ends, for a time."""
STEP_S = 0.1


class Door:
    """One door. `releases` counts how often the strike was told to let it open."""

    def __init__(self, number: int, clock: Clock) -> None:
        self.number = number
        self.is_open = False
        self.pressed = False
        self.releases = 0
        self._clock = clock
        self._lasting = False
        self._timed: tuple[bool, float] | None = None

    @property
    def released(self) -> bool:
        """Whether the strike lets the door open just now."""
        if self._timed is not None and self._clock.monotonic() < self._timed[1]:
            return self._timed[0]
        self._timed = None
        return self._lasting

    def drive(self, control: int, steps: int) -> bool:
        """The relay is told something; False for a control code that is none."""
        before = self.released
        if control in (OFF, ON):
            self._lasting, self._timed = control == ON, None
        elif control in (OFF_AFTER, ON_AFTER):
            self._lasting = control == ON_AFTER
        elif control in (ON_FOR, OFF_FOR):
            self._timed = (control == ON_FOR, self._clock.monotonic() + steps * STEP_S)
        else:
            return control == 0
        if self.released and (not before or control == ON_FOR):
            self.releases += 1
        return True

    def lose_power(self) -> None:
        """The relay falls off."""
        self._lasting, self._timed = False, None

    def pull(self) -> bool:
        """Somebody pulls; whether the door is open now."""
        self.is_open = self.is_open or self.released
        return self.is_open
