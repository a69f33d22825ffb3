"""What a gateway keeps of its work: it outlives torn files, full disks, clocks that are put back, and days without a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import kept_outbox, kept_work
from connectors.contract import SETTLING, Done, Fingerprint, Later, Refused
from connectors.desk import Claim, Found, Report
from connectors.kept_file import PAGES_MAX, ReservedFile, WorkUnusable
from connectors.messages import Introducing, Listed, TargetTold, TaskTold, Upto
from connectors.remote import READ_AGAIN_S, ROOM_S, RemoteDesk
from connectors.remote_line import HubAway, NoHub
from devices.clock import SetClock

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
AWAY = NoHub(url="https://hub", why="it lies dead")


async def inline(work: Callable[..., Any], *told: Any) -> Any:
    return work(*told)


class Nobody:
    """A hub that is away."""

    async def missing(self, target: str, epoch: int, found: Any, started: datetime) -> Any:
        raise AWAY

    async def act_begun(self, target: str, epoch: int, act: str) -> bool:
        raise AWAY


class Kept:
    """A gateway's work on a folder, that a test opens and closes."""

    def __init__(self, folder: Path, *, pages_max: int = PAGES_MAX) -> None:
        self.path = folder / "work.sqlite3"
        self.clock = SetClock(NOW)
        self.open(pages_max=pages_max)

    def open(self, *, pages_max: int = PAGES_MAX) -> None:
        self.file = ReservedFile(self.path, kept_work.SCHEMA, self.clock, inline, pages_max=pages_max)
        self.desk = RemoteDesk(self.file, Nobody(), self.clock)

    def pass_by(self, seconds: float) -> None:
        self.clock.put(self.clock.now() + timedelta(seconds=seconds))

    async def claim(self) -> Claim:
        (claim,) = await self.desk.claim(1, urgent_only=False, tasks_max=100)
        return claim

    def owed(self) -> list[str]:
        """What waits for the hub, in order, each by its kind."""
        found: list[str] = []
        while rows := self.file.read(lambda tx: kept_outbox.owed(tx, 1_000)):
            found += [f"{row.kind}:{row.target}" for row in rows]
            asyncio.run(self.file.write(lambda tx, rows=rows: kept_outbox.paid(tx, [row.nth for row in rows])))
        return found


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def task(nth: int, revision: int = 1, body: str | None = "wide", **more: Any) -> TaskTold:
    told: dict[str, Any] = {
        "target": "t", "key": f"card:{nth}", "revision": revision, "body": body, "rank": 1, "grants": ("g",),
        "urgent": False, "first": revision == 1, "due": NOW, "dirty": True, "waits": body is not None,
    }  # fmt: skip
    return TaskTold(**(told | more))


def listed(*tasks: TaskTold, seq: int = 1, era: int = 1, **more: Any) -> Listed:
    target: dict[str, Any] = {
        "id": "t", "kind": "wg", "settings": {"serial": 1}, "upto": Upto(seq=seq, key="", fresh=False), "epoch": 1,
        "term_until": NOW + timedelta(days=3), "fingerprint": None, "read_due": False, "leaving": False,
        "zone": "Asia/Shanghai",
    }  # fmt: skip
    told = {name: more.pop(name) for name in tuple(more) if name in target}
    answer: dict[str, Any] = {
        "hub": "hub", "era": era, "now": NOW, "unsettled": False, "targets": (TargetTold(**(target | told)),),
        "tasks": tasks, "gone": (), "more": False,
    }  # fmt: skip
    return Listed(**(answer | more))


def report(nth: int, outcome: Any, revision: int = 1) -> Report:
    return Report(f"card:{nth}", revision, outcome, seen=False, held=None, at=NOW)


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
        rows = kept.file.read(lambda tx: kept_outbox.owed(tx, 10))

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
    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        assert await kept.desk.act_begun(await kept.claim(), "act-1") is False

    asyncio.run(run())


def test_a_clock_that_is_put_back_lengthens_no_term(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(task(1), task(2, 2, None), term_until=NOW + timedelta(hours=1)))
        kept.pass_by(3_601.0)
        assert [each.key for each in (await kept.claim()).tasks] == ["card:2"]
        kept.clock.put(NOW)
        assert kept.desk.wall() == NOW.timestamp() + 3_601.0

    asyncio.run(run())


def test_a_hub_whose_clock_is_another_moves_nothing(kept: Kept) -> None:
    async def run() -> None:
        ahead = NOW + timedelta(seconds=50)
        told = listed(task(1, due=ahead), term_until=ahead + timedelta(hours=1), now=ahead)
        await kept.desk.take(told)
        assert len((await kept.claim()).tasks) == 1
        ((_, _, term),) = kept.file.read(lambda tx: kept_work.of_kind(tx, "wg"))
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
        assert kept.desk.short
        kept.pass_by(ROOM_S)
        assert await kept.desk.take(listed(seq=8)) is True
        assert kept.desk.asked(10).have == {}

    asyncio.run(run())


def test_messages_leave_in_order_and_outcomes_together(kept: Kept) -> None:
    async def run() -> None:
        await kept.desk.take(listed(*(task(nth) for nth in range(1, 4)), read_due=True))
        claim = await kept.claim()
        await kept.desk.report(claim, [report(nth, Done()) for nth in range(1, 4)], 0)
        await kept.desk.reconciled(claim, [], started=NOW)
        await kept.desk.report(claim, [report(1, Done(), 2)], 0)

    asyncio.run(run())
    first = kept.file.read(lambda tx: kept_outbox.owed(tx, 10))
    assert [row.kind for row in first] == ["report"] * 3
    assert kept.owed() == ["report:t"] * 3 + ["reading:t", "report:t"]


def test_an_introduction_is_read_as_it_was_put(kept: Kept) -> None:
    told = Introducing(target="t", epoch=1, fingerprint=Fingerprint("panel", 3, shows=NOW, off_s=0.5))
    assert Introducing.model_validate_json(told.model_dump_json()) == told
    assert isinstance(AWAY, HubAway)
