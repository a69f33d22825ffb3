"""`foyer hand`: buttons, doors, the fire input and the lid of emulated panels, by the panel's own control port."""

from __future__ import annotations

import asyncio
from typing import Any

from provisioning.cli.errand import OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.swipe import PanelAway, door_of

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


def arguments(parser: Parser) -> None:
    """The words of `foyer hand`."""
    parser.word("ACT", help="what is done", choices=(*OF_DOORS, *OF_PANELS))
    parser.word("DOOR", help="the door's id in the campus file")
    parser.flag("--code", metavar="NUMBER", type=int, default=0, help="what is typed: a passcode, or the PIN of a card")
    parser.flag("--over", action="store_true", default=False, help="the fire is out, or the lid is closed again")
    parser.flag("--campus", metavar="FILE", help="the campus file; without it the hub is asked for its own")
    parser.set_defaults(carry_out=hand)


def hand(errand: Errand) -> int:
    """1 where nothing came of it."""
    from devices.wg.control import act
    from devices.wire import WireError

    args, screen = errand.args, errand.screen
    control, number = door_of(errand)
    try:
        came = asyncio.run(act(control, args.act, **_told(errand, number)))
    except WireError as error:
        raise PanelAway(door=args.door, control=control, why=error) from error
    worked = not args.over if args.act in OF_PANELS else _worked(args.act, came)
    if errand.as_json:
        screen.json(came)
    else:
        screen.put(screen.words(TELLS[args.act, worked], door=args.door))
    return OK if worked or args.act in OF_PANELS else REFUSED


def _told(errand: Errand, number: int) -> dict[str, Any]:
    if errand.args.act in OF_PANELS:
        return {"on": not errand.args.over}
    return {"door": number} | ({"code": errand.args.code} if errand.args.act == "type" else {})


def _worked(act: str, came: dict[str, Any]) -> bool:
    named = {"button": "released", "open": "open", "shut": "was_open", "force": "event", "type": "open"}
    return bool(came[named[act]])
