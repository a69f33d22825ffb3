"""What can go wrong between a panel and those who ask it, as a value. Chance is handed in by who serves the panel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol


class Chance(Protocol):
    """Where chance comes from: a seeded `random.Random`, say."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def randbytes(self, n: int, /) -> bytes:
        """So many bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares between 0 and 1 of the requests that suffer each fault; `off`, `full` and `v6_62` are as they say.

    A late or doubled request reaches the panel `delay_s` after its time. A lost reply is lost after the panel did as
    it was told. `stale`: the reply to the request before comes first. `short`: not the whole reply comes; a connection
    then ends. `off` cuts the wire: the panel still decides by itself.

    Those that only a connection can suffer: `split` sends a reply in two halves, `coalesce` sends it twice in one piece,
    `stall` sends some of it and then nothing, `hang_up` closes without a reply, `reset` breaks off; all of them after the
    panel did as it was told.

    At a request, the power goes for a moment: `reboot` keeps the memory, `amnesia` loses it, and the request is lost
    both times. `overflow`: the oldest events are gone, as from a full store, before it is answered. What an event tells
    the listener is lost (`unheard`), comes `delay_s` late, after later ones (`heard_late`), or twice (`heard_twice`).
    `v6_62`: events begin with 0x19.
    """

    drop: float = 0.0
    late: float = 0.0
    duplicate: float = 0.0
    reply_lost: float = 0.0
    wrong_serial: float = 0.0
    wrong_function: float = 0.0
    garbage: float = 0.0
    stale: float = 0.0
    short: float = 0.0
    split: float = 0.0
    coalesce: float = 0.0
    stall: float = 0.0
    hang_up: float = 0.0
    reset: float = 0.0
    reboot: float = 0.0
    amnesia: float = 0.0
    overflow: float = 0.0
    unheard: float = 0.0
    heard_late: float = 0.0
    heard_twice: float = 0.0
    delay_s: float = 0.05
    full: bool = False
    off: bool = False
    v6_62: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError: a share outside 0 to 1, or a delay outside 0 to 60 s."""
        for knob in fields(self):
            value = getattr(self, knob.name)
            if knob.name in ("full", "off", "v6_62"):
                if not isinstance(value, bool):
                    raise ValueError(f"{knob.name} is true or false, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{knob.name} is a number, not {value!r}")
            elif not 0 <= value <= (60 if knob.name == "delay_s" else 1):
                raise ValueError(f"{knob.name} cannot be {value}")


NONE = Faults()
