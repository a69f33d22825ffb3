"""`foyer fire`: zones whose doors are released for fire. It asks nothing of whoever orders it."""

from __future__ import annotations

from provisioning.cli.errand import Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at
from provisioning.cli.lockdown import follow, put_list

# What was done, and whether every door is proved → what is said of it.
SAID = {
    ("ordered", True): "Zone {zone} is released for fire, and all of its {count} doors are proved open.",
    ("ordered", False): (
        "Zone {zone} is released for fire; {exposed} of {count} doors are not proved open yet. Send somebody to those, and"
        " ask again: foyer fire list"
    ),
    ("cleared", True): "Zone {zone} is no longer released: all of its {count} doors are proved as they are to be.",
    ("cleared", False): (
        "Zone {zone} is no longer to be released; {exposed} of {count} doors are not proved yet. Ask again: foyer fire list"
    ),
}


def arguments(parser: Parser) -> None:
    """The words of `foyer fire`."""
    verbs = parser.verbs()
    ordering = parser.child(verbs, "order", "open every door of a zone, ahead of all other work", order)
    ordering.word("ZONE", help="a zone of the campus file")
    ordering.flag("--reason", metavar="TEXT", help="why, where there is time to say it")
    clearing = parser.child(verbs, "clear", "have the doors of a zone be as they were", clear)
    clearing.word("ZONE", help="a zone of the campus file")
    for each in (ordering, clearing):
        each.flag("--wait", action="store_true", default=False, help="wait until every door is proved")
        each.dry_run()
    listing = parser.child(verbs, "list", "what is released, and what is not proved yet", list_fires)
    listing.flag("--all", action="store_true", default=False, help="what is over or ended, too")


def order(errand: Errand) -> int:
    """Release a zone."""
    args = errand.args
    told = {"reason": args.reason or ""}
    made = errand.hub.post(at("zones", args.zone, "fire"), {"dry_run": args.dry_run}, told)
    return follow(errand, made, SAID["ordered", True], SAID["ordered", False])


def clear(errand: Errand) -> int:
    """End a release."""
    args = errand.args
    ended = errand.hub.post(at("zones", args.zone, "fire", "clear"), {"dry_run": args.dry_run})
    return follow(errand, ended, SAID["cleared", True], SAID["cleared", False])


def list_fires(errand: Errand) -> int:
    """Releases, each with its doors."""
    return put_list(errand, errand.get("/fires", {"all": errand.args.all}), "No zone is released for fire.")
