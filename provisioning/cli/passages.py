"""`foyer passages`: what doors report, who is inside, and whom the muster should forget."""

from __future__ import annotations

from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

SHOWN = 50
TONES = {"denied": "bad", "forced": "bad", "held open": "warn", "fire": "bad", "tamper": "bad", "passed": "good"}
KINDS = {"held": "held open", "closed": "shut"}
"""Kinds that say another thing of seats."""


def arguments(parser: Parser) -> None:
    """The words of `foyer passages`."""
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "passages by person, by door, by time; the newest first", list_passages)
    listing.flag("--person", metavar="NO", help="only those of this staff number")
    listing.flag("--door", metavar="ID", help="only those at this door, by its id in the campus file")
    listing.flag(
        "--from", metavar="TIME", dest="since", help="from this time on, at the campus's clock: 2026-11-30T14:00"
    )
    listing.flag("--to", metavar="TIME", dest="until", help="up to this time")
    listing.flag("--denied", action="store_true", default=False, help="only cards that were turned away")
    listing.flag("--limit", type=int, default=SHOWN, metavar="N", help="so many at most (50)")
    listing.flag("--after", metavar="PAGE", help="go on where the page before ended")
    mustering = parser.child(verbs, "muster", "who is inside, by what doors told", muster)
    mustering.flag("--site", metavar="ID", help="only this site")
    mustering.flag("--zone", metavar="ID", help="only this zone")
    mustering.flag("--hours", type=int, default=24, metavar="N", help="whoever came in earlier is not counted (24)")
    forgiving = parser.child(verbs, "forgive", "have the muster forget where somebody is", forgive)
    forgiving.word("NO", help="staff number")
    forgiving.dry_run()


def list_passages(errand: Errand) -> int:
    """Passages, a line each."""
    args, screen = errand.args, errand.screen
    query = {
        "person": args.person, "door": args.door, "from": args.since, "to": args.until, "denied": args.denied,
        "limit": args.limit, "after": args.after,
    }  # fmt: skip
    found = errand.get("/passages", query)
    if errand.as_json:
        screen.json(found)
        return OK
    if not found["passages"]:
        screen.say("No passages.")
        return OK
    screen.table(
        ("when", "door", "what", "why", "staff number", "card", "way"),
        [_row(errand, one) for one in found["passages"]],
        TONES,
    )
    if found["next"] is not None:
        screen.say("There are more: add --after {page}", page=found["next"])
    return OK


def muster(errand: Errand) -> int:
    """Who is inside, a line each."""
    args, screen = errand.args, errand.screen
    found = errand.get("/passages/muster", {"site": args.site, "zone": args.zone, "hours": args.hours})
    if errand.as_json:
        screen.json(found)
        return OK
    screen.say(
        "Inside at {at}, by what doors told since {since}: {count}.",
        at=screen.when(found["at"]), since=screen.when(found["since"]), count=len(found["people"]),
    )  # fmt: skip
    if found["people"]:
        rows = [[one["no"], one["door"], screen.when(one["at"])] for one in found["people"]]
        screen.table(("staff number", "came in by", "since"), rows)
    if found["blind"]:
        screen.say(
            "Nobody was seen leaving by {doors}: whoever left there still counts as inside. Forget one of them: foyer"
            " passages forgive NO",
            doors=screen.listed(found["blind"]),
        )
    if found["silent"]:
        screen.say(
            "What happened at {targets} may be missing: they cannot be reached.", targets=screen.listed(found["silent"])
        )
    return OK


def forgive(errand: Errand) -> int:
    """Have the muster forget somebody."""
    args = errand.args
    done = errand.hub.post(at("persons", args.no, "forgive"), {"dry_run": args.dry_run})
    if errand.as_json:
        errand.screen.json(done)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    errand.screen.say("{no} counts as outside until a door tells that they came in again.", no=done["no"])
    return OK


def _row(errand: Errand, one: dict[str, Any]) -> list[object]:
    way = {True: "in", False: "out", None: None}[one["inside"]]
    where = one["door"] or one["target"]
    return [
        errand.screen.when(one["at"]),
        where,
        KINDS.get(one["kind"], one["kind"]),
        one["reason"],
        one["no"],
        one["card"],
        way,
    ]
