"""`foyer swipe`: a card held to the reader of an emulated door, by the emulator's own control port."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from provisioning.cli.emulate import campus_text
from provisioning.cli.errand import OK, REFUSED, CommandFailed, Errand
from provisioning.cli.grammar import Parser

REASONS = {
    0: "the panel waits for the PIN",
    1: "the card may pass",
    5: "the panel leaves it to its host",
    6: "the card has no right here, or not today",
    7: "the PIN is wrong",
    8: "the card must first go back the other way",
    9: "more cards must be shown",
    10: "a card with first-card privilege must come first",
    11: "the door is held shut",
    12: "another door of the interlock is open",
    15: "not today, or not at this time of day",
    18: "the panel does not know this card",
}
OUT = 2
DENIED = "red"
OTHER_REASON = "the panel's reason {reason}"
SERIAL_NO = "its gateway does not let the card in"
SERIAL_SILENT = "nobody answered at the reader; see how its line fares: foyer targets"


class NoSuchDoor(CommandFailed):
    """The campus has no door {door} on an emulated panel or line. It has: {doors}."""


class PanelAway(CommandFailed):
    """The emulated panel of door {door} does not answer at {control} ({why}). Start it: foyer run, or foyer emulate."""


class LineAway(CommandFailed):
    """The emulated line of door {door} does not answer at {control} ({why}). Start it: foyer run, or foyer emulate."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an emulated door is: its control port, its number there, and whether it hangs on a serial line."""

    control: str
    number: int
    serial: bool


def arguments(parser: Parser) -> None:
    """The words of `foyer swipe`."""
    parser.word("CARD", help="card number", type=int)
    parser.word("DOOR", help="the door's id in the campus file")
    parser.flag("--pin", metavar="NUMBER", type=digits, help="the PIN that is typed after the card")
    parser.flag("--exit", action="store_true", default=False, help="at the reader by which people leave")
    parser.flag("--campus", metavar="FILE", help="the campus file; without it the hub is asked for its own")
    parser.set_defaults(carry_out=swipe)


def swipe(errand: Errand) -> int:
    """1 where the door stays shut."""
    args, screen = errand.args, errand.screen
    place = place_of(errand)
    typed = {} if args.pin is None else {"pin": keys(place, args.pin)}
    way = {"direction": OUT} if args.exit else {}
    came = done_at(errand, place, "swipe", card=args.card, door=place.number, **typed, **way)
    if errand.as_json:
        screen.json(came)
    elif came["open"]:
        screen.put(
            screen.tone(screen.words("Door {door} opens for card {card}.", door=args.door, card=args.card), "good")
        )
    else:
        why = screen.words(_reason(came), reason=came.get("reason"))
        told = screen.words("Door {door} stays shut for card {card}: {why}.", door=args.door, card=args.card, why=why)
        screen.put(screen.tone(told, "bad"))
    return OK if came["open"] else REFUSED


def digits(text: str) -> str:
    """What is typed at a keypad, as it was written: 0123 is another PIN than 123. Raises ValueError."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError
    return text


def keys(place: Place, typed: str) -> int | str:
    """Typed digits, as the control port takes them: a panel compares numbers."""
    return typed if place.serial and typed.startswith("0") else int(typed)


def done_at(errand: Errand, place: Place, what: str, **told: Any) -> dict[str, Any]:
    """What came of an act at an emulated door. Raises `PanelAway`, `LineAway`."""
    from devices.wg.control import act
    from devices.wire import WireError

    try:
        return asyncio.run(act(place.control, what, **told))
    except WireError as error:
        away = LineAway if place.serial else PanelAway
        raise away(door=errand.args.door, control=place.control, why=error) from error


def _reason(came: dict[str, Any]) -> str:
    """Why a door stays shut. A reader on a line knows no more than the light that its gateway shows."""
    if "reason" in came:
        return REASONS.get(came["reason"], OTHER_REASON)
    return SERIAL_NO if came["light"] == DENIED else SERIAL_SILENT


def place_of(errand: Errand) -> Place:
    """Where the door that was named is emulated. Raises `NoSuchDoor`."""
    from devices.campus import read

    if errand.args.campus:
        name, text = campus_text(errand, errand.args.campus)
    else:
        name, text = "campus.yaml", errand.get("/campus")["text"]
    doors = places(read(text, name).value)
    if errand.args.door not in doors:
        raise NoSuchDoor(door=errand.args.door, doors=", ".join(doors) or "–")
    return doors[errand.args.door]


def places(campus: dict[str, Any]) -> dict[str, Place]:
    """Every emulated door of a campus file, by id."""
    return {
        door["id"]: Place(target["emulate"]["control"], door["number"], target.get("kind") == "osdp")
        for target in campus.get("targets", [])
        if "control" in (target.get("emulate") or {})
        for door in target.get("settings", {}).get("doors", [])
    }
