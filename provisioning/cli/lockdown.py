"""`foyer lockdown`: zones that are shut, over schedules and holidays, and how far each door is proved."""

from __future__ import annotations

import time
from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

ASK_EVERY_S = 0.25
ASK_TIMES_MAX = 2_400
TONES = {"proved": "good", "exposed": "bad"}
# What was done, and whether every door is proved → what is said of it.
SAID = {
    ("ordered", True): "Zone {zone} is under lockdown, and all of its {count} doors are proved shut.",
    ("ordered", False): (
        "Zone {zone} is under lockdown; {exposed} of {count} doors are not proved shut yet. Ask again: foyer lockdown list"
    ),
    ("released", True): "Zone {zone} is as it was before: all of its {count} doors are proved.",
    ("released", False): (
        "Zone {zone} is to be as it was before; {exposed} of {count} doors are not proved yet. Ask again: foyer lockdown"
        " list"
    ),
}
HEADERS = ("door", "target", "state", "at", "receipt", "out of reach since", "why")


def arguments(parser: Parser) -> None:
    """The words of `foyer lockdown`."""
    verbs = parser.verbs()
    ordering = parser.child(verbs, "order", "shut every door of a zone, ahead of all other work", order)
    ordering.word("ZONE", help="a zone of the campus file")
    ordering.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    ordering.flag(
        "--exempt", nargs="+", default=[], metavar="GROUP",
        help="who is let in all the same: department:ID, kind:KIND, post:POST or person:NO",
    )  # fmt: skip
    ordering.flag("--until", metavar="TIME", help="when it ends by itself, such as 2026-12-01T18:00; else by a release")
    releasing = parser.child(verbs, "release", "have the doors of a zone be as they were", release)
    releasing.word("ZONE", help="a zone of the campus file")
    for each in (ordering, releasing):
        each.flag("--wait", action="store_true", default=False, help="wait until every door is proved")
        each.dry_run()
    listing = parser.child(verbs, "list", "what is shut, and what is not proved yet", list_lockdowns)
    listing.flag("--all", action="store_true", default=False, help="what is over or ended, too")


def order(errand: Errand) -> int:
    """Shut a zone; 5 where it was waited for and a door is still exposed."""
    args = errand.args
    told = {"reason": args.reason, "exempt": args.exempt, "until": args.until}
    made = errand.hub.post(at("zones", args.zone, "lockdown"), {"dry_run": args.dry_run}, told)
    return follow(errand, made, SAID["ordered", True], SAID["ordered", False])


def release(errand: Errand) -> int:
    """End a lockdown; 5 where it was waited for and a door is not proved to be as before."""
    args = errand.args
    ended = errand.hub.post(at("zones", args.zone, "lockdown", "release"), {"dry_run": args.dry_run})
    return follow(errand, ended, SAID["released", True], SAID["released", False])


def list_lockdowns(errand: Errand) -> int:
    """Lockdowns, each with its doors."""
    found = errand.get("/lockdowns", {"all": errand.args.all})
    return put_list(errand, found, "No zone is under lockdown.")


def follow(errand: Errand, made: dict[str, Any], settled: str, exposed_: str) -> int:
    """Show what was ordered, and wait for its doors where that was asked for; of two sentences, the one that fits."""
    args, screen = errand.args, errand.screen
    waits = args.wait and not args.dry_run
    for _ in range(ASK_TIMES_MAX if waits else 0):
        if made["settled"]:
            break
        time.sleep(ASK_EVERY_S)
        made = errand.get(at("conditions", made["id"]))
    if errand.as_json:
        screen.json(made)
    else:
        if args.dry_run:
            put_dry_run(errand)
        _table(errand, made)
        exposed = sum(line["state"] == "exposed" for line in made["doors"])
        sentence = settled if made["settled"] else exposed_
        screen.say(sentence, zone=made["zone"], count=len(made["doors"]), exposed=exposed)
        if made["note"] and made["released"] is None:
            screen.put(screen.tone(made["note"], "warn"))
    return NOT_READY if waits and not made["settled"] else OK


def put_list(errand: Errand, found: list[dict[str, Any]], nothing: str) -> int:
    """Print conditions, each with its doors."""
    screen = errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say(nothing)
    for each in found:
        head = (
            "{zone}: since {since}, by {by}: {reason}"
            if each["released"] is None
            else "{zone}: from {since}, by {by}: {reason}; released {released}, by {released_by}"
        )
        told = {name: screen.when(each[name]) for name in ("since", "released")}
        said = {
            "zone": each["zone"],
            "by": each["operator"],
            "reason": each["reason"],
            "released_by": each["released_by"],
        }
        screen.put(screen.tone(screen.words(head, **told, **said), "strong"))
        if each["until"] and each["released"] is None:
            screen.say("It ends by itself at {until}.", until=screen.when(each["until"]))
        if each["exempt"]:
            screen.say("Let in all the same: {groups}.", groups=screen.listed(each["exempt"]))
        _table(errand, each)
    return OK


def _table(errand: Errand, made: dict[str, Any]) -> None:
    when = errand.screen.when
    rows = [
        [
            line["door"],
            line["target"],
            line["state"],
            when(line["at"]),
            None if line["receipt"] is None else f"#{line['receipt']}",
            when(line["since"]),
            line["reason"],
        ]
        for line in made["doors"]
    ]
    errand.screen.table(HEADERS, rows, TONES)
