"""Physical acts on an emulated panel, as they come over its control port: one JSON object in, one out.

Nothing here trusts what it reads: a field that is missing or strange is a ValueError with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from devices.wg.emulator import WgEmulator
from devices.wg.faults import NONE, Faults
from devices.wg.memory import Card
from devices.wg.reasons import IN, OUT
from devices.wg.state import (
    DOORS,
    card_line,
    door_line,
    event_line,
    profile_line,
    read_card,
    rules_line,
    timetable_line,
)

PAGE_CARDS_MAX = 1_000
PAGE_EVENTS_MAX = 1_000
CODE_MAX = 0xFFFFFFFF
HELD_OPEN_S_MAX = 86_400
NUMBER_MAX = 0xFFFFFFFE

Message = dict[str, Any]


class Hands(Protocol):
    """A panel within reach."""

    @property
    def emulator(self) -> WgEmulator:
        """The panel itself."""
        ...

    @property
    def faults(self) -> Faults:
        """What goes wrong on its wire."""
        ...

    def suffer(self, faults: Faults) -> None:
        """Let this go wrong from now on."""
        ...

    def settle(self) -> None:
        """Send what the act gave rise to."""
        ...


def perform(panel: Hands, message: Message) -> Message:
    """Carry out one act. Raises ValueError with the sentence to show."""
    act = message.get("act")
    if not isinstance(act, str) or act not in _ACTS:
        raise ValueError(f"there is no act {act!r}; there are {', '.join(_ACTS)}")
    try:
        done = _ACTS[act](panel, message)
    except KeyError as missing:
        raise ValueError(f"{act} needs {missing}") from None
    except TypeError as error:
        raise ValueError(f"{act} was told something strange: {error}") from None
    panel.settle()
    return done


def integer(message: Message, name: str, low: int, high: int) -> int:
    """A field that must be a whole number between two, both inclusive. Raises ValueError, KeyError."""
    value = message[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def truth(message: Message, name: str) -> bool:
    """A field that must be true or false. Raises ValueError, KeyError."""
    value = message[name]
    if value is not True and value is not False:
        raise ValueError(f"{name} must be true or false, not {value!r}")
    return value


def _shown(card: Card) -> Message:
    return _bare(card_line(card))


def _bare(line: Message) -> Message:
    return {name: value for name, value in line.items() if name != "op"}


def _look(panel: Hands, _: Message) -> Message:
    emulator = panel.emulator
    return {
        "serial": emulator.identity.serial,
        "powered": emulator.powered,
        "time": emulator.local_time().isoformat(),
        "cards": emulator.count(),
        "events": len(emulator.state.events),
        "released": [door for door in DOORS if emulator.powered and emulator.is_released(door)],
        "faults": asdict(panel.faults),
    }


def _swipe(panel: Hands, message: Message) -> Message:
    number, door = integer(message, "card", 1, NUMBER_MAX), _door(message)
    pin = integer(message, "pin", 0, CODE_MAX) if "pin" in message else None
    direction = integer({"direction": IN} | message, "direction", IN, OUT)
    return asdict(panel.emulator.swipe(number, door, pin=pin, direction=direction))


def _door(message: Message) -> int:
    return integer(message, "door", DOORS[0], DOORS[-1])


def _type(panel: Hands, message: Message) -> Message:
    return asdict(panel.emulator.type_code(_door(message), integer(message, "code", 0, CODE_MAX)))


def _button(panel: Hands, message: Message) -> Message:
    return {"released": panel.emulator.press_button(_door(message))}


def _open(panel: Hands, message: Message) -> Message:
    """Somebody pulls, and holds the door open until `shut`."""
    return {"open": panel.emulator.open_door(_door(message))}


def _force(panel: Hands, message: Message) -> Message:
    return {"open": True, "event": panel.emulator.force_door(_door(message))}


def _shut(panel: Hands, message: Message) -> Message:
    return {"was_open": panel.emulator.shut_door(_door(message))}


def _fire(panel: Hands, message: Message) -> Message:
    return {"event": panel.emulator.fire(on=truth(message, "on"))}


def _tamper(panel: Hands, message: Message) -> Message:
    return {"event": panel.emulator.tamper(on=truth(message, "on"))}


def _held_open(panel: Hands, message: Message) -> Message:
    seconds = integer(message, "seconds", 0, HELD_OPEN_S_MAX)
    panel.emulator.hold_open_for(seconds)
    return {"seconds": seconds}


def _overflow(panel: Hands, message: Message) -> Message:
    panel.emulator.overflow(integer(message, "events", 1, NUMBER_MAX))
    return {"events": len(panel.emulator.state.events)}


def _events(panel: Hands, message: Message) -> Message:
    limit = integer({"limit": PAGE_EVENTS_MAX} | message, "limit", 1, PAGE_EVENTS_MAX)
    first = integer({"from": 1} | message, "from", 1, NUMBER_MAX)
    kept = (event for event in panel.emulator.state.events if event.index >= first)
    shown = [_bare(event_line(event)) for event in islice(kept, limit)]
    return {"events": shown, "next": shown[-1]["index"] + 1 if len(shown) == limit else None}


def _settings(panel: Hands, _: Message) -> Message:
    """What the panel was told, that which cannot be asked over its wire above all; passcodes are shown as they are."""
    state = panel.emulator.state
    return {
        "doors": [_bare(door_line(door, setting)) for door, setting in state.doors.items()],
        "profiles": [_bare(profile_line(number, profile)) for number, profile in state.profiles.items()],
        **_bare(rules_line(state.rules)),
        **_bare(timetable_line(state.tasks, state.first_cards)),
    }


def _cards(panel: Hands, message: Message) -> Message:
    first = integer({"from": 1} | message, "from", 1, 1 << 31)
    limit = integer({"limit": PAGE_CARDS_MAX} | message, "limit", 1, PAGE_CARDS_MAX)
    page = panel.emulator.cards(first, limit)
    shown = [_shown(card) for card in page if card is not None]
    return {"cards": shown, "next": first + limit if len(page) == limit else None}


def _put(panel: Hands, message: Message) -> Message:
    integer(message, "number", 1, NUMBER_MAX)
    card = _within(read_card(message))
    panel.emulator.put(card)
    return {"card": _shown(card)}


def _alter(panel: Hands, message: Message) -> Message:
    number = integer(message, "number", 1, NUMBER_MAX)
    held = panel.emulator.card(number)
    if held is None:
        raise ValueError(f"card {number} is not on this panel")
    card = _within(read_card(_shown(held) | message))
    panel.emulator.put(card)
    return {"card": _shown(card)}


def _within(card: Card) -> Card:
    """A card that a panel could hold."""
    if (
        not all(0 <= right <= 255 for right in card.doors)
        or not 0 <= card.pin < 1 << 24
        or not 0 <= card.first_card < 256
    ):
        raise ValueError("a door's right is from 0 to 255, a PIN below 16777216")
    return card


def _remove(panel: Hands, message: Message) -> Message:
    return {"removed": panel.emulator.remove(integer(message, "number", 1, NUMBER_MAX))}


def _power(panel: Hands, message: Message) -> Message:
    panel.emulator.power(on=truth(message, "on"))
    return {"powered": panel.emulator.powered}


def _power_cycle(panel: Hands, message: Message) -> Message:
    panel.emulator.power_cycle(keep_memory=truth(message, "keep_memory"))
    return {"powered": panel.emulator.powered}


def _faults(panel: Hands, message: Message) -> Message:
    """Fields that are not named go back to harmless."""
    known = {knob.name for knob in fields(Faults)}
    told = {name: value for name, value in message.items() if name != "act"}
    if strange := sorted(told.keys() - known):
        raise ValueError(f"there is no fault {', '.join(strange)}; there are {', '.join(sorted(known))}")
    panel.suffer(replace(NONE, **told))
    return {"faults": asdict(panel.faults)}


def _clock(panel: Hands, message: Message) -> Message:
    if "drift_ppm" in message:
        ppm = message["drift_ppm"]
        if isinstance(ppm, bool) or not isinstance(ppm, int | float) or not -500_000 <= ppm <= 500_000:
            raise ValueError(f"drift_ppm must be a number from -500000 to 500000, not {ppm!r}")
        panel.emulator.drift(float(ppm))
    if "set" in message:
        at = datetime.fromisoformat(message["set"])
        if at.tzinfo is not None or not 2000 <= at.year <= 2099:
            raise ValueError("a panel's clock shows local time, without a zone, from 2000 to 2099")
        panel.emulator.set_local_time(at)
    return {"time": panel.emulator.local_time().isoformat()}


_ACTS: dict[str, Callable[[Hands, Message], Message]] = {
    "look": _look,
    "settings": _settings,
    "events": _events,
    "swipe": _swipe,
    "type": _type,
    "button": _button,
    "open": _open,
    "force": _force,
    "shut": _shut,
    "fire": _fire,
    "tamper": _tamper,
    "held-open": _held_open,
    "cards": _cards,
    "put": _put,
    "alter": _alter,
    "remove": _remove,
    "power": _power,
    "power-cycle": _power_cycle,
    "overflow": _overflow,
    "faults": _faults,
    "clock": _clock,
}
