"""`foyer door`: open a door once from afar, and what came of it."""

from __future__ import annotations

import time
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import NOT_READY, OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

ASK_EVERY_S = 0.1
ASK_TIMES_MAX = 1_200
UNDER_WAY = frozenset({"waiting", "begun"})
TONES = {"done": "good", "refused": "bad", "expired": "bad", "unknown": "warn"}
SAID = {
    "done": "{door} was opened once.",
    "refused": "{door} was not opened: {said}",
    "expired": "{door} was not opened: {said}",
    "unknown": "Whether {door} was opened is not known: {said}",
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
    listing = parser.child(verbs, "acts", "doors that were opened from afar, the latest first", list_acts)
    listing.flag("--limit", type=int, default=100, metavar="N", help="how many lines at most")


def open_door(errand: Errand) -> int:
    """Open it, and wait for what comes of that; 1 where the panel refused, 5 where it came to nothing or is not known."""
    args, screen = errand.args, errand.screen
    told = {"reason": args.reason, "within_s": args.within}
    made = errand.hub.post(at("doors", args.door, "open"), {"dry_run": args.dry_run}, told)
    if args.dry_run:
        if errand.as_json:
            screen.json(made)
        else:
            put_dry_run(errand)
            screen.say("{door} would be opened once, by {target}.", door=made["door"], target=made["target"])
        return OK
    for _ in range(ASK_TIMES_MAX):
        if made["state"] not in UNDER_WAY:
            break
        time.sleep(ASK_EVERY_S)
        made = errand.get(at("acts", made["id"]))
    if errand.as_json:
        screen.json(made)
    elif made["state"] in SAID:
        screen.say(SAID[made["state"]], door=made["door"], said=made["said"])
    else:
        screen.say("{door} is still being opened. Ask again: foyer door acts", door=made["door"])
    return STATUS.get(made["state"], NOT_READY)


def list_acts(errand: Errand) -> int:
    """Acts, a line each."""
    screen = errand.screen
    found = errand.get("/acts", {"limit": errand.args.limit})
    if errand.as_json:
        screen.json(found)
    elif not found:
        screen.say("No door was opened from afar.")
    else:
        screen.table(
            ("act", "door", "at", "by", "for", "state", "reason"), [_row(errand, each) for each in found], TONES
        )
    return OK


def _row(errand: Errand, act: dict[str, Any]) -> list[object]:
    return [
        act["id"],
        act["door"],
        errand.screen.when(act["at"]),
        act["operator"],
        act["no"],
        act["state"],
        act["reason"],
    ]
