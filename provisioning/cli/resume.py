"""`foyer resume`: what security suspended opens again."""

from __future__ import annotations

from provisioning.cli.card import put_dry_run, put_effect
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at


def arguments(parser: Parser) -> None:
    """The words of `foyer resume`."""
    parser.word("NO", help="staff number")
    parser.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    parser.dry_run()
    parser.set_defaults(carry_out=resume)


def resume(errand: Errand) -> int:
    """Resume somebody whom security suspended."""
    args, screen = errand.args, errand.screen
    told = errand.hub.post(at("persons", args.no, "resume"), {"dry_run": args.dry_run}, {"reason": args.reason})
    if errand.as_json:
        screen.json(told)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    screen.say("{no} is no longer suspended by security: what they have opens again.", no=args.no)
    put_effect(errand, told["effect"])
    return OK
