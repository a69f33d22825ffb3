"""Changes that are too large for one person: a list and new rules are shown, wait, are refused to whoever proposed them, and
do what was shown once a second operator has let them go."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.conftest import SEATED, TARGETS, Journey, card, sheet, until

RULES = Path(__file__).parents[2] / "policies" / "rules" / "default.yaml"
Doors = dict[tuple[str, int], list[bool]]
LIMITS = "holds: {arrivals_max: 6, losses_percent_max: 20, losses_min: 3}\n"
IN_PLACE, NEWCOMERS = range(301, 309), range(309, 319)
"""A first list, which no Hold stops, and one that is over the limit."""


def test_a_second_person_lets_a_list_and_rules_go_and_they_do_what_was_shown(journey: Journey):
    path = journey.campus.path
    path.write_text(path.read_text("utf-8").replace("time_zone: ", f"{LIMITS}time_zone: "), "utf-8")
    journey.emulate()
    journey.serve()
    journey.ready(journey.take(IN_PLACE))
    token = journey.asked("operator", "add", "second", "--role", "hr", "--role", "security")["token"]
    _a_list(journey, token)
    _rules(journey, token)


def _a_list(journey: Journey, token: str) -> None:
    file = journey.folder / "newcomers.csv"
    file.write_text(sheet(NEWCOMERS), "utf-8")
    shown = journey.asked("hr", "preview", file)
    assert (shown["counts"]["held"], shown["preview"]["people_gaining"]) == (len(NEWCOMERS), len(NEWCOMERS))
    assert "rows wait for a second person" in journey.foyer("hr", "import", file)
    (hold,) = journey.asked("hold", "list")
    assert (hold["more"], hold["less"]) == (len(NEWCOMERS), 0)
    assert journey.settled()
    assert card(310) not in journey.campus.cards("a-1")
    assert "nobody approves their own proposal" in journey.foyer("hold", "approve", hold["id"], status=4)
    assert card(310) not in journey.campus.cards("a-1")
    assert "is approved" in journey.foyer("hold", "approve", hold["id"], "--token", token)
    wanted = {card(nth) for nth in (*IN_PLACE, *NEWCOMERS)}
    until(lambda: journey.settled() and all(set(journey.campus.cards(target)) == wanted for target in TARGETS))
    ready = journey.get("/readiness", person="J0310")
    assert (ready["percent"], {need["target"] for need in ready["needs"]}) == (100.0, set(SEATED))


def _rules(journey: Journey, token: str) -> None:
    """The civil servants lose the garage and gain the machine rooms."""
    first, garage, last = RULES.read_text("utf-8").partition("- id: garage")
    changed = last.replace("version: 1", "version: 2", 1).replace("zone:garage", "zone:plant", 1)
    file = journey.folder / "rules.yaml"
    file.write_text(first + garage + changed, "utf-8")
    shown = journey.asked("rules", "preview", file)
    assert shown["waits"]
    lines = shown["preview"]["lines"]
    people = len(IN_PLACE) + len(NEWCOMERS)
    assert {(one["resource"], one["gained"], one["lost"]) for one in lines} == {
        ("zone:garage", 0, people), ("zone:plant", people, 0),
    }  # fmt: skip
    before = _doors(journey)
    assert "waits for a second person" in journey.foyer("rules", "apply", file)
    (hold,) = journey.asked("hold", "list")
    assert journey.asked("hold", "show", hold["id"])["preview"] == shown["preview"]
    assert "nobody approves their own proposal" in journey.foyer("hold", "approve", hold["id"], status=4)
    journey.foyer("hold", "approve", hold["id"], "--token", token)
    until(lambda: _doors(journey) != before and journey.settled())  # in this order: once one has moved, all are to move
    assert _moved(before, _doors(journey)) == {(one["target"], one["gained"], one["lost"]) for one in lines}
    assert journey.asked("rules", "preview", file)["preview"]["lines"] == []


def _doors(journey: Journey) -> Doors:
    """Which doors each card opens, as the panels themselves hold it."""
    return {
        (target, number): [bool(profile) for profile in held["doors"]]
        for target in TARGETS
        for number, held in journey.campus.cards(target).items()
    }


def _moved(before: Doors, after: Doors) -> set[tuple[str, int, int]]:
    """On which panels how many cards gained a door, and how many lost one."""
    found = set()
    for target in TARGETS:
        pairs = [(doors, after[key]) for key, doors in before.items() if key[0] == target]
        gained = sum(any(new and not old for old, new in zip(*pair, strict=True)) for pair in pairs)
        lost = sum(any(old and not new for old, new in zip(*pair, strict=True)) for pair in pairs)
        if gained or lost:
            found.add((target, gained, lost))
    return found
