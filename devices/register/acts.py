"""Hands on an emulated register, as they come over its control port: one JSON object in, one out.

Nothing here trusts what it reads: a field that is missing or strange is a ValueError with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any, Protocol

from devices.register.emulator import RegisterEmulator
from devices.register.faults import NONE, Faults
from devices.register.state import read_content, shown

Message = dict[str, Any]


class Hands(Protocol):
    """A register within reach."""

    @property
    def emulator(self) -> RegisterEmulator:
        """The register itself."""
        ...

    @property
    def faults(self) -> Faults:
        """What goes wrong at present."""
        ...

    def suffer(self, faults: Faults) -> None:
        """Let this go wrong from now on."""
        ...

    def restart(self, *, keep_memory: bool) -> None:
        """Break all connections; start again, with the memory kept or lost."""
        ...


def perform(register: Hands, message: Message) -> Message:
    """Carry out one act. Raises ValueError with the sentence to show."""
    act = message.get("act")
    if not isinstance(act, str) or act not in _ACTS:
        raise ValueError(f"there is no act {act!r}; there are {', '.join(_ACTS)}")
    try:
        return _ACTS[act](register, message)
    except KeyError as missing:
        raise ValueError(f"{act} needs {missing}") from None
    except TypeError as error:
        raise ValueError(f"{act} was told something strange: {error}") from None


def _look(register: Hands, _: Message) -> Message:
    emulator = register.emulator
    contents = [entry.content for entry in emulator.state.units.values()]
    return {
        "id": emulator.name,
        "started": emulator.started.isoformat(),
        "change": emulator.state.change,
        "units": len(contents),
        "occupied": sum(content.occupant is not None for content in contents),
        "cards": sum(len(content.cards) for content in contents),
        "faults": asdict(register.faults),
    }


def _unit(register: Hands, message: Message) -> Message:
    return {"unit": message["unit"]} | shown(register.emulator.content(message["unit"]))


def _put(register: Hands, message: Message) -> Message:
    """What is not named stays as it is; `occupant` null vacates."""
    unit = message["unit"]
    told = shown(register.emulator.content(unit)) | {
        name: message[name] for name in ("occupant", "cards") if name in message
    }
    register.emulator.put(unit, read_content(told))
    return _unit(register, message)


def _restart(register: Hands, message: Message) -> Message:
    keep = message["keep_memory"]
    if keep is not True and keep is not False:
        raise ValueError(f"keep_memory must be true or false, not {keep!r}")
    register.restart(keep_memory=keep)
    return {"change": register.emulator.state.change}


def _faults(register: Hands, message: Message) -> Message:
    """Fields that are not named go back to harmless."""
    known = {knob.name for knob in fields(Faults)}
    told = {name: value for name, value in message.items() if name != "act"}
    if strange := sorted(told.keys() - known):
        raise ValueError(f"there is no fault {', '.join(strange)}; there are {', '.join(sorted(known))}")
    register.suffer(replace(NONE, **told))
    return {"faults": asdict(register.faults)}


_ACTS: dict[str, Callable[[Hands, Message], Message]] = {
    "look": _look,
    "unit": _unit,
    "put": _put,
    "restart": _restart,
    "faults": _faults,
}
