"""`foyer swipe`: a card held to the reader of an emulated door, by the emulator's own control port."""

from __future__ import annotations

import asyncio
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
    15: "not at this time of day",
    18: "the panel does not know this card",
}
OTHER_REASON = "the panel's reason {reason}"


class NoSuchDoor(CommandFailed):
    """The campus has no door {door} on an emulated panel. It has: {doors}."""


class PanelAway(CommandFailed):
    """The emulated panel of door {door} does not answer at {control} ({why}). Start it: foyer run, or foyer emulate."""


def arguments(parser: Parser) -> None:
    """The words of `foyer swipe`."""
    parser.word("CARD", help="card number", type=int)
    parser.word("DOOR", help="the door's id in the campus file")
    parser.flag("--pin", metavar="NUMBER", type=int, help="the PIN that is typed after the card")
    parser.flag("--campus", metavar="FILE", help="the campus file; without it the hub is asked for its own")
    parser.set_defaults(carry_out=swipe)


def swipe(errand: Errand) -> int:
    """1 where the door stays shut."""
    from devices.wg.control import act
    from devices.wire import WireError

    args, screen = errand.args, errand.screen
    control, number = door_of(errand)
    typed = {} if args.pin is None else {"pin": args.pin}
    try:
        came = asyncio.run(act(control, "swipe", card=args.card, door=number, **typed))
    except WireError as error:
        raise PanelAway(door=args.door, control=control, why=error) from error
    reason = REASONS.get(came["reason"], OTHER_REASON)
    if errand.as_json:
        screen.json(came)
    elif came["open"]:
        screen.put(
            screen.tone(screen.words("Door {door} opens for card {card}.", door=args.door, card=args.card), "good")
        )
    else:
        why = screen.words(reason, reason=came["reason"])
        told = screen.words("Door {door} stays shut for card {card}: {why}.", door=args.door, card=args.card, why=why)
        screen.put(screen.tone(told, "bad"))
    return OK if came["open"] else REFUSED


def door_of(errand: Errand) -> tuple[str, int]:
    """The control port of the door's panel, and the door's number there."""
    from devices.campus import read

    if errand.args.campus:
        name, text = campus_text(errand, errand.args.campus)
    else:
        name, text = "campus.yaml", errand.get("/campus")["text"]
    doors = _doors(read(text, name).value)
    if errand.args.door not in doors:
        raise NoSuchDoor(door=errand.args.door, doors=", ".join(doors) or "–")
    return doors[errand.args.door]


def _doors(campus: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {
        door["id"]: (target["emulate"]["control"], door["number"])
        for target in campus.get("targets", [])
        if "control" in (target.get("emulate") or {})
        for door in target.get("settings", {}).get("doors", [])
    }
