"""`foyer grant`: what somebody may open, and what is given to them for a set time."""

from __future__ import annotations

from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at


def arguments(parser: Parser) -> None:
    """The words of `foyer grant`."""
    verbs = parser.verbs()
    giving = parser.child(verbs, "give", "let somebody have a resource for a set time", give)
    giving.word("NO", help="staff number")
    giving.word("RESOURCE", help="what it opens, such as zone:meeting")
    giving.flag(
        "--from", dest="opens", metavar="TIME", help="at the campus's clock, such as 2026-12-01T14:00; now if none"
    )
    giving.flag(
        "--until", dest="closes", required=True, metavar="TIME", help="when it closes, such as 2026-12-01T18:00"
    )
    giving.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    giving.dry_run()
    ending = parser.child(verbs, "end", "end a grant that was given", end)
    ending.word("ID", help="the grant's id, as `foyer grant list` shows it")
    ending.flag("--reason", required=True, metavar="TEXT", help="why; the story keeps it")
    ending.dry_run()
    listing = parser.child(verbs, "list", "a person's grants", list_grants)
    listing.word("NO", help="staff number")
    listing.flag("--all", action="store_true", default=False, help="what is over or ended, too")


def give(errand: Errand) -> int:
    """Give one."""
    args = errand.args
    told = {"resource": args.resource, "opens": args.opens, "closes": args.closes, "reason": args.reason}
    made = errand.hub.post(at("persons", args.no, "grants"), {"dry_run": args.dry_run}, told)
    sentence = "{no} may use {resource} from {opens} until {closes}: grant {id}."
    return _tell(errand, made, sentence, no=args.no)


def end(errand: Errand) -> int:
    """End one."""
    args = errand.args
    ended = errand.hub.post(at("grants", args.id, "end"), {"dry_run": args.dry_run}, {"reason": args.reason})
    return _tell(errand, ended, "Grant {id} on {resource} has ended; see what is proved gone: foyer targets")


def list_grants(errand: Errand) -> int:
    """Grants, a line each."""
    args, screen = errand.args, errand.screen
    found = errand.get(at("persons", args.no, "grants"), {"all": args.all})
    if errand.as_json:
        screen.json(found)
    elif not found:
        screen.say("{no} has no grant that is in force or to come.", no=args.no)
    else:
        rows = [
            [
                each["id"],
                each["resource"],
                screen.when(each["opens"]),
                screen.when(each["closes"]),
                f"{each['rule']}@{each['version']}",
                each["clause"],
                screen.when(each["ended"]),
            ]
            for each in found
        ]
        screen.table(("grant", "resource", "from", "until", "rule", "clause", "ended"), rows)
    return OK


def _tell(errand: Errand, grant: dict[str, Any], sentence: str, **fields: object) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json(grant)
        return OK
    if errand.args.dry_run:
        put_dry_run(errand)
    named = {"id": grant["id"], "resource": grant["resource"]}
    screen.say(sentence, **named, opens=screen.when(grant["opens"]), closes=screen.when(grant["closes"]), **fields)
    return OK
