"""`foyer late`: what was to be open by now, or within the last day, and was not proved in time."""

from __future__ import annotations

from typing import Any

from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser

SHOWN_MAX = 100


def arguments(parser: Parser) -> None:
    """The words of `foyer late`."""
    parser.set_defaults(carry_out=late)


def late(errand: Errand) -> int:
    """Both lists; 5 while anything is late."""
    answer, screen = errand.get("/late"), errand.screen
    if errand.as_json:
        screen.json(answer)
        return NOT_READY if answer["now"] else OK
    if not answer["now"]:
        screen.say("Nothing is late: all that is to be open by now is proved, or waits for its time.")
    else:
        screen.say("Late by now: {count}.", count=len(answer["now"]))
        _table(errand, answer["now"], ("staff number", "resource", "target", "since", "late by (s)", "why"), "reason")
    if answer["proved"]:
        screen.put("")
        screen.say("Proved late within the last 24 hours: {count}.", count=len(answer["proved"]))
        _table(
            errand, answer["proved"], ("staff number", "resource", "target", "since", "late by (s)", "proved"), "proved"
        )
    if answer["more"]:
        screen.say("There are more than can be listed; these are the first.")
    return NOT_READY if answer["now"] else OK


def _table(errand: Errand, found: list[dict[str, Any]], headers: tuple[str, ...], last: str) -> None:
    screen = errand.screen
    rows = [
        [
            each["no"],
            each["resource"],
            each["target"],
            screen.when(each["since"]),
            each["late_s"],
            screen.when(each["proved"]) if last == "proved" else each["reason"],
        ]
        for each in found[:SHOWN_MAX]
    ]
    screen.table(headers, rows)
    if len(found) > SHOWN_MAX:
        screen.say("… and {count} more; --json shows all.", count=len(found) - SHOWN_MAX)
