"""`foyer door`: open a door once from afar, give its reader a key, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import NOT_READY, OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import Hub, at

ASK_EVERY_S = 0.1
ASK_TIMES_MAX = 1_200
UNDER_WAY = frozenset({"waiting", "begun"})
TONES = {"done": "good", "refused": "bad", "expired": "bad", "unknown": "warn"}
SAID: Mapping[tuple[str, str], str] = {
    ("open", "done"): "{door} was opened once.",
    ("open", "refused"): "{door} was not opened: {said}",
    ("open", "expired"): "{door} was not opened: {said}",
    ("open", "unknown"): "Whether {door} was opened is not known: {said}",
    ("pair", "done"): "The reader of {door} has its key, and speaks by it alone.",
    ("pair", "refused"): "The reader of {door} was not given a key: {said}",
    ("pair", "expired"): "The reader of {door} was not given a key: {said}",
    ("pair", "unknown"): "Whether the reader of {door} has its key is not known: {said}",
}
WHAT = {"open": "opening", "pair": "pairing"}
STILL = {
    "open": "{door} is still being opened. Ask again: foyer door acts",
    "pair": "The reader of {door} is still being given its key. Ask again: foyer door acts",
}
WOULD = {
    "open": "{door} would be opened once, by {target}.",
    "pair": "The reader of {door} would be given a key of its own, by {target}.",
}
STATUS = {"done": OK, "refused": REFUSED, "expired": NOT_READY, "unknown": NOT_READY}


def arguments(parser: Parser) -> None:
    """The words of `foyer door`."""
    verbs = parser.verbs()
    opening = parser.child(verbs, "open", "open a door once, or not at all", open_door)
    opening.word("DOOR", help="a door of the campus file, such as a-1-east")
    opening.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    opening.flag(
        "--within",
        type=int,
        default=10,
        metavar="SECONDS",
        help="how long the order may wait for its panel; 10 if none",
    )
    opening.dry_run()
    pairing = parser.child(verbs, "pair", "give a reader on a serial line its key; it must be in install mode", pair)
    pairing.word("DOOR", help="a door of a serial line in the campus file, such as a-3-stacks")
    pairing.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    pairing.flag("--exit", action="store_true", default=False, help="the reader by which people leave")
    pairing.flag(
        "--within",
        type=int,
        default=10,
        metavar="SECONDS",
        help="how long the order may wait for its gateway; 10 if none",
    )
    pairing.dry_run()
    listing = parser.child(verbs, "acts", "what was done to doors from afar, the latest first", list_acts)
    listing.flag("--limit", type=int, default=100, metavar="N", help="how many lines at most")


def open_door(errand: Errand) -> int:
    """Open it, and wait for what comes of that; 1 where the panel refused, 5 where it came to nothing or is not known."""
    return _ordered(errand, "open", {"reason": errand.args.reason, "within_s": errand.args.within})


def pair(errand: Errand) -> int:
    """Pair its reader, and wait for what comes of that; the status as for `open`."""
    args = errand.args
    return _ordered(errand, "pair", {"reason": args.reason, "within_s": args.within, "way_out": args.exit})


def settled(hub: Hub, made: dict[str, Any]) -> dict[str, Any]:
    """An act once something came of it, or as it stands after two minutes."""
    for _ in range(ASK_TIMES_MAX):
        if made["state"] not in UNDER_WAY:
            break
        time.sleep(ASK_EVERY_S)
        made = hub.get(at("acts", made["id"]))
    return made


def _ordered(errand: Errand, what: str, told: Mapping[str, str | int | bool]) -> int:
    args, screen = errand.args, errand.screen
    made = errand.hub.post(at("doors", args.door, what), {"dry_run": args.dry_run}, told)
    if args.dry_run:
        if errand.as_json:
            screen.json(made)
        else:
            put_dry_run(errand)
            screen.say(WOULD[what], door=made["door"], target=made["target"])
        return OK
    made = settled(errand.hub, made)
    if errand.as_json:
        screen.json(made)
    elif made["state"] in UNDER_WAY:
        screen.say(STILL[what], door=made["door"])
    else:
        screen.say(SAID[what, made["state"]], door=made["door"], said=made["said"])
    return STATUS.get(made["state"], NOT_READY)


def list_acts(errand: Errand) -> int:
    """Acts, a line each."""
    screen = errand.screen
    found = errand.get("/acts", {"limit": errand.args.limit})
    if errand.as_json:
        screen.json(found)
    elif not found:
        screen.say("Nothing was done to a door from afar.")
    else:
        screen.table(
            ("act", "what", "door", "at", "by", "for", "state", "reason"), [_row(errand, each) for each in found], TONES
        )
    return OK


def _row(errand: Errand, act: dict[str, Any]) -> list[object]:
    return [
        act["id"],
        WHAT[act["kind"]],
        act["door"],
        errand.screen.when(act["at"]),
        act["operator"],
        act["no"],
        act["state"],
        act["reason"],
    ]
