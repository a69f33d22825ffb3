"""`foyer alarms`: what somebody must look at."""

from __future__ import annotations

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at


def arguments(parser: Parser) -> None:
    """The words of `foyer alarms`."""
    parser.set_defaults(carry_out=list_alarms, all=False)
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "open alarms", list_alarms)
    listing.flag("--all", action="store_true", default=False, help="those that were acknowledged, too")
    acking = parser.child(verbs, "ack", "say that you have looked", acknowledge)
    acking.word("ID", help="the alarm's id")
    acking.dry_run()


def list_alarms(errand: Errand) -> int:
    """Alarms, a line each, and what each says below it."""
    found, screen = errand.get("/alarms", {"all": errand.args.all}), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No open alarms.")
    for one in found:
        seen = "" if one["acknowledged_by"] is None else f"  ✓ {screen.cell(one['acknowledged_by'])}"
        screen.put(f"{one['id']}  {screen.when(one['at'])}{seen}")
        screen.put(f"    {one['sentence']}")
    return OK


def acknowledge(errand: Errand) -> int:
    """Say that somebody has looked."""
    args = errand.args
    seen = errand.hub.post(at("alarms", args.id, "acknowledge"), {"dry_run": args.dry_run})
    if errand.as_json:
        errand.screen.json(seen)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    errand.screen.say("Alarm {id} is acknowledged by {by}.", id=seen["id"], by=seen["acknowledged_by"])
    return OK
