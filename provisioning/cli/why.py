"""`foyer why`: the reasons for a right, or for its absence."""

from __future__ import annotations

from typing import Any

from provisioning.cli.errand import NOT_READY, OK, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.hub import at
from provisioning.cli.person import OVER, standing_of
from provisioning.cli.who import rights_of, times

MARKS = {
    "granted": ("✓", "good"),
    "unmet": ("✗", "dim"),
    "broken": ("!", "bad"),
    "no_days": ("–", "warn"),
    "no_units": ("–", "warn"),
}
OTHER_MARK = ("·", "dim")


def arguments(parser: Parser) -> None:
    """The words of `foyer why`."""
    parser.word("NO", help="staff number")
    parser.word("RESOURCE", help="only this: zone:north-public, a door such as a-1-east, flat:one-room", nargs="?")
    times(parser)
    parser.set_defaults(carry_out=why)


def why(errand: Errand) -> int:
    """Each stay, each rule; 5 where a resource was named and is not granted. Of another time: what was had then."""
    args = errand.args
    if args.at or args.known:
        return rights_of(errand, args.no, args.resource)
    answers = errand.get(at("persons", args.no, "why"), {"resource": args.resource})
    granted = any(answer["grants"] for answer in answers)
    if errand.as_json:
        errand.screen.json(answers)
    elif not answers:
        errand.screen.say("{no} has no stay, so no rule speaks of them.", no=args.no)
    else:
        for answer in answers:
            _put(errand, answer)
    return NOT_READY if args.resource and not granted else OK


def _put(errand: Errand, answer: dict[str, Any]) -> None:
    screen, stay = errand.screen, answer["stay"]
    heading = screen.words(
        "{department}, {kind}, {arrival} to {departure}: {state}",
        department=screen.cell(stay["department_name"]),
        state=standing_of(screen, stay),
        **{name: screen.cell(stay[name]) for name in ("kind", "arrival", "departure")},
    )
    screen.put(screen.tone(heading, "strong"))
    if not (answer["findings"] or answer["units"] or answer["grants"]):
        screen.say("  No rule speaks of this to anybody by that name. What rules speak of: foyer rules show")
    elif stay["standing"] in OVER and not answer["grants"]:
        screen.say("  This stay is over: nothing of what rules say below is granted.")
    for finding in answer["findings"]:
        mark, tone = MARKS.get(finding["verdict"], OTHER_MARK)
        screen.put(f"  {screen.tone(mark, tone)} {screen.cell(finding['title'])}")
        for sentence in finding["says"]:
            screen.put(f"      {sentence}")
    if answer["units"]:
        rows = [[each["ask"], each["unit"], each["state"], each["points"]] for each in answer["units"]]
        screen.put("")
        screen.table(("asks for", "unit", "state", "points"), rows)
    if answer["grants"]:
        rows = [
            [g["resource"], screen.when(g["opens"]), screen.when(g["closes"]), f"{g['rule']}@{g['version']}"]
            for g in answer["grants"]
        ]
        screen.put("")
        screen.table(("resource", "from", "until", "rule"), rows)
