"""`foyer hand`: buttons, doors, the fire input and the lid of emulated panels and readers, by their own control ports."""

from __future__ import annotations

from typing import Any

from provisioning.cli.errand import OK, REFUSED, CommandFailed, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.swipe import Place, digits, done_at, keys, place_of

OF_DOORS = ("button", "open", "shut", "force", "type")
OF_PANELS = ("fire", "tamper")
TELLS = {
    ("button", True): "The button of door {door} releases its lock.",
    ("button", False): "The button of door {door} does nothing.",
    ("open", True): "Door {door} is open.",
    ("open", False): "Door {door} is locked.",
    ("shut", True): "Door {door} is shut.",
    ("shut", False): "Door {door} was shut already.",
    ("force", True): "Door {door} is broken open; the panel raises an alarm.",
    ("force", False): "Door {door} was open or released, so nothing had to be broken.",
    ("type", True): "The code opens door {door}.",
    ("type", False): "The code does not open door {door}.",
    ("fire", True): "Fire at the panel of door {door}: all its locks are released.",
    ("fire", False): "No fire any more at the panel of door {door}.",
    ("tamper", True): "The lid of the panel of door {door} is lifted.",
    ("tamper", False): "The lid of the panel of door {door} is closed.",
}
TELLS_OF_LINES = {
    ("force", True): "Door {door} is broken open.",
    ("tamper", True): "The lid of the reader of door {door} is lifted.",
    ("tamper", False): "The lid of the reader of door {door} is closed.",
}


class NoFireInput(CommandFailed):
    """Door {door} hangs on a serial line, which has no fire input. Release its zone instead: foyer fire order ZONE"""


def arguments(parser: Parser) -> None:
    """The words of `foyer hand`."""
    parser.word("ACT", help="what is done", choices=(*OF_DOORS, *OF_PANELS))
    parser.word("DOOR", help="the door's id in the campus file")
    parser.flag(
        "--code", metavar="NUMBER", type=digits, default="0", help="what is typed: a passcode, or the PIN of a card"
    )
    parser.flag("--over", action="store_true", default=False, help="the fire is out, or the lid is closed again")
    parser.flag("--campus", metavar="FILE", help="the campus file; without it the hub is asked for its own")
    parser.set_defaults(carry_out=hand)


def hand(errand: Errand) -> int:
    """1 where nothing came of it."""
    args, screen = errand.args, errand.screen
    place = place_of(errand)
    if place.serial and args.act == "fire":
        raise NoFireInput(door=args.door)
    came = done_at(errand, place, args.act, **_told(errand, place))
    worked = not args.over if args.act in OF_PANELS else _worked(args.act, came)
    if errand.as_json:
        screen.json(came)
    else:
        tells = TELLS | TELLS_OF_LINES if place.serial else TELLS
        screen.put(screen.words(tells[args.act, worked], door=args.door))
    return OK if worked or args.act in OF_PANELS else REFUSED


def _told(errand: Errand, place: Place) -> dict[str, Any]:
    args, door = errand.args, {"door": place.number}
    if args.act in OF_PANELS:
        # A panel has one lid; on a line each reader has its own.
        return {"on": not args.over} | (door if place.serial else {})
    return door | ({"code": keys(place, args.code)} if args.act == "type" else {})


def _worked(act: str, came: dict[str, Any]) -> bool:
    named = {"button": "released", "open": "open", "shut": "was_open", "type": "open"}
    # A panel tells which event it made of a door that was forced; a door on a line is broken in any case.
    return bool(came.get("event", True) if act == "force" else came[named[act]])
