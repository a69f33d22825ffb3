"""`foyer hold`: large changes that wait for a second person."""

from __future__ import annotations

from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

LINES_SHOWN_MAX = 100
ROWS_SHOWN_MAX = 50
STATES = {"open": "waits", "approved": "approved", "refused": "turned down"}


def arguments(parser: Parser) -> None:
    """The words of `foyer hold`."""
    parser.set_defaults(carry_out=list_holds, all=False)
    verbs = parser.verbs()
    listing = parser.child(verbs, "list", "what waits", list_holds)
    listing.flag("--all", action="store_true", default=False, help="those that were decided, too")
    parser.child(verbs, "show", "what one would do now", show).word("ID", help="the hold's id")
    approving = parser.child(verbs, "approve", "carry out what waits", approve)
    refusing = parser.child(verbs, "refuse", "have nothing come of it", refuse)
    for each in (approving, refusing):
        each.word("ID", help="the hold's id")
        each.dry_run()
    refusing.flag("--reason", required=True, metavar="TEXT", help="why, for whoever proposed it and for the story")


def list_holds(errand: Errand) -> int:
    """Holds, a line each."""
    found, screen = errand.get("/holds", {"all": errand.args.all}), errand.screen
    if errand.as_json:
        screen.json(found)
        return OK
    if not found:
        screen.say("Nothing waits for a second person.")
        return OK
    rows = [
        [
            one["id"],
            screen.when(one["at"]),
            screen.words(one["kind"]),
            one["name"],
            one["proposed_by"],
            one["more"],
            one["less"],
            screen.words(STATES[one["state"]]),
            one["decided_by"],
        ]
        for one in found
    ]
    screen.table(("hold", "at", "kind", "name", "proposed by", "gain", "lose", "state", "decided by"), rows)
    return OK


def show(errand: Errand) -> int:
    """One hold, and what it would do."""
    one, screen = errand.get(at("holds", errand.args.id)), errand.screen
    if errand.as_json:
        screen.json(one)
        return OK
    screen.say(
        "Hold {id} ({kind}, {state}): {name}, proposed by {by} at {at}.",
        id=one["id"],
        kind=screen.words(one["kind"]),
        state=screen.words(STATES[one["state"]]),
        name=screen.cell(one["name"]),
        by=screen.cell(one["proposed_by"]),
        at=screen.when(one["at"]),
    )
    if one["reason"] is not None:
        screen.say("Refused by {by}: {reason}", by=screen.cell(one["decided_by"]), reason=screen.cell(one["reason"]))
    if one["preview"] is not None:
        put_preview(errand, one["preview"])
    _put_rows(errand, one["rows"])
    if one["state"] == "open":
        screen.say("To decide: foyer hold approve {id}, or: foyer hold refuse {id} --reason TEXT", id=one["id"])
    return OK


def approve(errand: Errand) -> int:
    """Carry out what waits."""
    args = errand.args
    done = errand.hub.post(at("holds", args.id, "approve"), {"dry_run": args.dry_run})
    return _tell(errand, done, "Hold {id} is approved and carried out.")


def refuse(errand: Errand) -> int:
    """Have nothing come of it."""
    args = errand.args
    done = errand.hub.post(at("holds", args.id, "refuse"), {"dry_run": args.dry_run}, {"reason": args.reason})
    return _tell(errand, done, "Hold {id} is refused; nothing of it takes effect.")


def put_preview(errand: Errand, preview: dict[str, Any]) -> None:
    """Print what a change does: resources on targets, the first of the people, the sums."""
    screen = errand.screen
    lines = preview["lines"]
    if lines:
        rows = [[one["resource"], one["target"], one["gained"], one["lost"]] for one in lines[:LINES_SHOWN_MAX]]
        screen.table(("resource", "target", "gain", "lose"), rows)
    if len(lines) > LINES_SHOWN_MAX:
        screen.say("… and {count} more lines; --json shows all.", count=len(lines) - LINES_SHOWN_MAX)
    if preview["sample"]:
        screen.say("By staff number, the first {count} (+ gains, - loses):", count=len(preview["sample"]))
    for one in preview["sample"]:
        told = [*(f"+{each}" for each in one["gained"]), *(f"-{each}" for each in one["lost"])]
        screen.put(f"  {screen.cell(one['no'])}  {' '.join(map(screen.cell, told))}")
    screen.say(
        "Rights from today on: {gaining} people gain some, {losing} lose some.",
        gaining=preview["people_gaining"],
        losing=preview["people_losing"],
    )


def standing_word(standing: str) -> str:
    """How a row or a notice stands, in the word that is shown: alone, "held" means that somebody has a seat."""
    return STATES["open"] if standing == "held" else standing


def put_waiting(errand: Errand, proposed: dict[str, Any]) -> None:
    """Print that a change waits, or would."""
    screen = errand.screen
    if proposed["hold"] is not None:
        screen.say(
            "So large a change takes two: it waits for a second person as hold {hold}. That person runs: foyer hold show "
            "{hold}",
            hold=proposed["hold"],
        )
    elif proposed["waits"]:
        screen.say("So large a change takes two: it would wait for a second person.")


def _put_rows(errand: Errand, rows: list[dict[str, Any]]) -> None:
    screen = errand.screen
    if not rows:
        return
    told = [
        [
            one["line"],
            one["no"],
            screen.words(one["kind"]),
            screen.words(one["effect"]),
            screen.listed(one["fields"]) or None,
            one["revoked"],
        ]
        for one in rows[:ROWS_SHOWN_MAX]
    ]
    screen.table(("line", "staff number", "notice", "effect", "changes", "revoked"), told)
    if len(rows) > ROWS_SHOWN_MAX:
        screen.say("… and {count} more lines; --json shows all.", count=len(rows) - ROWS_SHOWN_MAX)


def _tell(errand: Errand, done: dict[str, Any], sentence: str) -> int:
    screen = errand.screen
    if errand.as_json:
        screen.json(done)
        return OK
    if done["dry_run"]:
        put_dry_run(errand)
    screen.say(sentence, id=done["hold"]["id"])
    if done["people"]:
        screen.say("Notices of {count} people took effect.", count=done["people"])
    return OK
