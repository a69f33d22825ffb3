"""The list on a gateway's own disk: through restarts, tearing, a full disk and strangers; and what doors report once."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import Anew, EdgeError, Gap, Heard, Json, Mark, PassageKind, canonical
from connectors.edge import Edge, Line
from connectors.kept_file import WorkFull
from connectors.kept_list import TRIM_EVERY, After, KeptList
from connectors.reader_keys import KeyExposed, ReaderKeys
from connectors.reserve import Reserve
from devices.clock import SystemClock

LINE = "lines/g-1"
DOOR: Json = {"number": 1, "id": "d", "name": {"zh": "门", "en": "Door"}, "zones": ["z"], "reader": 1}
AT = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
WIDE = ["2027-01-01T00:00:00Z", "2027-12-01T00:00:00Z", None]
NARROW = ["2027-02-01T00:00:00Z", "2027-05-01T00:00:00Z", None]


def listed(path: Path, **bounds: Any) -> KeptList:
    return KeptList(path / "list.sqlite", SystemClock(), secrets.token_bytes, **bounds)


def card(number: int, pin: str | None = None, **doors: list[Any]) -> tuple[str, str]:
    its: dict[str, Any] = {door.removeprefix("d"): [window] for door, window in doors.items()}
    return f"card:{number}", canonical({"doors": its, "number": number, "pin": pin})


def told(number: int = 7, kind: PassageKind = PassageKind.PASSED) -> Heard:
    return Heard(0, kind, "door:1", number, AT + timedelta(seconds=number), True, "card", True)


def on(path: Path, act: Callable[[KeptList], Awaitable[None]], **bounds: Any) -> None:
    async def run() -> None:
        kept = listed(path, **bounds)
        try:
            await act(kept)
        finally:
            kept.close()

    asyncio.run(run())


async def until(reached: Callable[[], object]) -> None:
    for _ in range(1_000):
        if reached():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def test_what_was_put_is_there_after_a_restart_in_memory_and_on_disk(tmp_path: Path):
    standing: list[tuple[str, int]] = []

    async def before(kept: KeptList) -> None:
        await kept.put(LINE, *card(7, "7:ab", d1=WIDE))
        await kept.put(LINE, *card(8, d1=WIDE))
        await kept.drop(LINE, "card:8")
        await kept.put("lines/other", *card(9, d1=WIDE))
        await kept.keep(LINE, told(), After((7, True), (1, "2027-03-01/480")))
        standing.append(await kept.standing(LINE))

    async def after(kept: KeptList) -> None:
        roll = kept.roll(LINE)
        assert set(roll.cards) == {7}
        assert roll.cards[7].pin == "7:ab"
        assert roll.inside == {7: (True, told().at)}
        assert roll.firsts == {1: "2027-03-01/480"}
        assert kept.read(LINE, "card:7") == card(7, "7:ab", d1=WIDE)[1]
        assert kept.page(LINE, "", 9) == [card(7, "7:ab", d1=WIDE)]
        assert (kept.cards(LINE), kept.cards("lines/other")) == (1, 1)
        assert await kept.standing(LINE) == standing[0]
        await kept.drop(LINE, "card:7")
        again = await kept.standing(LINE)
        assert again[0] == standing[0][0]
        assert again[1] > standing[0][1], "every change counts"
        await kept.drop(LINE, "card:7")
        assert await kept.standing(LINE) == again, "what was gone is no change"

    on(tmp_path, before)
    on(tmp_path, after)


def test_reports_come_in_order_once_each_from_any_mark(tmp_path: Path):
    async def act(kept: KeptList) -> None:
        for number in range(1, 11):
            assert (await kept.keep(LINE, told(number))).index == number
        await kept.keep("lines/other", told(1))
        everything = kept.passages(LINE, Mark(), 100)
        assert [one.index for one in everything if isinstance(one, Heard)] == list(range(1, 11))
        taken, mark = [], Mark()
        while some := kept.passages(LINE, mark, 3):
            taken += some
            last = some[-1]
            assert isinstance(last, Heard)
            mark = Mark(last.index, last.at)
        assert taken == everything
        assert kept.passages(LINE, mark, 3) == []

    on(tmp_path, act)


def test_whoever_knows_of_more_than_there_is_is_told_that_it_begins_anew(tmp_path: Path):
    async def act(kept: KeptList) -> None:
        await kept.keep(LINE, told(1))
        assert kept.passages(LINE, Mark(5, AT), 9)[0] == Anew()
        assert kept.passages(LINE, Mark(1, AT), 9)[0] == Anew(), "one of the same index, and another time"
        assert kept.passages(LINE, Mark(1, told(1).at), 9) == []

    on(tmp_path, act)


def test_the_oldest_give_way_and_their_absence_is_told(tmp_path: Path):
    async def act(kept: KeptList) -> None:
        for number in range(1, TRIM_EVERY + 3):
            await kept.keep(LINE, told(number))
        found = kept.passages(LINE, Mark(3, told(3).at), 1000)
        assert found[0] == Gap(4, TRIM_EVERY - 20)
        assert [one.index for one in found[1:] if isinstance(one, Heard)] == list(
            range(TRIM_EVERY - 19, TRIM_EVERY + 3)
        )

    on(tmp_path, act, passages_max=20)


def test_a_torn_file_is_set_aside_and_is_another_list_with_nobody_on_it(tmp_path: Path):
    ids: list[str] = []

    async def before(kept: KeptList) -> None:
        for number in range(200):
            await kept.put(LINE, *card(number, d1=WIDE))
        ids.append((await kept.standing(LINE))[0])

    async def after(kept: KeptList) -> None:
        assert (await kept.standing(LINE))[0] != ids[0]
        assert kept.roll(LINE).cards == {}

    on(tmp_path, before)
    path = tmp_path / "list.sqlite"
    torn = bytearray(path.read_bytes())
    torn[4096:] = random.Random(1).randbytes(len(torn) - 4096)
    path.write_bytes(torn)
    on(tmp_path, after)
    assert list(tmp_path.glob("*.torn-*"))


def test_what_a_stranger_wrote_into_the_file_stops_nobody_and_opens_nothing(tmp_path: Path):
    async def before(kept: KeptList) -> None:
        await kept.put(LINE, *card(7, d1=WIDE))

    async def after(kept: KeptList) -> None:
        assert set(kept.roll(LINE).cards) == {7}
        assert len(kept.page(LINE, "", 100)) == 6, "it is found by reading"

    on(tmp_path, before)
    with sqlite3.connect(tmp_path / "list.sqlite") as connection:
        for key, body in (
            ("card:9", "{}"),
            ("card:x", "{}"),
            ("nothing", "[]"),
            ("door:1", "["),
            ("profile:2", '{"week": 3}'),
        ):
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (LINE, key, body))
    connection.close()
    on(tmp_path, after)


@pytest.mark.parametrize(
    ("new", "left"),
    [
        (card(7, d1=NARROW), {1: NARROW}),
        (card(7, d1=WIDE, d2=WIDE), {1: WIDE}),
        (card(7, d2=WIDE), {}),
        (card(7, d1=["2027-01-01T00:00:00Z", None, None]), {1: WIDE}),
        (card(7, d1=[*WIDE[:2], 5]), {}),
    ],
)
def test_what_a_change_takes_away_counts_though_the_disk_takes_nothing(
    tmp_path: Path, new: tuple[str, str], left: dict[int, list[Any]]
):
    async def act(kept: KeptList) -> None:
        await kept.put(LINE, *card(7, d1=WIDE))
        kept._file._writer.execute("PRAGMA query_only=1")
        with pytest.raises(EdgeError):
            await kept.put(LINE, *new)
        held = {one.door: [one.opens, one.closes] for one in kept.roll(LINE).cards[7].entry.windows}
        assert held == {door: [datetime.fromisoformat(at) for at in window[:2]] for door, window in left.items()}
        with pytest.raises(EdgeError):
            await kept.put(LINE, *card(8, d1=WIDE))
        assert 8 not in kept.roll(LINE).cards
        with pytest.raises(EdgeError):
            await kept.drop(LINE, "card:7")
        assert 7 not in kept.roll(LINE).cards
        assert kept.read(LINE, "card:7") is not None, "nothing is proved that is not so"

    on(tmp_path, act)


def test_what_could_not_be_kept_is_kept_as_soon_as_it_can(tmp_path: Path):
    async def act(kept: KeptList) -> None:
        await kept.keep(LINE, told(1))
        kept._file._writer.execute("PRAGMA query_only=1")
        with pytest.raises(EdgeError):
            await kept.keep(LINE, told(2))
        kept.owe(LINE, told(2))
        kept.owe(LINE, told(3))
        assert not await kept.settle(LINE)
        kept._file._writer.execute("PRAGMA query_only=0")
        assert await kept.settle(LINE)
        assert not await kept.settle(LINE)
        cards = [one.card for one in kept.passages(LINE, Mark(), 9) if isinstance(one, Heard)]
        assert cards == [1, 2, 3]

    on(tmp_path, act)


def test_a_list_that_grew_to_its_bound_refuses_what_gives_and_takes_what_takes(tmp_path: Path):
    async def act(kept: KeptList) -> None:
        with pytest.raises(WorkFull):
            for number in range(10_000):
                await kept.put(LINE, *card(number, d1=WIDE))
        assert kept.short
        count = len(kept.roll(LINE).cards)
        with pytest.raises(WorkFull):
            await kept.put(LINE, *card(20_000, d1=WIDE))
        await kept.drop(LINE, "card:3")
        await kept.put(LINE, *card(4, d1=NARROW))
        assert len(kept.roll(LINE).cards) == count - 1
        assert kept.read(LINE, "card:4") == card(4, d1=NARROW)[1]

    on(tmp_path, act, pages_max=60)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_on_a_full_disk_the_reserve_keeps_what_happens_and_what_shuts(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")

    async def act(kept: KeptList) -> None:
        for number in range(50):
            await kept.put(LINE, *card(number, d1=WIDE))
        assert not kept.short
        with (disk / "filler").open("wb") as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        for number in range(1, 2_000):
            await kept.keep(LINE, told(number))
        assert kept.short
        for number in range(25):
            await kept.drop(LINE, f"card:{number}")
        with pytest.raises(WorkFull):
            await kept.put(LINE, *card(99, d1=WIDE))
        (disk / "filler").unlink()
        await kept.settle(LINE)
        assert not kept.short
        await kept.put(LINE, *card(99, d1=WIDE))
        assert len(kept.passages(LINE, Mark(), 5_000)) == 1_999

    try:
        on(disk, act)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_reserve_is_taken_given_back_once_and_taken_again(tmp_path: Path):
    reserve = Reserve(tmp_path / "room", 1000)
    assert (tmp_path / "room").stat().st_size == 1000
    assert not reserve.short
    assert reserve.spend()
    assert not reserve.spend()
    assert reserve.short
    reserve.take()
    assert not reserve.short


def test_a_reader_key_is_sealed_for_its_reader_and_its_identity_kept(tmp_path: Path):
    async def act(path: Path) -> None:
        keys = ReaderKeys(path / "readers.sqlite", SystemClock(), secrets.token_bytes)
        assert keys.of(LINE, 3) is None
        await keys.put(LINE, 3, b"0123456789abcdef")
        await keys.met(LINE, 3, "v-m-1-f")
        await keys.met(LINE, 3, "v-m-2-f")
        assert keys.identity_of(LINE, 3) == "v-m-1-f"
        keys.close()
        keys = ReaderKeys(path / "readers.sqlite", SystemClock(), secrets.token_bytes)
        assert keys.of(LINE, 3) == b"0123456789abcdef"
        assert keys.of(LINE, 4) is None
        keys.close()
        with sqlite3.connect(path / "readers.sqlite") as connection:
            connection.execute("UPDATE reader SET address = 4")
        connection.close()
        keys = ReaderKeys(path / "readers.sqlite", SystemClock(), secrets.token_bytes)
        assert keys.of(LINE, 4) is None, "sealed for another reader"
        await keys.put(LINE, 4, None)
        assert keys.identity_of(LINE, 4) is None
        keys.close()

    asyncio.run(act(tmp_path))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"0123456789abcdef" not in kept
    assert (tmp_path / "readers.key").stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path):
    ReaderKeys(tmp_path / "readers.sqlite", SystemClock(), secrets.token_bytes).close()
    (tmp_path / "readers.key").chmod(0o644)
    with pytest.raises(KeyExposed, match="key file"):
        ReaderKeys(tmp_path / "readers.sqlite", SystemClock(), secrets.token_bytes)


def test_who_loses_the_keys_of_readers_is_told_to_pair_them(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "readers.sqlite").write_bytes(b"torn" * 4_096)
    ReaderKeys(tmp_path / "readers.sqlite", SystemClock(), secrets.token_bytes).close()
    assert "install mode" in caplog.text


async def nobody(target: str) -> None:
    raise AssertionError(f"no reader came back at {target}")


async def no_reader(target: str, keys: Sequence[str]) -> None:
    """The line is not there, and so is no reader of it."""
    assert (target, [*keys]) == ("t", ["reader:1"])


def test_a_line_that_is_nobodys_any_more_has_no_list_when_it_comes_back(tmp_path: Path):
    async def run() -> None:
        edge = Edge(tmp_path, SystemClock(), secrets.token_bytes)
        told = [Line("t", {"line": LINE, "baud": 9600, "cards_max": 10, "doors": [DOOR]}, ZoneInfo("Asia/Shanghai"))]
        lines = [*told]

        async def asked() -> list[Line]:
            return lines

        stop = asyncio.Event()
        running = asyncio.create_task(edge.run(stop, asked, nobody, no_reader))
        await until(lambda: edge.keeper(LINE))
        id_, _ = await edge.lists.standing(LINE)
        await edge.lists.put(LINE, *card(7, d1=WIDE))
        lines.clear()
        await until(lambda: not edge.lists.lines())
        assert edge.lists.read(LINE, card(7)[0]) is None
        lines.extend(told)
        await until(lambda: edge.keeper(LINE))
        assert edge.lists.roll(LINE).cards == {}
        assert await edge.lists.standing(LINE) == (id_, 0), "a counter that goes back is a new incarnation"
        stop.set()
        await running
        edge.close()

    asyncio.run(run())


def test_what_is_still_driven_keeps_its_list_when_the_gateway_stops(tmp_path: Path):
    async def run() -> None:
        edge = Edge(tmp_path, SystemClock(), secrets.token_bytes)

        async def asked() -> list[Line]:
            return [
                Line("t", {"line": LINE, "baud": 9600, "cards_max": 10, "doors": [DOOR]}, ZoneInfo("Asia/Shanghai"))
            ]

        stop = asyncio.Event()
        running = asyncio.create_task(edge.run(stop, asked, nobody, no_reader))
        await until(lambda: edge.keeper(LINE))
        await edge.lists.put(LINE, *card(7, d1=WIDE))
        stop.set()
        await running
        assert edge.lists.read(LINE, card(7)[0]) is not None
        edge.close()

    for _ in range(2):
        asyncio.run(run())
