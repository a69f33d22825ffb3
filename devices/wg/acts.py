"""Physical acts on an emulated panel, as they come over its control port: one JSON object in, one out.

Nothing here trusts what it reads: a field that is missing or strange is a ValueError with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, Protocol

from devices.wg.emulator import WgEmulator
from devices.wg.faults import NONE, Faults
from devices.wg.memory import Card
from devices.wg.state import card_line, read_card

PAGE_CARDS_MAX = 1_000
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


def _integer(message: Message, name: str, low: int, high: int) -> int:
    value = message[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _truth(message: Message, name: str) -> bool:
    value = message[name]
    if value is not True and value is not False:
        raise ValueError(f"{name} must be true or false, not {value!r}")
    return value


def _shown(card: Card) -> Message:
    shown = card_line(card)
    del shown["op"]
    return shown


def _look(panel: Hands, _: Message) -> Message:
    emulator = panel.emulator
    return {
        "serial": emulator.identity.serial,
        "powered": emulator.powered,
        "time": emulator.local_time().isoformat(),
        "cards": emulator.count(),
        "faults": asdict(panel.faults),
    }


def _swipe(panel: Hands, message: Message) -> Message:
    number, door = _integer(message, "card", 1, NUMBER_MAX), _integer(message, "door", 1, 4)
    return asdict(panel.emulator.swipe(number, door))


def _cards(panel: Hands, message: Message) -> Message:
    first = _integer({"from": 1} | message, "from", 1, 1 << 31)
    limit = _integer({"limit": PAGE_CARDS_MAX} | message, "limit", 1, PAGE_CARDS_MAX)
    page = panel.emulator.cards(first, limit)
    shown = [_shown(card) for card in page if card is not None]
    return {"cards": shown, "next": first + limit if len(page) == limit else None}


def _put(panel: Hands, message: Message) -> Message:
    _integer(message, "number", 1, NUMBER_MAX)
    card = _within(read_card(message))
    panel.emulator.put(card)
    return {"card": _shown(card)}


def _alter(panel: Hands, message: Message) -> Message:
    number = _integer(message, "number", 1, NUMBER_MAX)
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
    return {"removed": panel.emulator.remove(_integer(message, "number", 1, NUMBER_MAX))}


def _power(panel: Hands, message: Message) -> Message:
    panel.emulator.power(on=_truth(message, "on"))
    return {"powered": panel.emulator.powered}


def _power_cycle(panel: Hands, message: Message) -> Message:
    panel.emulator.power_cycle(keep_memory=_truth(message, "keep_memory"))
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
    "swipe": _swipe,
    "cards": _cards,
    "put": _put,
    "alter": _alter,
    "remove": _remove,
    "power": _power,
    "power-cycle": _power_cycle,
    "faults": _faults,
    "clock": _clock,
}
