"""A preview says what then happens: by person and resource, for rules, for a campus file, for a sheet and for a hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.clock import SetClock
from provisioning.grants.preview import Preview
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.people import Move, Pause
from provisioning.nouns.rights import Grant
from provisioning.store import people
from tests.provisioning.housed import BOSS, HEADERS, Housed, housing

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
Held = dict[tuple[str, str], set[date]]

PARTS = (
    'stay.kind == "公务员"',
    'stay.kind != "外包" || stay.days > 100',
    'stay.area == "north"',
    "stay.days == -1",
    '"finance" in stay.departments && stay.area == "south"',
)
RESOURCES = ("zone:garage", "zone:plant", "zone:${stay.area}-offices", "zone:archive")
OPENS = ("arrival", "arrival - 3 workdays", "arrival + 5 days")
CLOSES = ("departure", "departure + 10 days", "arrival + 40 days")


def rule(number: int, when: str, resource: str, opens: str, closes: str) -> str:
    return (
        f"  - id: drawn-{number}\n    version: 1\n    clause: c\n    title: {{zh: 门, en: d}}\n    when: '{when}'\n"
        f"    grant: ['{resource}']\n    opens: {opens}\n    closes: {closes}\n"
    )


RULES = st.lists(
    st.tuples(st.sampled_from(PARTS), st.sampled_from(RESOURCES), st.sampled_from(OPENS), st.sampled_from(CLOSES)),
    min_size=1,
    max_size=4,
)


def bumped(text: str, number: int) -> str:
    """Versions never say two things, so each drawing has its own."""
    return text.replace("version: 1\n", f"version: {number}\n")


def days_of(grants: Sequence[Grant], today: date, no: str) -> Held:
    """The days from today on, on which a person holds each resource; a year ahead stands for ever."""
    far = date(2027, 6, 1).toordinal()
    found: Held = {}
    for grant in grants:
        first = max(grant.opens.astimezone(ZONE).date().toordinal(), today.toordinal())
        last = far if grant.closes is None else min(grant.closes.astimezone(ZONE).date().toordinal(), far)
        found.setdefault((no, grant.resource), set()).update(map(date.fromordinal, range(first, last)))
    return {key: days for key, days in found.items() if days}


def held(housed: Housed, nos: Sequence[str]) -> Held:
    today = housed.clock.now().astimezone(ZONE).date()
    found: Held = {}
    for no in nos:
        found |= days_of(housed.grants(housed.person(no)), today, no)
    return found


def moved(before: Held, after: Held) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(person, resource) gained and lost."""
    keys = before.keys() | after.keys()
    gained = {key for key in keys if after.get(key, set()) - before.get(key, set())}
    lost = {key for key in keys if before.get(key, set()) - after.get(key, set())}
    return gained, lost


def said(preview: Preview) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    gained = {(one.no, resource) for one in preview.sample for resource in one.gained}
    lost = {(one.no, resource) for one in preview.sample for resource in one.lost}
    return gained, lost


def check(preview: Preview, before: Held, after: Held) -> None:
    """The preview against what has happened, and its sums against its own people."""
    gained, lost = moved(before, after)
    assert said(preview) == (gained, lost)
    assert preview.people_gaining == len({no for no, _ in gained})
    assert preview.people_losing == len({no for no, _ in lost})
    for line in preview.lines:
        assert line.gained == sum(resource == line.resource for _, resource in gained)
        assert line.lost == sum(resource == line.resource for _, resource in lost)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Housed]:
    """Eight people of many sorts, and the rules that ship, without units."""
    with housing(tmp_path_factory.mktemp("town") / "hub", SetClock(START)) as housed:
        people = [
            ("T1", 2001, "财政局", "北办公区", "公务员", "2026-03-02", ""),
            ("T2", 2002, "财政局", "南办公区", "公务员", "2026-01-05", "2026-12-31"),
            ("T3", 2003, "财政局", "北办公区", "外包", "2026-03-05", "2026-06-30"),
            ("T4", 2004, "司法局", "北办公区", "借调", "2026-02-01", "2026-03-10"),
            ("T5", 2005, "司法局", "南办公区", "实习", "2026-04-01", "2026-07-01"),
            ("T6", None, "组织部", "北办公区", "事业编", "2026-03-02", ""),
            ("T7", 2007, "财政局", "南办公区", "外包", "2025-12-01", "2026-02-27"),
            ("T8", 2008, "财政局", "南办公区", "事业编", "2026-03-20", ""),
        ]
        for no, card, department, area, kind, arrival, departure in people:
            housed.come(no, card, arrival=arrival, departure=departure, department=department, area=area, kind=kind)
        change_stay(housed, "T6", moves=(Move(date(2026, 3, 15), "finance", "科员", "事业编", "south"),))
        change_stay(housed, "T8", pauses=(Pause(date(2026, 3, 25), date(2026, 4, 2)),))
        yield housed


def change_stay(housed: Housed, no: str, **changes: Any) -> None:
    """What HR's notices make of a stay, without the notices."""
    with housed.house.store.writing() as tx:
        (stay,) = housed.house.persons.stays(tx, housed.person(no).id)
        people.change_stays(tx, [replace(stay, **changes)])


NOS = tuple(f"T{n}" for n in range(1, 9))
_versions = iter(range(10, 1_000_000))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(RULES)
def test_a_preview_of_rules_is_their_effect(town: Housed, drawn: list[tuple[str, str, str, str]]):
    whole = town.rules().partition("  - id: drawn-0")[0].rstrip() + "\n"
    drawn_text = bumped("".join(rule(n, *each) for n, each in enumerate(drawn)), next(_versions))
    town.look(*map(town.person, NOS))
    before = held(town, NOS)
    with town.house.store.reading() as tx:
        preview = town.house.proposals.preview_rules(tx, whole + drawn_text).preview
    town.apply_rules(whole + drawn_text)
    town.look(*map(town.person, NOS))
    check(preview, before, held(town, NOS))


def campus_text(town: Housed) -> str:
    with town.house.store.reading() as tx:
        return town.house.campuses.text(tx) or ""


def test_a_preview_of_a_campus_file_is_its_effect_on_rights(town: Housed):
    town.look(*map(town.person, NOS))
    before, text = held(town, NOS), campus_text(town)
    other = text.replace("  holidays:\n", "  holidays:\n    - 2026-03-18\n", 1)
    assert other != text
    with town.house.store.writing() as tx:
        preview = town.house.proposals.preview_campus(tx, other, "small.yaml").preview
        town.house.campuses.apply(tx, other, "small.yaml", BOSS)
    town.look(*map(town.person, NOS))
    check(preview, before, held(town, NOS))
    assert preview.people_gaining > 0
    with town.house.store.writing() as tx:
        town.house.campuses.apply(tx, text, "small.yaml", BOSS)
    town.look(*map(town.person, NOS))


SHEET = (
    ("新人一,N1,财政局,科员,公务员,2026-03-09,,3001,北办公区", "N1"),
    ("新人二,N2,财政局,科员,外包,2026-03-09,2026-05-01,3002,南办公区", "N2"),
    ("测试员,T2,财政局,科员,公务员,2026-01-05,2026-06-30,2002,南办公区", "T2"),
    ("测试员,T1,财政局,科员,公务员,2026-03-02,,2001,南办公区", "T1"),
)


def test_a_preview_of_a_sheet_is_its_effect(tmp_path: Path):
    with housing(tmp_path / "hub", SetClock(START)) as housed:
        housed.come("T1", 2001)
        housed.come("T2", 2002, arrival="2026-01-05", departure="2026-12-31", area="南办公区")
        sheet = read_sheet("\n".join([HEADERS, *(row for row, _ in SHEET)]).encode(), "some.csv")
        before = held(housed, ["T1", "T2"])
        counts = housed.counts()
        with housed.house.store.rehearsing() as tx, housed.house.store.reading() as present:
            report, preview = housed.house.proposals.preview_sheet(tx, present, sheet, BOSS)
        assert housed.counts() == counts
        with housed.house.store.writing() as tx:
            taken = housed.house.intake.take(tx, sheet, BOSS)
            housed.house.grants.look(tx, list(taken.people), BOSS)
        assert [line.effect for line in report.lines] == [line.effect for line in taken.lines]
        check(preview, before, held(housed, ["N1", "N2", "T1", "T2"]))
        assert {line.target for line in preview.lines} >= {"a-1", "b-1"}


def test_a_door_that_leaves_a_zone_is_lost_to_whoever_may_enter_the_zone(town: Housed):
    town.look(*map(town.person, NOS))
    text = campus_text(town)
    with town.house.store.reading() as tx:
        campus = town.house.campuses.current(tx)
        door, target = next(
            (door, target) for target in campus.targets for door in target.doors if door.zones == ("garage",)
        )
        entitled = sum(("zone:garage" in {grant.resource for grant in town.grants(town.person(no))}) for no in NOS)
        found = text.index(f"id: {door.id}")
        other = text[:found] + text[found:].replace("zones: [garage]", "zones: [plant]", 1)
        assert other != text
        preview = town.house.proposals.preview_campus(tx, other, "small.yaml").preview
    lines = {(line.resource, line.target): line for line in preview.lines}
    assert lines["zone:garage", target.id].lost == entitled > 0
    assert lines["zone:garage", target.id].gained == 0


def test_nothing_changed_is_nothing_previewed(town: Housed):
    with town.house.store.reading() as tx:
        rules = town.house.proposals.preview_rules(tx, town.rules())
        campus = town.house.proposals.preview_campus(tx, campus_text(town), "small.yaml")
    for each in (rules, campus):
        assert each.change.nothing
        assert (each.preview.lines, each.preview.sample, each.waits) == ((), (), False)


@pytest.fixture
def seated(tmp_path: Path) -> Iterator[Housed]:
    """Three people with a seat each, by all the rules that ship, in an office whose door is in a zone of its own."""
    with housing(tmp_path / "hub", SetClock(START), units=True) as housed:
        with housed.house.store.writing() as tx:
            housed.house.campuses.apply(tx, office_in(housed, "north-offices", "archive"), "small.yaml", BOSS)
        for nth in range(3):
            housed.come(f"S{nth}", 4000 + nth)
        yield housed


OFFICE = "a-301"


def office_in(housed: Housed, before: str, zone: str) -> str:
    """The campus file with the finance office in another zone."""
    text = campus_text(housed)
    start = text.index(f"id: {OFFICE},")
    end = text.index("\n", start)
    line = text[start:end].replace(f"zone: {before}", f"zone: {zone}")
    assert line != text[start:end]
    return text[:start] + line + text[end:]


def following(housed: Housed, nos: Sequence[str]) -> set[tuple[str, str]]:
    """(person, resource) of what follows from units."""
    grants = [(no, grant) for no in nos for grant in housed.grants(housed.person(no))]
    return {(no, grant.resource) for no, grant in grants if grant.rule in ("office-door", "flat-lock")}


SEATED = ("S0", "S1", "S2")


def test_what_follows_from_a_seat_is_previewed_too(seated: Housed):
    before, doors = held(seated, SEATED), following(seated, SEATED)
    assert doors
    start = seated.rules().index("  - id: office-door")
    end = seated.rules().index("  - id: ", start + 5)
    text = seated.rules()[:start] + seated.rules()[end:]
    with seated.house.store.reading() as tx:
        preview = seated.house.proposals.preview_rules(tx, text).preview
    seated.apply_rules(text)
    seated.look(*map(seated.person, SEATED))
    check(preview, before, held(seated, SEATED))
    assert said(preview)[1] == doors


def test_whoever_may_no_longer_have_a_seat_loses_what_follows_from_it(seated: Housed):
    before = held(seated, SEATED)
    start = seated.rules().index('grant: ["seat:near-department"]')
    first = seated.rules().rindex("  - id: ", 0, start)
    end = seated.rules().index("  - id: ", start)
    text = seated.rules()[:first] + seated.rules()[end:]
    with seated.house.store.reading() as tx:
        preview = seated.house.proposals.preview_rules(tx, text).preview
    seated.apply_rules(text)
    seated.look(*map(seated.person, SEATED))
    check(preview, before, held(seated, SEATED))
    assert {line.target for line in preview.lines if line.resource == "seat:near-department"} == {"seats"}
    assert preview.people_losing == 3


def test_the_door_of_an_office_in_another_zone_is_another_door(seated: Housed):
    before = held(seated, SEATED)
    other = office_in(seated, "archive", "plant")
    with seated.house.store.writing() as tx:
        preview = seated.house.proposals.preview_campus(tx, other, "small.yaml").preview
        seated.house.campuses.apply(tx, other, "small.yaml", BOSS)
    seated.look(*map(seated.person, SEATED))
    check(preview, before, held(seated, SEATED))
    assert preview.people_gaining == preview.people_losing == 3
