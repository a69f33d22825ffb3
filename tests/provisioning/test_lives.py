"""A life is a fold: what each kind of notice does, which stay it means, and that the order of coming changes nothing."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.clock import SetClock
from provisioning.identity.arrivals import Effect
from provisioning.identity.id_number import check_character
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.people import Move, Pause, Standing, StayState
from provisioning.nouns.words import say
from provisioning.store import people
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, HEADERS, Housed, housing
from tests.provisioning.told import Desk, shown

TODAY = date(2026, 3, 2)


@pytest.fixture
def desk(housed: Housed) -> Desk:
    return Desk(housed)


def at(minutes: int) -> datetime:
    return START - timedelta(days=2) + timedelta(minutes=minutes)


def test_an_announcement_begins_a_stay_with_a_card(desk: Desk):
    answer = desk.one(desk.announced("A1", "2026-03-10", card=77, departure="2026-12-31", phone="15400000001"))
    assert (answer.standing, answer.again, answer.says) == (Standing.APPLIED, False, ())
    (stay,) = desk.stays("A1")
    assert (stay.department, stay.arrival, stay.departure) == ("finance", date(2026, 3, 10), date(2026, 12, 31))
    assert stay.opened_by == stay.notice == answer.notice
    private = desk.private("A1")
    assert private is not None and (private.name, private.phone) == ("测试员", "15400000001")
    assert {grant.trace for grant in desk.housed.grants(desk.housed.person("A1"))} == {answer.notice}


def test_once_is_once(desk: Desk):
    event = desk.announced("A1", "2026-03-10")
    first, again = desk.take(event, event)
    assert (again.again, again.notice, again.persons) == (True, first.notice, ())
    other = desk.one({**event, "data": {**event["data"], "post": "处长"}})
    assert other.refusal is not None and other.refusal.code() == "notice-differs"
    other = desk.one({**event, "data": {**event["data"], "name": "另一人"}})
    assert other.refusal is not None and other.refusal.code() == "notice-differs"
    assert len(desk.notices("A1")) == 1


def test_moves_come_with_their_day_and_corrections_reach_back(desk: Desk):
    desk.take(
        desk.announced("A1", "2026-03-01"),
        desk.event("moved", "A1", day="2026-04-01", department="justice"),
        desk.event("moved", "A1", day="2026-05-01", area="south"),
        desk.event("corrected", "A1", post="处长", department="planning"),
    )
    (stay,) = desk.stays("A1")
    assert (stay.department, stay.post) == ("planning", "处长")
    assert stay.moves == (
        Move(date(2026, 4, 1), "justice", "处长", "公务员", "north"),
        Move(date(2026, 5, 1), "justice", "处长", "公务员", "south"),
    )
    assert stay.on(date(2026, 4, 30)).department == "justice"


def test_dates_change_and_a_suspension_ends(desk: Desk):
    desk.take(
        desk.announced("A1", "2026-03-10", departure="2026-06-30"),
        desk.event("date-changed", "A1", arrival="2026-03-20"),
        desk.event("arrived", "A1", day="2026-03-21"),
        desk.event("suspended", "A1", day="2026-04-01", until="2026-04-10"),
        desk.event("suspended", "A1", day="2026-05-01"),
        desk.event("resumed", "A1", day="2026-05-08"),
        desk.event("extended", "A1", departure="2026-09-30"),
    )
    (stay,) = desk.stays("A1")
    assert (stay.arrival, stay.departure, stay.arrived) == (date(2026, 3, 20), date(2026, 9, 30), date(2026, 3, 21))
    assert stay.pauses == (
        Pause(date(2026, 4, 1), date(2026, 4, 11)),
        Pause(date(2026, 5, 1), date(2026, 5, 8)),
    )
    desk.take(desk.event("extended", "A1", departure=None), desk.event("left", "A1", day="2026-10-15"))
    assert desk.stays("A1")[0].departure == date(2026, 10, 15)


def test_a_stay_that_never_comes_and_one_that_ends_today(desk: Desk):
    desk.take(desk.announced("A1", "2026-03-10"), desk.event("cancelled", "A1"))
    assert desk.stays("A1") == ()
    assert desk.grants("A1") == {}
    desk.take(desk.announced("A2", "2026-02-10"), desk.event("cancelled", "A2"))
    (stay,) = desk.stays("A2")
    assert (stay.state, stay.departure) == (StayState.OPEN, TODAY)
    waits = desk.one(desk.event("extended", "A1", departure="2026-12-31"))
    assert waits.standing is Standing.WAITING
    assert "was cancelled" in said(waits)
    desk.take(desk.announced("A1", "2026-03-10"))
    assert len(desk.stays("A1")) == 1


def said(answer: Any) -> str:
    return " ".join(say(one.template, "en", dict(one.fields)) for one in answer.says)


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("moved", {"day": "2026-03-05", "area": "south"}, "Nothing that was told before"),
        ("left", {"day": "2026-03-05"}, "Nothing that was told before"),
        ("corrected", {"name": "他人"}, "Nothing that was told before"),
    ],
)
def test_of_nobody_announced_a_notice_waits_and_is_not_lost(desk: Desk, kind: str, data: dict, says: str):
    answer = desk.one(desk.event(kind, "A9", at(10), **data))
    assert answer.standing is Standing.WAITING
    assert says in said(answer)
    assert desk.persons() == ["A9"]
    private = desk.private("A9")
    assert private is not None and private.name == ""
    desk.take(desk.announced("A9", "2026-03-01", at(5)))
    assert [one.standing for one in desk.notices("A9")] == [Standing.APPLIED, Standing.APPLIED]


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("left", {"day": "2026-03-05"}, "had begun by 2026-03-05"),
        ("left", {"day": "2026-03-05", "arrival": "2026-03-10"}, "before it begins"),
        ("moved", {"day": "2026-03-12", "area": "south", "arrival": "2026-01-01"}, "begins on 2026-01-01"),
        ("resumed", {"day": "2026-03-12"}, "not suspended on 2026-03-12"),
        ("date-changed", {"departure": "2026-03-01"}, "before it begins"),
    ],
)
def test_what_fits_no_stay_waits_with_its_reason(desk: Desk, kind: str, data: dict, says: str):
    desk.take(desk.announced("A1", "2026-03-10"))
    before = desk.stays("A1")
    answer = desk.one(desk.event(kind, "A1", **data))
    assert answer.standing is Standing.WAITING
    assert says in said(answer)
    assert desk.stays("A1") == before


def test_the_old_stay_s_clean_up_never_touches_a_rehire(desk: Desk):
    desk.take(
        desk.announced("A1", "2026-01-05", at(0), departure="2026-01-31", card=5),
        desk.announced("A1", "2026-02-20", at(1)),
    )
    old, new = desk.stays("A1")
    grants = desk.grants("A1")[new.id]
    assert grants
    desk.take(
        desk.event("left", "A1", day="2026-01-25"),
        desk.event("cancelled", "A1", arrival="2026-01-05"),
        desk.event("suspended", "A1", day="2026-01-10", arrival="2026-01-05"),
        desk.event("moved", "A1", day="2026-01-10", department="justice"),
    )
    after_old, after_new = desk.stays("A1")
    assert after_new == new
    assert (after_old.id, after_old.departure) == (old.id, date(2026, 1, 25))
    assert desk.grants("A1")[new.id] == grants


def test_a_rehire_is_a_new_stay_and_an_overlap_waits_until_the_end_is_told(desk: Desk):
    rehired = desk.announced("A1", "2026-06-01", at(9))
    desk.take(desk.announced("A1", "2026-02-01", at(0)))
    assert desk.one(rehired).standing is Standing.WAITING
    desk.take(desk.event("left", "A1", at(5), day="2026-05-31"))
    assert [(stay.arrival, stay.departure) for stay in desk.stays("A1")] == [
        (date(2026, 2, 1), date(2026, 5, 31)),
        (date(2026, 6, 1), None),
    ]
    assert {one.standing for one in desk.notices("A1")} == {Standing.APPLIED}


def test_a_late_word_before_an_announcement_takes_back_what_stood_on_it(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-10", at(9)))
    (stay,) = desk.stays("A1")
    desk.take(desk.announced("A1", "2026-02-01", at(1)))
    assert [one.arrival for one in desk.stays("A1")] == [date(2026, 2, 1)]
    desk.take(desk.event("left", "A1", at(5), day="2026-02-09"))
    first, second = desk.stays("A1")
    assert (first.departure, second.arrival, second.id) == (date(2026, 2, 9), date(2026, 2, 10), stay.id)


def test_what_a_source_says_of_one_stands_in_its_sequence(desk: Desk):
    first = desk.announced("A1", "2026-03-10", at(9)) | {"sequence": "1"}
    second = desk.event("moved", "A1", at(3), day="2026-04-01", area="south") | {"sequence": "2"}
    third = desk.event("moved", "A1", at(4), day="2026-04-01", area="north") | {"sequence": "3"}
    desk.take(third, second, first)
    assert {one.standing for one in desk.notices("A1")} == {Standing.APPLIED}
    assert desk.stays("A1")[0].moves == ()


def test_revoked_stays_revoked_whatever_is_told_of_it(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01", at(0), card=5))
    person = desk.housed.person("A1")
    desk.housed.revoke(person)
    before = desk.stays("A1")
    desk.housed.later(minutes=1)
    told = desk.take(
        desk.event("moved", "A1", day="2026-03-05", area="south"),
        desk.event("extended", "A1", departure="2027-01-01"),
        desk.event("date-changed", "A1", at(5), arrival="2026-03-20"),
        desk.event("left", "A1", day="2026-02-25"),
    )
    assert desk.stays("A1") == before
    assert all(
        "was revoked on 2026-03-02 and stays so" in said(one) for one in told if one.standing is Standing.APPLIED
    )
    assert desk.grants("A1") == {}
    refused = desk.one(desk.announced("A1", "2026-03-02"))
    assert (refused.standing, "nothing of it opens again" in said(refused)) == (Standing.WAITING, True)
    back = desk.one(desk.announced("A1", "2026-03-05"))
    assert "begins a new one" in said(back)
    old, new = desk.stays("A1")
    assert (old, new.state, new.arrival) == (before[0], StayState.OPEN, date(2026, 3, 5))
    desk.take(desk.event("cancelled", "A1", arrival="2026-02-01"), desk.event("left", "A1", day="2026-02-20"))
    assert desk.stays("A1") == (old, new)


def test_what_was_told_before_a_revocation_and_comes_after_it_opens_nothing_there(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-20", at(9)))
    desk.housed.revoke(desk.housed.person("A1"))
    desk.housed.later(minutes=1)
    late = desk.one(desk.announced("A1", "2026-02-01", at(1)))
    assert late.standing is Standing.WAITING
    assert [stay.state for stay in desk.stays("A1")] == [StayState.REVOKED]
    assert desk.grants("A1") == {}
    # A stay that is over before the revoked one began takes nobody in again.
    early = desk.one(desk.announced("A1", "2026-01-01", at(0), departure="2026-01-31"))
    assert early.standing is Standing.APPLIED


def test_two_numbers_of_one_person_become_one(desk: Desk):
    desk.take(
        desk.announced("A1", "2026-02-01", at(0), card=5, departure="2026-02-20"),
        desk.announced("A2", "2026-03-01", at(1), card=6, phone="15400000002"),
        desk.event("moved", "A2", at(2), day="2026-03-09", area="south"),
    )
    old, new = desk.housed.person("A1"), desk.housed.person("A2")
    answer = desk.one(desk.event("merged", "A1", at(3), into="A2"))
    assert answer.standing is Standing.APPLIED
    assert desk.persons() == ["A2"]
    assert desk.housed.person("A1").id == new.id
    assert [stay.person for stay in desk.stays("A1")] == [new.id, new.id]
    with desk.housed.house.store.reading() as tx:
        assert people.persons(tx, [old.id])[old.id].merged_into == new.id
        assert {card.number for card in desk.housed.house.cards.of(tx, new.id)} == {5, 6}
    assert {row.holder for row in desk.housed.records(desk.housed.person("A2")).values()} == {new.id}
    assert desk.housed.records(old) == {}
    told = desk.housed.story("person.merged")
    assert (told[0]["person"], told[0]["data"]["merged"], "A1" in str(told)) == (new.id, old.id, False)
    # What is told of the old number is of who they are now.
    desk.take(desk.event("left", "A1", at(4), day="2026-02-15"))
    assert [stay.departure for stay in desk.stays("A2")] == [date(2026, 2, 15), None]
    desk.take(desk.event("merged", "A2", at(5), into="A1"))
    assert desk.persons() == ["A2"]


def test_a_corrected_name_lets_the_announcement_in_that_bore_it(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01", at(0), departure="2026-02-20"))
    renamed = desk.one(desk.announced("A1", "2026-04-01", at(9), name="新名字"))
    assert (renamed.standing, "with another name" in said(renamed)) == (Standing.WAITING, True)
    desk.take(desk.event("corrected", "A1", at(5), name="新名字"))
    private = desk.private("A1")
    assert private is not None and private.name == "新名字"
    assert len(desk.stays("A1")) == 2


def story_of_one() -> list[tuple[str, dict[str, Any]]]:
    """A short life with an error in it, a suspension and a return."""
    return [
        ("announced", {"arrival": "2026-02-01"}),
        ("moved", {"day": "2026-02-10", "area": "south"}),
        ("suspended", {"day": "2026-02-12"}),
        ("resumed", {"day": "2026-02-14"}),
        ("left", {"day": "2026-02-20"}),
        ("announced", {"arrival": "2026-03-15", "area": "south"}),
    ]


def test_every_order_of_coming_gives_one_life(tmp_path: Path):
    seen: list[list[tuple]] = []
    with housing(tmp_path / "hub", SetClock(START)) as housed:
        desk = Desk(housed)
        for nth, order in enumerate(itertools.permutations(range(6))):
            if nth % 5:
                continue  # every fifth of the 720 orders: each place holds each notice many times over
            no = f"P{nth}"
            events = [
                desk.announced(no, data.pop("arrival"), at(place), **data)
                if kind == "announced"
                else desk.event(kind, no, at(place), **data)
                for place, (kind, data) in enumerate(story_of_one())
            ]
            housed.later(hours=6)  # else so many who lose days within one day would wait for a second person
            with housed.house.store.writing() as tx:
                for place in order:
                    housed.house.notices.take(tx, desk.sender, [events[place]])
            seen.append(shown(desk.stays(no)))
            assert {one.standing for one in desk.notices(no)} == {Standing.APPLIED}
    assert len(seen) == 144
    assert all(life == seen[0] for life in seen)
    assert [(life[0], life[1]) for life in seen[0]] == [
        (date(2026, 2, 1), date(2026, 2, 20)),
        (date(2026, 3, 15), date.max),
    ]


def numbered(nth: int) -> str:
    body = f"13999919900307{nth:03d}"
    return body + check_character(body)


def test_an_identity_of_another_number_waits_until_both_are_said_to_be_one(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01", at(0), departure="2026-02-20", id_number=numbered(1)))
    other = desk.one(desk.announced("A2", "2026-03-05", at(1), id_number=numbered(1), name="测试员二"))
    assert (other.standing, "under staff number A1" in said(other)) == (Standing.WAITING, True)
    assert desk.stays("A2") == ()
    desk.take(desk.event("merged", "A1", at(2), into="A2"))
    assert [stay.arrival for stay in desk.stays("A2")] == [date(2026, 2, 1), date(2026, 3, 5)]
    private = desk.private("A1")
    assert private is not None and (private.name, private.id_number) == ("测试员二", numbered(1))
    assert {one.standing for one in desk.notices("A2")} == {Standing.APPLIED}


def test_a_merger_may_come_before_all_that_it_merges(desk: Desk):
    desk.take(
        desk.event("merged", "A1", at(2), into="A2"),
        desk.announced("A1", "2026-02-01", at(0), departure="2026-02-20"),
        desk.announced("A2", "2026-03-05", at(1)),
    )
    assert [stay.arrival for stay in desk.stays("A2")] == [date(2026, 2, 1), date(2026, 3, 5)]
    assert desk.persons() == ["A2"]


def test_a_list_that_names_both_numbers_of_one_person_takes_the_first(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01", at(0)), desk.event("merged", "A1", at(2), into="A2"))
    rows = [
        f"测试员,{no},财政局,科员,公务员,2026-02-01,{end},,北办公区" for no, end in (("A1", "2026-08-01"), ("A2", ""))
    ]
    sheet = "\n".join([HEADERS, *rows]).encode()
    with desk.housed.house.store.writing() as tx:
        report = desk.housed.house.intake.take(tx, read_sheet(sheet, "two.csv"), BOSS)
    assert [line.effect for line in report.lines] == [Effect.CHANGED, Effect.REFUSED]
    assert "was merged with A1" in report.lines[1].sentences("en")[0]
    (stay,) = desk.stays("A2")
    assert stay.departure == date(2026, 8, 1)


def test_a_row_of_a_sheet_and_a_notice_tell_one_story(desk: Desk):
    person = desk.housed.come("A1", 5, arrival="2026-02-01")
    desk.housed.later(minutes=1)
    desk.take(desk.event("moved", "A1", day="2026-03-09", area="south"), desk.event("left", "A1", day="2026-06-30"))
    (stay,) = desk.stays("A1")
    assert (stay.on(date(2026, 3, 9)).area, stay.departure) == ("south", date(2026, 6, 30))
    # A row speaks of what holds on its day: the area that is still to come stays as it was told.
    desk.housed.later(minutes=1)
    desk.housed.come("A1", arrival="2026-02-01", departure="2026-07-31", department="司法局")
    (again,) = desk.stays("A1")
    assert (again.id, again.department, again.departure) == (stay.id, "justice", date(2026, 7, 31))
    assert again.moves == (Move(date(2026, 3, 9), "justice", "科员", "公务员", "south"),)
    assert desk.housed.person("A1").id == person.id


def test_a_card_in_another_s_hands_keeps_an_announcement_waiting(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01", at(0), card=5))
    waits = desk.one(desk.announced("A2", "2026-02-01", at(1), card=5))
    assert (waits.standing, "in the hands of staff number A1" in said(waits)) == (Standing.WAITING, True)
    with desk.housed.house.store.writing() as tx:
        desk.housed.house.cards.replace(tx, 5, 6, BOSS)
    desk.housed.look(desk.housed.person("A1"))
    desk.housed.hand.work()
    desk.take(desk.event("arrived", "A2", at(2), day="2026-02-01"))
    assert {one.standing for one in desk.notices("A2")} == {Standing.APPLIED}
    with desk.housed.house.store.reading() as tx:
        assert [card.number for card in desk.housed.house.cards.of(tx, desk.housed.person("A2").id)] == [5]


def test_the_story_tells_of_each_notice_and_of_nothing_personal(desk: Desk):
    waiting = desk.one(desk.event("moved", "A1", at(3), day="2026-04-01", area="south"))
    taken = desk.one(desk.announced("A1", "2026-02-01", at(1)))
    assert [each["trace"] for each in desk.housed.story("notice.waiting")] == [waiting.notice]
    assert [each["trace"] for each in desk.housed.story("notice.taken")] == [taken.notice]
    (begun,) = desk.housed.story("stay.announced")
    assert (begun["trace"], begun["data"]["moves"]) == (
        taken.notice,
        [["2026-04-01", "finance", "科员", "公务员", "south"]],
    )
    assert "测试员" not in str(desk.housed.story())
