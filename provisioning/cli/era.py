"""`foyer era`: what a restore began, and who ends it."""

from __future__ import annotations

from typing import Any

from provisioning.cli.card import put_dry_run
from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.screen import Screen


def arguments(parser: Parser) -> None:
    """The words of `foyer era`."""
    parser.set_defaults(carry_out=show)
    verbs = parser.verbs()
    parser.child(verbs, "show", "does the hub recover from a restore, and what differs?", show)
    accepting = parser.child(
        verbs, "accept", "accept what differs: a security and a system administrator do so", accept
    )
    accepting.flag("--digest", metavar="WORD", help="accept only just these differences, as era show named them")
    accepting.dry_run()


def show(errand: Errand) -> int:
    """5 while the hub recovers."""
    era = errand.get("/era")
    if errand.as_json:
        errand.screen.json(era)
    else:
        _tell(errand, era)
    return NOT_READY if era["recovering"] else OK


def accept(errand: Errand) -> int:
    """Show what differs, and accept it."""
    args, screen = errand.args, errand.screen
    digest = args.digest
    if digest is None:
        shown = errand.get("/era")
        digest = shown["digest"] or ""
        if not errand.as_json and shown["recovering"]:
            _tell(errand, shown)
    era = errand.hub.post("/era/accept", {"dry_run": args.dry_run}, {"digest": digest})
    if errand.as_json:
        screen.json(era)
        return OK
    if args.dry_run:
        put_dry_run(errand)
    if era["recovering"]:
        screen.say("Accepted by {by}. It takes one more: foyer era accept", by=_accepted(screen, era))
    else:
        screen.say("Accepted by {by}. What is wanted is written again now.", by=_accepted(screen, era))
    return OK


def put_recovering(screen: Screen, era: dict[str, Any]) -> None:
    """Say that the hub recovers, and what that means."""
    said = screen.words(
        "Recovering since {begun}: a backup of {backup} was put back, and only what takes away is sent to any target.",
        begun=screen.when(era["begun"]),
        backup=screen.when(era["backup_at"]),
    )
    screen.put(screen.tone(said, "bad"))


def _tell(errand: Errand, era: dict[str, Any]) -> None:
    screen = errand.screen
    if era["era"] is None:
        screen.say("No backup was ever put back here.")
        return
    if era["recovering"]:
        put_recovering(screen, era)
    else:
        screen.say(
            "A backup of {backup} was put back on {begun}; it was settled on {settled}.",
            backup=screen.when(era["backup_at"]),
            begun=screen.when(era["begun"]),
            settled=screen.when(era["settled"]),
        )
    for sentence in era["why"]:
        screen.put(f"  {screen.cell(sentence)}")
    rows = [
        ("the tail told until", screen.when(era["tail_until"])),
        ("taken away again", sum(era["done"].values())),
        ("records that wait to be written", era["held_back"]),
        ("targets not read since", screen.listed(era["unread"]) or None),
        ("accepted by", _accepted(screen, era) or None),
        ("digest", era["digest"]),
    ]
    screen.table(("", ""), rows)
    if era["again"]:
        screen.say("To be given again ({count}):", count=era["again_count"])
        again = [
            [one["no"], one["sentence"], " ".join(map(screen.cell, one["fields"].values()))] for one in era["again"]
        ]
        screen.table(("staff number", "what", "which"), again)


def _accepted(screen: Screen, era: dict[str, Any]) -> str:
    """Who has accepted it, and as what."""
    told = (each.partition(" ") for each in era["accepted_by"])
    return screen.listed(f"{name}{screen.aside(screen.cell(role))}" for name, _, role in told)
