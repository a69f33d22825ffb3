"""`foyer flat`: who waits for one, who is offered which, who has which."""

from __future__ import annotations

from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at
from provisioning.cli.seat import TONES, act, closings, put_rows, shut, unshut


def arguments(parser: Parser) -> None:
    """The words of `foyer flat`."""
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "flats, and whose they are", list_flats)
    listing.flag("--block", action="append", metavar="X", help="only of this block; may stand several times")
    listing.flag("--vacant", action="store_true", default=False, help="only those that may be offered now")
    parser.child(verbs, "queue", "who waits, the first in the queue first", queue)
    parser.child(verbs, "offers", "what is offered, to whom and until when", offers)
    for name, about, carry_out in (
        ("accept", "somebody accepts the flat that they are offered", accept),
        ("decline", "somebody declines it; they are offered none again by themselves", decline),
        ("free", "somebody gives their flat back", free),
        ("ask", "put somebody into the queue again who declined or gave theirs back", ask),
    ):
        child = parser.child(verbs, name, about, carry_out)
        child.word("NO", help="staff number")
        child.dry_run()
    closings(parser, verbs, close, reopen, "the flat's id, such as h1-1-101")


def list_flats(errand: Errand) -> int:
    """Flats, a line each."""
    args, screen = errand.args, errand.screen
    found = errand.get("/flats", {"block": args.block, "vacant": args.vacant})
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("No flat answers to that. See all of them: foyer flat list")
        return OK
    rows = [
        [
            one["unit"],
            one["name"][errand.language],
            one["tier"],
            one["state"],
            one["no"],
            one["reason"] or screen.when(one["since"]),
            screen.when(one["until"]),
        ]
        for one in found
    ]
    screen.table(("flat", "block of flats", "tier", "state", "staff number", "since or why", "until"), rows, TONES)
    return OK


def queue(errand: Errand) -> int:
    """Who waits, a line each."""
    found = errand.get("/flats/queue")
    if errand.as_json:
        errand.screen.json(found)
    elif found:
        put_rows(errand, found)
    else:
        errand.screen.say("Nobody waits for a flat.")
    return OK


def offers(errand: Errand) -> int:
    """What is offered, a line each."""
    found = errand.get("/flats/offers")
    if errand.as_json:
        errand.screen.json(found)
    elif found:
        put_rows(errand, found)
    else:
        errand.screen.say("No flat is offered to anybody.")
    return OK


def accept(errand: Errand) -> int:
    """Accept an offer."""
    return act(errand, at("persons", errand.args.no, "flat", "accept"), "{no} has the flat {unit}.")


def decline(errand: Errand) -> int:
    """Decline an offer."""
    return act(errand, at("persons", errand.args.no, "flat", "decline"), "{no} has declined {unit}.")


def free(errand: Errand) -> int:
    """Give a flat back."""
    return act(errand, at("persons", errand.args.no, "flat", "free"), "{unit} is taken from {no}.")


def ask(errand: Errand) -> int:
    """Ask for a flat anew."""
    return act(errand, at("persons", errand.args.no, "flat", "ask"), "{no} is in the queue for a flat again.")


def close(errand: Errand) -> int:
    """Close a flat."""
    return shut(errand, "flats")


def reopen(errand: Errand) -> int:
    """Open a flat."""
    return unshut(errand, "flats")
