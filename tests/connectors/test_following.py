"""Reports on their way to the hub, whatever the line does to them: in order, each once, no hole between them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from connectors import registry
from connectors.contract import Anew, Gap, Heard, Mark, PassageKind
from connectors.following import AHEAD_MAX, Came, Following
from tests.connectors.emulated import WgTarget, wg_target

START = datetime(2027, 3, 2, tzinfo=UTC)


def following(mark: Mark = Mark()) -> Following:  # noqa: B008 - a frozen value
    async def settings() -> dict:
        async with wg_target(74) as target:
            return WgTarget.settings(target)

    return Following("p", registry.build("wg", asyncio.run(settings()), ZoneInfo("Asia/Shanghai")), mark)


FOLLOWING = following()


def fresh(mark: Mark = Mark()) -> Following:  # noqa: B008 - a frozen value
    return Following("p", FOLLOWING.connector, mark)


def heard(index: int, later_s: int = 0) -> Heard:
    at = START + timedelta(seconds=index + later_s)
    return Heard(index, PassageKind.PASSED, "door:1", 7, at, True, "card", True)


def handed_in(one: Following, most: int = 1_000) -> list[int]:
    """What goes to a hub that takes all."""
    told: list[int] = []
    while (batch := one.batch(most)) is not None:
        told += [each.index for each in batch.told if isinstance(each, Heard)]
        last = batch.told[-1]
        assert isinstance(last, Heard)
        assert one.delivered(Mark(last.index, last.at))
    return told


@given(st.permutations(range(1, 13)), st.sets(st.integers(1, 12)), st.lists(st.integers(1, 12)))
def test_whatever_order_they_come_in_they_leave_in_theirs(order, lost, again):
    one = fresh()
    for index in [index for index in order if index not in lost] + [index for index in again if index not in lost]:
        one.hear(heard(index))
    for index in range(1, 14):
        if one.missing:
            assert one.mark.index + 1 in lost
            assert one.take(heard(one.mark.index + 1))
            one.catch_up()
        elif one.mark.index < index < 13:
            assert one.take(heard(index))
    assert handed_in(one, 5) == list(range(1, 13))


def test_what_is_known_already_is_told_from_what_is_not():
    one = fresh()
    assert [one.hear(heard(index)) for index in (1, 2, 3)] == [Came.TAKEN] * 3
    assert [one.hear(heard(index)) for index in (3, 2, 1)] == [Came.KNOWN] * 3
    assert one.hear(heard(2, later_s=60)) is Came.DOUBTED
    assert one.hear(heard(3, later_s=60)) is Came.DOUBTED
    assert one.hear(heard(5)) is Came.AHEAD
    assert (one.missing, one.waiting) == (1, 3)


def test_what_lies_ahead_is_bounded_and_can_be_disbelieved():
    one = fresh()
    for index in range(2, AHEAD_MAX + 100):
        assert one.hear(heard(index)) is Came.AHEAD
    assert one.take(heard(1))
    one.catch_up()
    assert one.mark.index == AHEAD_MAX + 1
    one.hear(heard(9_000))
    one.disbelieve()
    assert one.missing == 0


def test_only_what_follows_is_taken_from_a_memory():
    one = fresh(Mark(5))
    assert not one.take(heard(7))
    assert not one.take(Gap(8, 9))
    assert one.take(Gap(6, 9))
    assert one.take(heard(10))
    assert one.take(Anew())
    assert not one.take(heard(11))
    assert one.take(heard(1))
    batch = one.batch(10)
    assert batch is not None
    assert (batch.after, batch.told) == (Mark(5), (Gap(6, 9), heard(10), Anew(), heard(1)))


def test_what_the_hub_did_not_answer_is_sent_again_and_what_it_did_not_take_is_read_again():
    one = fresh()
    for index in (1, 2, 3):
        one.hear(heard(index))
    first = one.batch(2)
    assert one.batch(2) is None, "one at a time"
    one.undelivered()
    assert one.batch(2) == first
    assert one.delivered(Mark(2, heard(2).at))
    assert one.waiting == 1
    one.batch(2)
    assert not one.delivered(Mark(1, heard(1).at))
    assert (one.mark, one.waiting) == (Mark(1, heard(1).at), 0)
