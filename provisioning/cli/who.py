"""`foyer who`: who had what at some instant, by which rule, and whether the devices agreed; `foyer why NO --at` is the
same of one person."""

from __future__ import annotations

from typing import Any

from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at

SHOWN_MAX = 500
BOTH, THEN, SINCE = (
    "held, and believed then",
    "believed then, not so by what is known since",
    "held, though not known then",
)
NOBODY = "Nobody had it at {at}, nor was believed to, by what was known at {known}."
NOTHING = "{no} had nothing of this at {at}, nor was believed to, by what was known at {known}."


def arguments(parser: Parser) -> None:
    """The words of `foyer who`."""
    parser.word("RESOURCE", help="a zone, a door, a seat or a flat: zone:north-public, a-1-east, seat:a-301-02")
    times(parser)
    parser.set_defaults(carry_out=who)


def times(parser: Parser) -> None:
    """The two times that may be asked for."""
    parser.flag(
        "--at", metavar="TIME", help="when it was to hold, at the campus's clock: 2026-11-30T14:00; now, where none"
    )
    parser.flag("--known", metavar="TIME", help="by what had been told up to then; up to now, where none is named")


def who(errand: Errand) -> int:
    """Everybody who had it; 5 where nobody had."""
    args = errand.args
    query = {"resource": args.resource, "at": args.at, "known": args.known}
    answer = errand.get("/who", query)
    rights = list(answer["rights"])
    while answer["next"] is not None:
        answer = errand.get("/who", query | {"after": answer["next"]})
        rights += answer["rights"]
    return _end(errand, answer | {"rights": rights, "next": None}, None)


def rights_of(errand: Errand, no: str, resource: str | None) -> int:
    """What one person had; 5 where it was nothing."""
    args = errand.args
    answer = errand.get(at("persons", no, "rights"), {"resource": resource, "at": args.at, "known": args.known})
    return _end(errand, answer, no)


def _end(errand: Errand, answer: dict[str, Any], no: str | None) -> int:
    """Print the rights of everybody, or of the person `no` alone."""
    rights = answer["rights"]
    if errand.as_json:
        errand.screen.json(answer)
    else:
        _put(errand, answer, no)
    return OK if any(right["holds"] for right in rights) else NOT_READY


def _put(errand: Errand, answer: dict[str, Any], no: str | None) -> None:
    screen, rights, moment = errand.screen, answer["rights"], answer["moment"]
    told = {"at": screen.when(moment["at"]), "known": screen.when(moment["known"])}
    if not rights:
        screen.say(NOBODY if no is None else NOTHING, no=no, **told)
        return
    screen.say("At {at}, by what was known at {known}:", **told)
    rows = [
        [
            right["no"] if no is None else right["resource"],
            right["unit"],
            f"{right['rule']}@{right['version']}",
            right["clause"],
            screen.words(_belief(right)),
            _devices(errand, right),
        ]
        for right in rights[:SHOWN_MAX]
    ]
    screen.table(
        ("staff number" if no is None else "resource", "unit", "rule", "clause", "what is known", "devices"), rows
    )
    if len(rights) > SHOWN_MAX:
        screen.say("… and {count} more; --json shows all.", count=len(rights) - SHOWN_MAX)


def _belief(right: dict[str, Any]) -> str:
    if right["believed"] and right["holds"]:
        return BOTH
    return THEN if right["believed"] else SINCE


def _devices(errand: Errand, right: dict[str, Any]) -> str:
    """How many devices had agreed by then, and which had not."""
    said = right["devices"]
    if not said:
        return errand.screen.words("no device had said anything")
    held = [one for one in said if one["said"] == "held"]
    others = sorted({one["target"] for one in said if one["said"] != "held"})
    screen = errand.screen
    told = screen.words("held on {count}", count=len(held))
    return told if not others else f"{told}; " + screen.words("not on {targets}", targets=screen.listed(others))
