"""Physical acts on an emulated serial line, as they come over its control port: one JSON object in, one out. The words are
those of emulated panels where they fit.

Nothing here trusts what it reads: a field that is missing or strange is a ValueError with a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from devices.osdp.faults import NONE, Faults
from devices.osdp.reader import KEY_BYTES
from devices.wg.acts import Message, integer, truth

if TYPE_CHECKING:
    from devices.osdp.emulator import OsdpEmulator
    from devices.osdp.served import ServedLine

SWIPE_S_MAX = 3.0
"""How long a person waits at a door before giving up."""
LOOK_S = 0.01
LIGHT_LOOKS_MAX = 30
PASS_S = 1.0
"""How long a door stands open for one who goes through."""
PRESS_S = 0.5
NUMBER_MAX = 0xFFFFFFFE
KEYS_MAX = 32
DOOR_MAX = 255
ANSWERED_NO = "red"


async def perform(line: ServedLine, message: Message) -> Message:
    """Carry out one act. Raises ValueError with the sentence to show."""
    act = message.get("act")
    if not isinstance(act, str) or act not in _ACTS:
        raise ValueError(f"there is no act {act!r}; there are {', '.join(_ACTS)}")
    try:
        return await _ACTS[act](line, message)
    except KeyError as missing:
        raise ValueError(f"{act} needs {missing}") from None
    except TypeError as error:
        raise ValueError(f"{act} was told something strange: {error}") from None


def _digits(message: Message, name: str) -> str:
    """A number, or its digits as text, for a PIN may begin with 0."""
    value = message[name]
    told = str(value)
    if isinstance(value, bool) or not (told.isascii() and told.isdecimal() and len(told) < KEYS_MAX):
        raise ValueError(f"{name} must be digits, fewer than {KEYS_MAX}, not {value!r}")
    return told


def _reader(line: ServedLine, message: Message) -> OsdpEmulator:
    """By its address, or by its door and the side of it: direction 1 in, 2 out."""
    try:
        if "reader" in message:
            return line.reader(integer(message, "reader", 0, 126))
        door = integer(message, "door", 1, DOOR_MAX)
        exit_ = integer({"direction": 1} | message, "direction", 1, 2) == 2
        return line.reader_at(door, exit_=exit_)
    except KeyError as missing:
        if missing.args[0] == "door":
            raise
        raise ValueError(f"this line has no such reader or door: {missing}") from None


async def _look(line: ServedLine, _: Message) -> Message:
    with line.copper.held():
        return {
            "line": line.name,
            "plugged": line.copper.plugged,
            "readers": [
                {
                    "reader": reader.address,
                    "door": reader.door.number,
                    "exit": not reader.at_door,
                    "powered": reader.powered,
                    "online": reader.online,
                    "paired": reader.key is not None,
                    "light": reader.light,
                    "beeps": reader.beeps,
                    "tampered": reader.tampered,
                }
                for reader in line.copper.readers.values()
            ],
            "released": [door.number for door in line.doors.values() if door.released],
            "open": [door.number for door in line.doors.values() if door.is_open],
            "faults": asdict(line.faults),
        }


async def _swipe(line: ServedLine, message: Message) -> Message:
    """A person holds a card to the reader, types a PIN where one is told, and goes through where the strike lets them
    (`pass`: false to stay outside)."""
    number, reader = integer(message, "card", 1, NUMBER_MAX), _reader(line, message)
    bits = integer({"bits": line.wire.card_bits} | message, "bits", 1, 128)
    keys = f"{_digits(message, 'pin')}#" if "pin" in message else ""
    goes = truth({"pass": True} | message, "pass")
    with line.copper.held():
        before = reader.door.releases
        was_released = reader.door.released
        powered = reader.show_card(number, bits)
        if keys:
            reader.type(keys)
    opened = powered and (was_released or await _opens(line, reader, before))
    return await _answered(line, reader, opened=opened, goes=goes)


async def _type(line: ServedLine, message: Message) -> Message:
    """Keys at the keypad, `#` behind them."""
    reader, code = _reader(line, message), message["code"]
    keys = str(code)
    if isinstance(code, bool) or not 0 < len(keys) <= KEYS_MAX or set(keys) - set("0123456789*#"):
        raise ValueError(f"code must be digits, * and #, at most {KEYS_MAX}, not {code!r}")
    with line.copper.held():
        before, was_released = reader.door.releases, reader.door.released
        reader.answers.clear()
        powered = reader.type(keys if keys.endswith("#") else f"{keys}#")
    opened = powered and (was_released or await _opens(line, reader, before))
    return await _answered(line, reader, opened=opened, goes=truth({"pass": True} | message, "pass"))


async def _opens(line: ServedLine, reader: OsdpEmulator, before: int) -> bool:
    """Whether the strike is released while the person waits; a red light sends them away."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + SWIPE_S_MAX
    while loop.time() < ends:
        with line.copper.held():
            if reader.door.releases > before:
                return True
            if ANSWERED_NO in reader.answers:
                return False
        await asyncio.sleep(LOOK_S)
    return False


async def _answered(line: ServedLine, reader: OsdpEmulator, *, opened: bool, goes: bool) -> Message:
    passed = False
    if opened and goes:
        with line.copper.held():
            passed = reader.door.pull()
            _tell_inputs(line, reader.door.number)
        asyncio.get_running_loop().call_later(PASS_S, _fall_shut, line, reader.door.number)
    return {"open": opened, "passed": passed, "light": await _light(line, reader)}


async def _light(line: ServedLine, reader: OsdpEmulator) -> str:
    """What the reader shows; the light comes a moment after the strike."""
    for _ in range(LIGHT_LOOKS_MAX):
        if reader.answers:
            break
        await asyncio.sleep(LOOK_S)
    with line.copper.held():
        return reader.answers[-1] if reader.answers else reader.light


def _fall_shut(line: ServedLine, number: int) -> None:
    with line.copper.held():
        line.doors[number].is_open = False
        _tell_inputs(line, number)


def _tell_inputs(line: ServedLine, number: int) -> None:
    for reader in line.copper.readers.values():
        if reader.door.number == number:
            reader.tell_inputs()


async def _button(line: ServedLine, message: Message) -> Message:
    """The button beside the door: the request to exit."""
    number = _door(line, message)
    door = line.doors[number]
    reader = line.reader_at(number)
    with line.copper.held():
        reader.answers.clear()
        before, was_released, door.pressed = door.releases, door.released, True
        _tell_inputs(line, number)
    asyncio.get_running_loop().call_later(PRESS_S, _let_go, line, number)
    return {"released": was_released or await _opens(line, reader, before)}


def _let_go(line: ServedLine, number: int) -> None:
    with line.copper.held():
        line.doors[number].pressed = False
        _tell_inputs(line, number)


def _door(line: ServedLine, message: Message) -> int:
    number = integer(message, "door", 1, DOOR_MAX)
    if number not in line.doors:
        raise ValueError(f"this line has no door {number}")
    return number


async def _open(line: ServedLine, message: Message) -> Message:
    """Somebody pulls, and holds the door open until `shut`."""
    number = _door(line, message)
    with line.copper.held():
        is_open = line.doors[number].pull()
        _tell_inputs(line, number)
    return {"open": is_open}


async def _force(line: ServedLine, message: Message) -> Message:
    number = _door(line, message)
    with line.copper.held():
        line.doors[number].is_open = True
        _tell_inputs(line, number)
    return {"open": True}


async def _shut(line: ServedLine, message: Message) -> Message:
    number = _door(line, message)
    with line.copper.held():
        was_open, line.doors[number].is_open = line.doors[number].is_open, False
        _tell_inputs(line, number)
    return {"was_open": was_open}


async def _tamper(line: ServedLine, message: Message) -> Message:
    reader, on = _reader(line, message), truth(message, "on")
    with line.copper.held():
        reader.tampered = on
        reader.tell_status()
    return {"tampered": on}


async def _power(line: ServedLine, message: Message) -> Message:
    reader, on = _reader(line, message), truth(message, "on")
    with line.copper.held():
        reader.power(on=on)
    return {"powered": on}


async def _power_cycle(line: ServedLine, message: Message) -> Message:
    reader = _reader(line, message)
    with line.copper.held():
        reader.power(on=False)
        reader.power(on=True)
    return {"powered": True}


async def _key(line: ServedLine, message: Message) -> Message:
    """The reader's own key, as its maker's tool sets it; null: install mode."""
    reader, told = _reader(line, message), message["key"]
    key = None if told is None else bytes.fromhex(told)
    if key is not None and len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    with line.copper.held():
        reader.set_key(key)
    return {"paired": key is not None}


async def _faults(line: ServedLine, message: Message) -> Message:
    """Fields that are not named go back to harmless."""
    known = {knob.name for knob in fields(Faults)}
    told: dict[str, Any] = {name: value for name, value in message.items() if name != "act"}
    if strange := sorted(told.keys() - known):
        raise ValueError(f"there is no fault {', '.join(strange)}; there are {', '.join(sorted(known))}")
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    line.suffer(replace(NONE, **told))
    return {"faults": asdict(line.faults)}


_ACTS: dict[str, Callable[[ServedLine, Message], Awaitable[Message]]] = {
    "look": _look,
    "swipe": _swipe,
    "type": _type,
    "button": _button,
    "open": _open,
    "force": _force,
    "shut": _shut,
    "tamper": _tamper,
    "power": _power,
    "power-cycle": _power_cycle,
    "key": _key,
    "faults": _faults,
}
