"""What can go wrong on an emulated serial line, as a value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

_SHARES = ("drop", "corrupt", "nak", "noise")
_PER_READER = ("dead", "wrong_key", "install", "twins", "swapped_in")


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares between 0 and 1 of the frames, each way, that are lost (`drop`), changed by a bit (`corrupt`) or preceded by
    random bytes (`noise`); of the commands that a reader refuses (`nak`).

    The line: `cut` lets nothing pass; readers still read, and tell it once it is whole again. `swapped`: A and B are
    exchanged, so every byte arrives inverted. `looped`: the adapter hears what it sends itself. `unplugged`: the adapter is
    gone, and comes back when this ends.

    Readers, by address: `dead` keep silent; `wrong_key` hold another key than they were paired with; `install` were set
    back to install mode; `twins` hang there twice, under one address; `swapped_in` were exchanged for one of another
    serial number that knows the key.
    """

    drop: float = 0.0
    corrupt: float = 0.0
    nak: float = 0.0
    noise: float = 0.0
    cut: bool = False
    swapped: bool = False
    looped: bool = False
    unplugged: bool = False
    dead: tuple[int, ...] = ()
    wrong_key: tuple[int, ...] = ()
    install: tuple[int, ...] = ()
    twins: tuple[int, ...] = ()
    swapped_in: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError: a share outside 0 to 1, a switch that is none, or addresses that are no numbers."""
        for knob in fields(self):
            _check(knob.name, getattr(self, knob.name))


def _check(name: str, value: Any) -> None:
    if name in _SHARES:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ValueError(f"{name} is a share from 0 to 1, not {value!r}")
    elif name in _PER_READER:
        if not isinstance(value, tuple) or any(isinstance(one, bool) or not isinstance(one, int) for one in value):
            raise ValueError(f"{name} is a list of addresses, not {value!r}")
    elif not isinstance(value, bool):
        raise ValueError(f"{name} is true or false, not {value!r}")


NONE = Faults()
