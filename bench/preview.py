"""A change of all rules previewed for many people, read from a database and added up by resource and target, against
the bare evaluations: every condition for everybody, with an activation that is at hand."""

from __future__ import annotations

import random
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from bench.ground import BENCH, Figure, campus_text
from policies.conditions import activation
from policies.facts import Facts
from policies.rules import RuleSet, read_rules
from provisioning.compose import House, dice, opened
from provisioning.nouns.people import Person, Stay, StayState
from provisioning.settings import Settings
from provisioning.store import people
from provisioning.store.engine import Tx

PEOPLE = 100_000
RULES = 50
AT_ONCE = 5_000
TIMES_MAX = 2.0

_KINDS = ("公务员", "事业编", "借调", "实习", "外包")
_DEPARTMENTS = ("office-affairs", "organisation", "finance", "planning", "justice", "it-centre")
_ZONES = ("north-public", "south-public", "north-offices", "south-offices", "garage", "plant", "archive", "canteen")
_CONDITIONS = (
    'stay.kind in ["公务员", "借调"] && stay.department == "{department}"',
    'stay.kind != "外包" || stay.days > {number}',
    '"{department}" in stay.departments && stay.area in ["north", "south"]',
    'stay.post.startsWith("p{digit}") && stay.days > 90',
    'stay.kind == "{kind}" && (stay.days == -1 || stay.days >= 9{digit})',
)
_OPENS = ("arrival", "arrival - 3 workdays", "arrival - 1 days", "arrival - 5 workdays")


def measure() -> list[Figure]:
    """One preview of all rules changed, and the evaluations alone."""
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data=Path(folder))) as built:
        with built.store.writing() as tx:
            built.campuses.apply(tx, campus_text(), "bench.yaml", BENCH)
            built.rulebook.apply(tx, _rules(1), BENCH)
        _settle(built)
        began = time.perf_counter()
        with built.store.reading() as tx:
            preview = built.proposals.preview_rules(tx, _rules(2)).preview
        ours_s = time.perf_counter() - began
    bare_s = _bare(read_rules(_rules(2)))
    yardstick = (
        f"{ours_s:.1f} s against {bare_s:.1f} s bare; {preview.people_gaining} people gain, {preview.people_losing} lose, "
        f"{len(preview.lines)} resources on targets"
    )
    what = f"{PEOPLE} people × {RULES} rules previewed, against the bare evaluations"
    return [Figure(what, ours_s / bare_s, "×", TIMES_MAX, yardstick)]


def _bare(rules: RuleSet) -> float:
    """Seconds for every condition as often as there are people."""
    known = activation(Facts("s", "finance", ("finance",), "p1", "公务员", "north", date(2026, 1, 1), None))
    programs = [rule.condition.program for rule in rules]
    began = time.perf_counter()
    for _ in range(PEOPLE):
        for program in programs:
            program.eval(known)
    return time.perf_counter() - began


def _rules(version: int) -> str:
    """Rules of which each says something else in each version: who and from when, and every second one what."""
    return "rules:\n" + "".join(_rule(number, version) for number in range(RULES))


def _rule(number: int, version: int) -> str:
    when = _CONDITIONS[number % len(_CONDITIONS)].format(
        department=_DEPARTMENTS[number % len(_DEPARTMENTS)],
        kind=_KINDS[number % len(_KINDS)],
        number=number * version,
        digit=number % 10,
    )
    zone = _ZONES[number % len(_ZONES)]
    other = version if number % 2 else 1
    return (
        f"  - id: r{number}\n    version: {version}\n    clause: c\n    title: {{zh: 门, en: d}}\n"
        f"    when: '({when}) && stay.post != \"x{number * version}\"'\n"
        f'    grant: ["zone:{zone}", "zone:bench-{number}-{other}-${{stay.area}}"]\n'
        f"    opens: {_OPENS[(number + version) % len(_OPENS)]}\n    closes: departure\n"
    )


def _settle(built: House) -> None:
    """Everybody, with dates that hardly two share."""
    chance = dice(5)
    for start in range(0, PEOPLE, AT_ONCE):
        with built.store.writing() as tx:
            stays = [_stay(tx, number, chance) for number in range(start, start + AT_ONCE)]
            nobody = (b"", tx.now)
            persons = [Person(stay.person, f"B{start + nth:06d}", *nobody) for nth, stay in enumerate(stays)]
            people.add_persons(tx, [(person, None) for person in persons])
            people.add_stays(tx, stays)


def _stay(tx: Tx, number: int, chance: random.Random) -> Stay:
    today = tx.now.date()
    arrival = today - timedelta(days=chance.randrange(3_000) - 60)
    departure = None if chance.random() < 0.3 else today + timedelta(days=chance.randrange(1_500))
    return Stay(
        tx.ids.new("sty"),
        tx.ids.new("per"),
        chance.choice(_DEPARTMENTS),
        f"p{number % 20}",
        chance.choice(_KINDS),
        chance.choice(("north", "south")),
        arrival,
        None if departure is None else max(arrival, departure),
        StayState.OPEN,
        "bench",
        "bench",
        tx.now,
    )
