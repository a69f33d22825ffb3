"""Each way of taking something away, done after a backup, and the backup put back: it stays taken, whatever HR says next
of something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from connectors.contract import Json
from devices.clock import SetClock
from provisioning.grants.replay import REPLAY
from provisioning.identity.arrivals import Effect, Letter
from provisioning.identity.persons import Taking
from provisioning.nouns.people import NoticeKind, Stay
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, card, era_of, seal, verdict, watch, work_through

Deed = Callable[[Housed], None]
E1 = card(1001)


@pytest.fixture
def life(tmp_path: Path, clock: SetClock) -> Life:
    return Life(tmp_path / "hub", clock)


def put_back(life: Life, *deeds: Deed) -> None:
    """E1 and E2 proved on every panel, a backup, these deeds, and the backup put back."""
    with life.house() as housed:
        for nth in (1, 2):
            housed.come(f"E{nth}", 1000 + nth)
        work_through(housed, 2)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        housed.later(minutes=5)
        for deed in deeds:
            deed(housed)
            housed.later(minutes=1)
        work_through(housed, 2)
    life.restore(path)


def write(kind: NoticeKind, nth: int = 1, told: dict[str, Json] | None = None, day: date | None = None) -> Deed:
    """A notice of HR about E1."""

    def deed(housed: Housed) -> None:
        house = housed.house
        now = housed.clock.now()
        letter = Letter(f"n-{kind}-{nth}", kind, "E1", "urn:hr", nth, now, day, {"no": "E1"} | (told or {}), None)
        with house.store.writing() as tx:
            zone = house.campuses.current(tx).zone
            plan = house.persons.plan_letter(tx, letter, zone)
            assert plan.effect in (Effect.NEW, Effect.CHANGED), plan.refusal
            house.persons.carry_out_all(tx, [Taking(letter, plan)], None, BOSS)
        housed.look(housed.person("E1"))

    return deed


def stay_of(housed: Housed) -> Stay:
    with housed.house.store.reading() as tx:
        (stay,) = housed.house.persons.stays(tx, housed.person("E1").id)
    return stay


def settled(housed: Housed) -> None:
    era = era_of(housed)
    assert era is not None
    assert era.whole, era.differences
    assert era.settled is not None, era.differences


def again(housed: Housed) -> set[tuple[str | None, str]]:
    era = era_of(housed)
    assert era is not None
    return {(each["no"], each["kind"]) for each in era.differences["again"]}


TAKING = {
    "cancelled": (write(NoticeKind.CANCELLED),),
    "left": (write(NoticeKind.LEFT, day=date(2026, 3, 2)),),
    "suspended": (write(NoticeKind.SUSPENDED, day=date(2026, 3, 2)),),
    "date changed": (write(NoticeKind.REDATED, told={"arrival": "2026-03-20"}),),
    "left and extended": (
        write(NoticeKind.LEFT, 1, day=date(2026, 3, 2)),
        write(NoticeKind.EXTENDED, 2, {"departure": "2026-12-31"}),
    ),
}


@pytest.mark.parametrize("way", sorted(TAKING))
def test_what_hr_took_stays_taken_whatever_hr_says_next(life: Life, way: str):
    put_back(life, *TAKING[way])
    before = {target: dict(held) for target, held in life.panels.items()}
    with life.house() as housed:
        settled(housed)
        work_through(housed)
        no_more(housed, before)
        stay = stay_of(housed)
        write(NoticeKind.CORRECTED, 9, {"post": "主任科员"})(housed)
        work_through(housed)
        no_more(housed, before)
        after = stay_of(housed)
        told = [(one.state, one.arrival, one.departure, one.pauses) for one in (stay, after)]
        assert told[0] == told[1], "a later notice is understood with those that were replayed"
        assert life.panels["a-1"][card(1002)] == housed.hand.memory["a-1"][card(1002)]


def no_more(housed: Housed, before: dict[str, dict[str, str]]) -> None:
    """Nothing was ever to be written for E1 that the panel did not hold just before the restore."""
    written = [(target, task) for target, task in watch(housed).handed if task.key == E1 and task.body is not None]
    assert all(before[target].get(E1) == task.body for target, task in written), written
    for target, held in housed.hand.memory.items():
        assert held.get(E1) == before.get(target, {}).get(E1), target


def test_what_was_extended_after_it_was_shortened_is_to_be_sent_again(life: Life):
    """The image tells how the stay stood last; an extension past what the backup says is no replay's to give."""
    with life.house() as housed:
        housed.come("E1", 1001, departure="2026-06-30")
        path = back_up(housed, life.folder.with_name("hub.tar"))
        write(NoticeKind.EXTENDED, told={"departure": "2026-12-31"})(housed)
    life.restore(path)
    with life.house() as housed:
        settled(housed)
        assert stay_of(housed).departure == date(2026, 6, 30)
        assert again(housed) == {("E1", "extension"), ("E1", "notice")}
        write(NoticeKind.EXTENDED, told={"departure": "2026-12-31"})(housed)
        assert stay_of(housed).departure == date(2026, 12, 31), "the very same notice, sent again"


def test_who_moved_has_what_the_new_place_gives_and_no_more(life: Life):
    had: set[tuple[object, ...]] = set()

    def moved(housed: Housed) -> None:
        before = windows(housed)
        write(NoticeKind.MOVED, told={"department": "justice", "area": "south"}, day=date(2026, 3, 2))(housed)
        had.update(windows(housed))
        assert before - had, "the move took something away"

    put_back(life, moved)
    before = {target: dict(held) for target, held in life.panels.items()}
    with life.house() as housed:
        settled(housed)
        assert windows(housed) == had
        work_through(housed)
        no_more(housed, before)


def windows(housed: Housed) -> set[tuple[object, ...]]:
    return {(grant.resource, grant.opens, grant.closes) for grant in housed.grants(housed.person("E1"))}


def test_rules_that_took_away_are_in_force_again(life: Life):
    def narrower(housed: Housed) -> None:
        head, *rules = housed.rules().split("- id: ")
        kept = [each for each in rules if not each.startswith("meeting")]
        assert len(kept) < len(rules)
        housed.apply_rules("- id: ".join([head, *kept]))

    put_back(life, narrower)
    with life.house() as housed:
        settled(housed)
        assert "- id: meeting" not in housed.rules()


def test_operators_who_ended_stay_ended_and_new_ones_are_listed(life: Life):
    with life.house() as housed:
        with housed.house.store.writing() as tx:
            leaving = housed.house.operators.add(tx, "leaving", ["hr"], BOSS)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        with housed.house.store.writing() as tx:
            housed.house.operators.end(tx, "leaving", BOSS)
            housed.house.operators.add(tx, "coming", ["hr"], BOSS)
    life.restore(path)
    with life.house() as housed:
        settled(housed)
        assert again(housed) == {(None, "operator")}
        with housed.house.store.reading() as tx:
            known = {one.name: one for one in housed.house.operators.all(tx)}
            assert "coming" not in known
            assert known["leaving"].ended is not None
        assert leaving


def test_a_card_that_was_replaced_opens_nothing_and_the_new_one_is_listed(life: Life):
    def replaced(housed: Housed) -> None:
        with housed.house.store.writing() as tx:
            housed.house.cards.replace(tx, 1001, 1009, BOSS)
        housed.look(housed.person("E1"))

    put_back(life, replaced)
    with life.house() as housed:
        settled(housed)
        work_through(housed)
        assert not {E1, card(1009)} & watch(housed).written
        assert again(housed) == {("E1", "card")}


def test_what_an_operator_gave_and_ended_stays_ended(life: Life):
    given: list[str] = []
    with life.house() as housed:
        person = housed.come("E1", 1001)
        ends = datetime(2026, 3, 3, 18, 0)
        with housed.house.store.writing() as tx:
            one = housed.house.giving.give(tx, person, "zone:plant", None, ends, "a visit", BOSS)
        given.append(one.id)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        with housed.house.store.writing() as tx:
            housed.house.giving.end(tx, one.id, BOSS, "over")
    life.restore(path)
    with life.house() as housed:
        settled(housed)
        housed.look(housed.person("E1"))
        assert given[0] not in {grant.id for grant in housed.grants(housed.person("E1"))}


def test_a_record_that_comes_back_against_the_tail_keeps_the_era_open(life: Life):
    """Whatever no row shows as taken away, the outcome does: here a card's row that the tail was made to lack."""

    def lost(housed: Housed) -> None:
        with housed.house.store.writing() as tx:
            housed.house.cards.lost(tx, 1001, BOSS)
        housed.look(housed.person("E1"))

    put_back(life, lost)
    for path in life.settings.tail_folder.iterdir():
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if '"row":"credential"' not in line), "utf-8")
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert era.whole
        assert era.settled is None
        assert any("was taken away after the backup" in str(each) for each in era.differences["why"])
        work_through(housed)
        assert E1 not in watch(housed).written
        assert E1 not in housed.hand.memory["a-1"]


def test_the_story_has_no_gap_and_says_who_replayed(life: Life):
    put_back(life, write(NoticeKind.CANCELLED))
    with life.house() as housed:
        seal(housed)
        assert verdict(housed).ok
        ids = [each["id"] for each in housed.story()]
        assert ids == list(range(1, len(ids) + 1))
        (told,) = housed.story("era.replayed")
        assert told["actor"] == REPLAY.name
        assert told["data"]["done"]["stays"] == 1
        assert stay_of(housed).departure == date(2026, 3, 2), "a stay that had begun ends on the day it is cancelled"
