"""`foyer readiness`: how much is proved on the panels."""

from __future__ import annotations

import time
from typing import Any

from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser

WATCH_EVERY_S = 0.5
WATCH_TIMES_MAX = 172_800  # a day
NEEDS_SHOWN_MAX = 200
TONES = {"proved": "good", "sent": "warn", "wanted": "warn", "waiting": "dim", "missing": "bad", "refused": "bad"}


def arguments(parser: Parser) -> None:
    """The words of `foyer readiness`."""
    of = parser.add_mutually_exclusive_group()
    for flag, metavar, purpose in (
        ("--person", "NO", "of one person, by staff number"),
        ("--batch", "ID", "of those of one batch"),
        ("--day", "DATE", "of those who arrive on a day, such as 2026-03-01; today where nothing is named"),
    ):
        of.add_argument(flag, metavar=metavar, help=parser.told(purpose))
    parser.flag("--watch", action="store_true", default=False, help="go on until nothing is outstanding")
    parser.set_defaults(carry_out=readiness)


def readiness(errand: Errand) -> int:
    """The figures, and whatever is not proved; 5 while something is not."""
    args = errand.args
    query = {"person": args.person, "batch": args.batch, "day": args.day}
    if args.watch:
        watch(errand, query)
    answer = errand.get("/readiness", query)
    if errand.as_json:
        errand.screen.json(answer)
    else:
        _put(errand, answer, whole=args.person is not None)
    return OK if settled(answer) and not answer["counts"]["refused"] else NOT_READY


def watch(errand: Errand, query: dict[str, str | None]) -> dict[str, Any]:
    """A bar that rises until nothing is outstanding, for a day at most; the last figures."""
    answer: dict[str, Any] = {}
    bar = errand.screen.progress("Proved on the panels", quiet=errand.as_json)
    for _ in range(WATCH_TIMES_MAX):
        answer = errand.get("/readiness", query | {"needs": False})
        bar.at(answer["counts"]["proved"], counting(answer))
        if settled(answer):
            break
        time.sleep(WATCH_EVERY_S)
    bar.end()
    return answer


def counting(answer: dict[str, Any]) -> int:
    """How many needs count: all but those that wait for their time."""
    return sum(answer["counts"].values()) - answer["counts"]["waiting"]


def settled(answer: dict[str, Any]) -> bool:
    """Whether nothing is on its way any more."""
    counts = answer["counts"]
    return not (counts["wanted"] or counts["sent"])


def _put(errand: Errand, answer: dict[str, Any], *, whole: bool) -> None:
    screen, counts = errand.screen, answer["counts"]
    if answer["percent"] is None:
        screen.say("Nothing is due on the panels yet (people: {people}).", people=answer["people"])
    else:
        screen.say(
            "{percent} % proved ready: {proved} of {all} needs (people: {people}).",
            percent=f"{answer['percent']:g}",
            proved=counts["proved"],
            all=counting(answer),
            people=answer["people"],
        )
    others = [f"{screen.cell(state)} {count}" for state, count in counts.items() if count and state != "proved"]
    if others:
        screen.put("  " + screen.listed(others))
    shown = [need for need in answer["needs"] if whole or need["state"] not in ("proved", "waiting")]
    rows = [
        [
            need["no"],
            need["resource"],
            need["target"],
            need["state"],
            screen.when(need["at"]) or need["reason"],
            _receipt(need),
        ]
        for need in shown[:NEEDS_SHOWN_MAX]
    ]
    if rows:
        screen.put("")
        screen.table(("staff number", "resource", "target", "state", "since or why", "receipt"), rows, TONES)
    if len(shown) > NEEDS_SHOWN_MAX:
        screen.say("… and {count} more; --json shows all.", count=len(shown) - NEEDS_SHOWN_MAX)


def _receipt(need: dict[str, Any]) -> str | None:
    return None if need["receipt"] is None else f"#{need['receipt']}"
