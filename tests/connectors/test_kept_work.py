"""What a gateway keeps of its work: it outlives torn files, full disks, clocks that are put back, and days without a hub."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import kept_merge, kept_outbox, kept_work
from connectors.contract import SETTLING, Done, Fingerprint, Later, Refused
from connectors.desk import Found
from connectors.kept_file import WorkUnusable
from connectors.messages import Introducing, Reach, Reading
from connectors.remote import READ_AGAIN_S, ROOM_S
from connectors.remote_line import HubAway
from connectors.rota import REMEMBERED_S_MAX
from tests.connectors.kept_desk import AWAY, NOW, Kept, listed, report, task


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_what_is_to_go_goes_first_and_what_is_urgent_before_it(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(
            listed(task(1), task(2, 2, None), task(3, urgent=True), task(4, 2, None, urgent=True), task(5, rank=0))
        )
        claim = await kept.claim()
        assert [each.key for each in claim.tasks] == ["card:4", "card:3", "card:2", "card:5", "card:1"]
        assert kept.desk.hastened("t") is False, "its tasks were taken since"
        await kept.desk.take(listed(task(6, urgent=True), seq=2))
        assert kept.desk.hastened("t") is True
        assert [each.key for each in await kept.desk.differences(claim, 10, urgent_only=True)] == [
            "card:4",
            "card:3",
            "card:6",
        ]

    asyncio.run(run())


def test_each_outcome_has_its_wait(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(*(task(nth) for nth in range(1, 5))))
        claim = await kept.claim()
        outcomes = [Done(), Later(5.0, "busy"), Later(3.0, SETTLING), Refused("full")]
        left = await kept.desk.report(claim, [report(nth, one) for nth, one in enumerate(outcomes, 1)], 10)
        assert left == []
        seen: dict[str, float] = {}
        for second in range(1, 1_000):
            kept.pass_by(1.0)
            wall = kept.desk.wall()
            due = kept.file.read(lambda tx, wall=wall: kept_work.differences(tx, "t", wall, 10, urgent_only=False))
            for each in due:
                seen.setdefault(each.key, second)
        assert seen == {"card:3": 3, "card:2": 5, "card:4": 900}

    asyncio.run(run())


def test_what_was_tried_in_vain_is_due_when_something_there_answers_again(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        assert await kept.desk.report(claim, [report(1, Later(800.0, "the reader is away"))], 10) == []
        await kept.desk.back("t")
        assert [each.key for each in await kept.desk.differences(claim, 10)] == ["card:1"]

    asyncio.run(run())


def test_an_outcome_of_another_revision_clears_nothing(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        await kept.desk.take(listed(task(1, 2, None), seq=2))
        (left,) = list(await kept.desk.report(claim, [report(1, Done())], 10) or ())
        assert (left.revision, left.body) == (2, None)

    asyncio.run(run())


def test_what_is_done_is_not_done_again_by_older_news(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        await kept.desk.report(claim, [report(1, Done())], 0)
        await kept.desk.take(listed(task(1), seq=2))
        assert await kept.desk.differences(claim, 10) == []
        rows = kept.next_owed()

        def paid(tx: Any) -> None:
            kept_outbox.paid(tx, [row.nth for row in rows])
            kept_work.taken(tx, "t", [("card:1", 1)])

        await kept.file.write(paid)
        await kept.desk.take(listed(task(1), seq=3))
        assert len(await kept.desk.differences(claim, 10)) == 1, "who tells it after that means it"

    asyncio.run(run())


def test_a_new_era_forgets_what_named_revisions(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        await kept.desk.report(claim, [report(1, Done())], 0)
        await kept.desk.acted("act-1", Done())
        await kept.desk.take(listed(era=2))

    asyncio.run(run())
    assert kept.owed() == ["acted:"]


def test_days_without_a_hub_fill_no_outbox(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1), read_due=True))
        for _ in range(50):
            claim = await kept.claim()
            await kept.desk.introduce(claim, Fingerprint("panel", 7))
            await kept.desk.report(claim, [report(1, Refused("full"))], 0)
            await kept.desk.reconciled(claim, [Found("card:9", "x")], started=NOW)
            await kept.desk.release(claim, unreachable="no answer")
            kept.pass_by(1_000.0)

    asyncio.run(run())
    assert sorted(kept.owed()) == ["introduce:t", "reach:t", "reading:t", "report:t"]


def test_another_device_waits_for_the_hub(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.remote.ANSWER_S_MAX", 0.05)

    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        assert await kept.desk.introduce(claim, Fingerprint("panel", 7)) is False
        assert await kept.desk.introduce(claim, Fingerprint("panel", 8)) is False
        with pytest.raises(Exception, match="Another device"):
            await kept.desk.introduce(claim, Fingerprint("other", 9))

    asyncio.run(run())
    assert kept.owed()[-1] == "introduce:t"


def test_a_reading_that_only_the_hub_can_judge_waits_for_it(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(read_due=True))
        claim = await kept.claim()
        assert claim.reconcile
        with pytest.raises(Exception, match="t"):
            await kept.desk.missing(claim, [], started=NOW)
        assert await kept.desk.claim(1, urgent_only=False) == []
        kept.pass_by(READ_AGAIN_S)
        assert (await kept.claim()).reconcile

    asyncio.run(run())


def test_an_act_never_leaves_without_the_hub(kept: Kept) -> None:
    asyncio.run(kept.desk.take(listed(task(1))))
    claim = asyncio.run(kept.claim())
    assert not asyncio.run(kept.desk.act_begun(claim, "act-1"))
    kept.hub.away = False
    assert not asyncio.run(kept.desk.act_begun(claim, "act-1")), "the hub is to be told first that it was not sent"
    assert kept.owed() == ["acted:"]
    assert asyncio.run(kept.desk.act_begun(claim, "act-1")), "whether it may go after all, the hub says"


def test_a_target_that_went_this_moment_takes_no_other_with_it(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        await kept.desk.take(listed(task(1, target="zz"), id="zz"))
        for claim in await kept.desk.claim(10, urgent_only=False):
            await kept.desk.release(claim)
        # What is on the file changes before the rota is told of it.
        await kept.file.write(lambda tx: kept_work.let_go(tx, "zz"))
        assert [claim.target for claim in await kept.desk.claim(10, urgent_only=False)] == ["t"]

    asyncio.run(run())


def test_a_hub_whose_clock_is_another_moves_nothing(kept: Kept) -> None:
    async def run() -> None:
        ahead = NOW + timedelta(seconds=50)
        told = listed(task(1, due=ahead), term_until=ahead + timedelta(hours=1), now=ahead)
        await kept.desk.take(told)
        assert len((await kept.claim()).tasks) == 1
        ((_, _, _, term),) = kept.file.read(lambda tx: kept_work.of_kind(tx, "wg"))
        assert term == NOW.timestamp() + 3_600.0

    asyncio.run(run())


def test_a_torn_file_is_set_aside_and_all_is_told_anew(kept: Kept) -> None:
    asyncio.run(kept.desk.take(listed(task(1))))
    kept.file.close()
    kept.path.write_bytes(b"torn" * 4_096)
    kept.path.with_name(f"{kept.path.name}-wal").unlink(missing_ok=True)
    kept.open()
    assert kept.desk.asked(10).have == {}
    assert list(kept.path.parent.glob("*.torn-*"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "work.sqlite3").mkdir()
    with pytest.raises(WorkUnusable, match="own the folder"):
        Kept(tmp_path)


def test_on_a_full_disk_it_takes_away_and_later_asks_for_the_rest(tmp_path: Path) -> None:
    kept = Kept(tmp_path, pages_max=40)
    bodies = [task(nth, body="x" * 400) for nth in range(1_000)]
    going = [task(nth, 2, None) for nth in range(2_000, 2_005)]
    answer = listed(*bodies, *going, seq=7)

    async def run() -> None:
        assert await kept.desk.take(answer) is False
        assert kept.desk.short
        assert {each.key for each in (await kept.claim()).tasks} == {each.key for each in going}
        assert kept.desk.asked(10).have["t"].seq == 7, "what more there is to take away is asked for"
        kept.file.close()
        kept.open()
        assert kept.desk.asked(10).have == {}, "and all else again, once there is room"
        await kept.desk.take(answer)
        assert not kept.desk.short
        assert kept.desk.asked(10).have["t"].seq == 7

    asyncio.run(run())


def test_when_there_is_room_again_the_rest_is_asked_for_at_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path, pages_max=40)
    bodies = [task(nth, body="x" * 400) for nth in range(1_000)]

    async def run() -> None:
        await kept.desk.take(listed(*bodies, seq=7))
        await kept.desk.take(listed(id="u"))
        await kept.desk.take(listed(seq=7, gone=("u",)))
        assert kept.desk.short
        assert set(kept.desk.asked(10).have) == {"t"}, "of what is another's by now nothing is asked"
        kept.pass_by(ROOM_S)
        assert await kept.desk.take(listed(seq=8)) is True
        assert kept.desk.asked(10).have == {}

    asyncio.run(run())


def test_of_one_target_messages_leave_in_order_and_outcomes_together(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(*(task(nth) for nth in range(1, 4)), read_due=True))
        claim = await kept.claim()
        await kept.desk.report(claim, [report(nth, Done()) for nth in range(1, 4)], 0)
        await kept.desk.reconciled(claim, [], started=NOW)
        await kept.desk.report(claim, [report(1, Done(), 2)], 0)

    asyncio.run(run())
    assert [row.kind for row in kept.next_owed()] == ["report"] * 3
    assert kept.owed() == ["report:t"] * 3 + ["reading:t", "report:t"]


def test_outcomes_wait_for_nothing_that_is_said_of_another_target(kept: Kept) -> None:
    def put(tx: Any) -> None:
        for nth in range(20):
            kept_outbox.put(tx, kept_outbox.REACH, f"o{nth}", 1, Reach(target=f"o{nth}", epoch=1))
            kept_outbox.put(tx, kept_outbox.READING, f"o{nth}", 1, Reading(target="o", epoch=1, started=NOW, found=()))
        kept_outbox.put_reports(tx, "o1", 1, [report(1, Done())])
        kept_outbox.put_reports(tx, "t", 1, [report(1, Done())])

    asyncio.run(kept.file.write(put))
    assert [f"{row.kind}:{row.target}" for row in kept.next_owed()] == ["report:t"] + [f"reach:o{n}" for n in range(6)]
    told = kept.owed()
    assert len(told) == 42
    of_one = [each for each in told if each.endswith(":o1")]
    assert of_one == ["reach:o1", "reading:o1", "report:o1"]


def test_a_list_that_says_nothing_new_writes_nothing(kept: Kept) -> None:
    async def run() -> None:
        told = listed(task(1))
        await kept.desk.take(told)
        nothing = told.model_copy(update={"tasks": ()})
        for now, changed in ((0.0, False), (0.5, False), (2.0, True)):
            merged = await kept.file.write(
                lambda tx, now=now: kept_merge.merge(tx, nothing, kept.clock.now().timestamp() + now)
            )
            assert bool(merged.changed) is changed, "a term that moved is put, and one that only came later is not"

    asyncio.run(run())


def test_who_gave_up_waiting_for_a_write_hides_its_work_for_seconds_only(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        claim = await kept.claim()
        await kept.desk.report(claim, [report(1, Later(100.0, "the panel said no"))], 0)
        await kept.desk.release(claim)
        assert await kept.desk.claim(1, urgent_only=False) == []
        await kept.file.write(lambda tx: kept_work.due_again(tx, "t", kept.desk.wall()))
        assert await kept.desk.claim(1, urgent_only=False) == []
        kept.pass_by(REMEMBERED_S_MAX)
        assert len(await kept.desk.claim(1, urgent_only=False)) == 1

    asyncio.run(run())


def test_what_is_too_large_for_one_turn_is_said_alone(kept: Kept) -> None:
    def put(tx: Any) -> None:
        for nth in range(3):
            kept_outbox.put(tx, kept_outbox.REACH, f"o{nth}", 1, Reach(target="o", epoch=1, parked="x" * 4_000))

    asyncio.run(kept.file.write(put))
    told = []
    for _ in range(2):
        _, others = kept.file.read(lambda tx: kept_outbox.owed(tx, 10, 6, 8_500))
        told.append([each.target for each in others])
        asyncio.run(kept.file.write(lambda tx, others=others: kept_outbox.paid(tx, [each.nth for each in others])))
    assert told == [["o0", "o1"], ["o2"]]


def test_an_introduction_is_read_as_it_was_put(kept: Kept) -> None:
    told = Introducing(target="t", epoch=1, fingerprint=Fingerprint("panel", 3, shows=NOW, off_s=0.5))
    assert Introducing.model_validate_json(told.model_dump_json()) == told
    assert isinstance(AWAY, HubAway)
