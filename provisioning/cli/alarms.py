"""`foyer alarms`: what somebody must look at, and where else it is told."""

from __future__ import annotations

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, REFUSED, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

LEVELS = {1: "1 notice", 2: "2 warning", 3: "3 urgent"}
LEVEL_TONES = {1: "dim", 2: "warn", 3: "bad"}
TONES = {
    "1 notice": "dim",
    "2 warning": "warn",
    "3 urgent": "bad",
    "well": "good",
    "failing": "bad",
    "not tried yet": "dim",
}


def arguments(parser: Parser) -> None:
    """The words of `foyer alarms`."""
    nothing = {"all": False, "level": None, "kind": None, "target": None, "limit": 100}
    parser.set_defaults(carry_out=list_alarms, **nothing)
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "open alarms", list_alarms)
    listing.flag("--all", action="store_true", default=False, help="those that were acknowledged, too")
    listing.flag(
        "--level",
        type=int,
        choices=(1, 2, 3),
        metavar="N",
        help="only from this level up: 1 notice, 2 warning, 3 urgent",
    )
    listing.flag("--kind", metavar="KIND", help="only of this kind, such as drift or drift.foreign")
    listing.flag("--target", metavar="ID", help="only of this target")
    listing.flag("--limit", type=int, default=100, metavar="N", help="how many at most (1000)")
    acking = parser.child(verbs, "ack", "say that you have looked", acknowledge)
    acking.word("ID", help="the alarm's id")
    acking.flag("--note", metavar="TEXT", help="what you saw, for whoever reads it later")
    acking.dry_run()
    _hook_arguments(
        parser.child(verbs, "hook", "where alarms are told outside the hub: add, list, test, remove", list_hooks)
    )


def _hook_arguments(parser: Parser) -> None:
    verbs = parser.verbs()
    parser.child(verbs, "list", "the hooks, and how they fare", list_hooks)
    adding = parser.child(verbs, "add", "tell alarms at an address; its secret is shown once", add_hook)
    adding.word("ADDRESS", help="https://… or http://…: where messages are posted")
    adding.flag(
        "--level", type=int, default=1, choices=(1, 2, 3), metavar="N",
        help="only from this level up: 1 notice, 2 warning, 3 urgent",
    )  # fmt: skip
    testing = parser.child(verbs, "test", "send one message now, and say what came of it", try_hook)
    removing = parser.child(verbs, "remove", "tell nothing there any more", remove_hook)
    for each in (testing, removing):
        each.word("ID", help="the hook's id")
    for each in (adding, removing):
        each.dry_run()


def list_alarms(errand: Errand) -> int:
    """Alarms, a line each, and what each says below it."""
    args, screen = errand.args, errand.screen
    query = {
        "all": args.all,
        "level": args.level,
        "kind": args.kind,
        "target": args.target,
        "limit": args.limit,
    }
    found = errand.get("/alarms", query)
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No open alarms.")
    for one in found:
        level = screen.tone(screen.words(LEVELS[one["level"]]), LEVEL_TONES[one["level"]])
        again = f"  ×{one['told']}" if one["told"] > 1 else ""
        seen = "" if one["acknowledged_by"] is None else f"  ✓ {screen.cell(one['acknowledged_by'])}"
        screen.put(f"{one['id']}  {screen.when(one['at'])}  {level}{again}{seen}")
        screen.put(f"    {one['sentence']}")
        if one["note"]:
            screen.put(f"    » {screen.cell(one['note'])}")
    return OK


def acknowledge(errand: Errand) -> int:
    """Say that somebody has looked."""
    args = errand.args
    said = None if args.note is None else {"note": args.note}
    seen = errand.hub.post(at("alarms", args.id, "acknowledge"), {"dry_run": args.dry_run}, said)
    if errand.as_json:
        errand.screen.json(seen)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    errand.screen.say("Alarm {id} is acknowledged by {by}.", id=seen["id"], by=seen["acknowledged_by"])
    return OK


def list_hooks(errand: Errand) -> int:
    """Hooks, a line each, and why one fails below it."""
    found, screen = errand.get("/hooks"), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("Alarms are told nowhere else yet. Add a hook: foyer alarms hook add ADDRESS --level N")
        return OK
    rows = [
        [
            one["id"],
            one["url"],
            LEVELS[one["level"]],
            "failing" if one["failing"] else "well" if one["sent"] else "not tried yet",
            one["waiting"],
            screen.when(one["sent"]),
        ]
        for one in found
    ]
    screen.table(("hook", "address", "from level", "state", "waiting", "last taken"), rows, TONES)
    for one in found:
        if one["failing"]:
            since, due = screen.when(one["failing"]), screen.when(one["due"])
            screen.say(
                "{id} has failed since {since}, and is tried again at {due}:", id=one["id"], since=since, due=due
            )
            screen.put(f"    {one['why']}")
    return OK


def add_hook(errand: Errand) -> int:
    """A new hook; prints the secret."""
    args, screen = errand.args, errand.screen
    made = errand.hub.post("/hooks", {"dry_run": args.dry_run}, {"url": args.address, "level": args.level})
    if errand.as_json:
        screen.json(made)
        return OK
    if args.dry_run:
        put_dry_run(errand)
        screen.say("Alarms could be told at {url}.", url=made["url"])
        return OK
    screen.say("Alarms are told at {url} from now on, by the hook {id}. Try it: foyer alarms hook test {id}", **made)
    screen.say("The secret that signs them is shown only this once; hand it over safely:")
    screen.put(made["secret"])
    return OK


def try_hook(errand: Errand) -> int:
    """Send a test; 1 where it was not taken."""
    tried, screen = errand.hub.post(at("hooks", errand.args.id, "test")), errand.screen
    if errand.as_json:
        screen.json(tried)
    elif tried["taken"]:
        screen.say("The test was taken ({status}).", status=tried["status"])
    else:
        screen.say("The test was not taken:")
        screen.put(f"    {tried['why']}")
    return OK if tried["taken"] else REFUSED


def remove_hook(errand: Errand) -> int:
    """Remove a hook."""
    args = errand.args
    gone = errand.hub.post(at("hooks", args.id, "remove"), {"dry_run": args.dry_run})
    if errand.as_json:
        errand.screen.json(gone)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    errand.screen.say("Nothing is told there any more. Messages that were still waiting: {dropped}.", **gone)
    return OK
