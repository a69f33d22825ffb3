"""`foyer targets`: how the door panels fare."""

from __future__ import annotations

from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

TONES = {"reachable": "good", "not reachable": "bad", "not seen yet": "warn", "left the campus": "dim"}


def arguments(parser: Parser) -> None:
    """The words of `foyer targets`."""
    parser.set_defaults(carry_out=list_targets)
    verbs = parser.verbs()
    parser.child(verbs, "list", "all targets", list_targets)
    parser.child(verbs, "show", "one target", show).word("ID", help="the target's id in the campus file")
    reading = parser.child(verbs, "read", "read a target in full as soon as may be", read)
    reading.word("ID", help="the target's id in the campus file")
    reading.dry_run()


def list_targets(errand: Errand) -> int:
    """Targets, a line each."""
    targets, screen = errand.get("/targets"), errand.screen
    if errand.as_json:
        screen.json(targets)
        return OK
    if not targets:
        screen.say("There are no targets yet. Apply a campus: foyer campus apply FILE")
        return OK
    rows = [
        [
            one["id"],
            one["name"][errand.language],
            state_of(one),
            one["records"],
            one["dirty"],
            one["refused"],
            screen.when(one["read"]),
        ]
        for one in targets
    ]
    screen.table(("target", "name", "state", "records", "owing", "refused", "last read"), rows, TONES)
    return OK


def show(errand: Errand) -> int:
    """One target, whole."""
    return _tell(errand, errand.get(at("targets", errand.args.id)))


def read(errand: Errand) -> int:
    """Have a target read."""
    args = errand.args
    asked = errand.hub.post(at("targets", args.id, "read"), {"dry_run": args.dry_run})
    if errand.as_json:
        errand.screen.json(asked)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    errand.screen.say("{id} is read as soon as a gateway is free. See what it showed: foyer drift", id=args.id)
    return OK


def state_of(target: dict[str, Any]) -> str:
    """The target's reach in a word."""
    if not target["active"]:
        return "left the campus"
    if target["unreachable"]:
        return "not reachable"
    return "reachable" if target["seen"] else "not seen yet"


def _tell(errand: Errand, target: dict[str, Any]) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json(target)
        return OK
    screen.put(screen.tone(f"{target['id']}  {screen.cell(target['name'][errand.language])}", "strong"))
    rows = [
        ("state", state_of(target)),
        ("building", target["building"]),
        ("records", target["records"]),
        ("owing", target["dirty"]),
        ("refused", target["refused"]),
        ("last seen", screen.when(target["seen"])),
        ("last read", screen.when(target["read"])),
        ("being read since", screen.when(target["reading_since"])),
        ("found so far", target["reading_found"]),
        ("first date runs out", screen.when(target["dates_from"])),
        ("configuration expires on", screen.when(target["dates_until"])),
        ("gateway", target["gateway"]),
        ("being handed to", target["heir"]),
        ("its gateway's term", screen.when(target["term_until"])),
        ("not reachable since", screen.when(target["unreachable_since"])),
        ("why", target["unreachable"]),
    ]
    screen.table(("", ""), rows, TONES)
    if target["waiting"]:
        screen.put("")
        screen.table(("not proved yet", "why"), [(each["key"], each["reason"]) for each in target["waiting"]])
    return OK
