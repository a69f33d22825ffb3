"""The serial lines of a gateway by itself, as its site drives them: a list that was lost while it was down is told anew as
soon as it is up, and no clock lengthens the term by which doors go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import kept_work
from connectors import messages as m
from connectors.contract import Json, Record, canonical
from connectors.remote_line import Line
from connectors.site import Site
from devices.clock import SetClock
from tests.connectors.kept_desk import NOW, Kept, inline, listed, task
from tests.connectors.paper_hub import PaperHub, PaperServer
from tests.connectors.test_remote import Process

LINE = "lines/none"
DOOR: dict[str, Json] = {"number": 1, "id": "d1", "name": {"zh": "门", "en": "Door"}, "zones": ["z"], "reader": 0}
BODY = canonical({"doors": {"1": [["2027-03-01T00:00:00Z", None, None]]}, "number": 7, "pin": None})
CARD = Record("card:7", BODY, 1, ("g1",))


@pytest.fixture
def server() -> Iterator[PaperServer]:
    server = PaperServer(PaperHub())
    server.start()
    yield server
    server.stop()


def tear(folder: Path, name: str) -> None:
    for part in folder.glob(f"{name}*"):
        part.write_bytes(part.read_bytes()[:100])


@pytest.mark.parametrize("torn", ["list.sqlite", "work.sqlite3"])
def test_a_list_that_is_lost_is_told_anew_at_once(tmp_path: Path, server: PaperServer, torn: str) -> None:
    hub, gateway = server.hub, Process(tmp_path, server.url)
    hub.add("s", "osdp", {"line": LINE, "cards_max": 9, "doors": [DOOR]})
    row = hub.want("s", CARD)

    def held() -> bool:
        site = gateway.site
        return site is not None and site._edge.lists.read(LINE, CARD.key) == BODY

    async def run() -> None:
        await gateway.start()
        await gateway.until(lambda: held() and not row.dirty)
        await gateway.stop()
        tear(tmp_path, torn)
        began = hub.calls[m.LIST]
        await gateway.start()
        await gateway.until(lambda: hub.calls[m.LIST] > began)
        await gateway.until(lambda: held() and not row.dirty)
        await gateway.stop()

    asyncio.run(run())


def test_a_reading_that_the_gateway_wants_itself_is_not_forgotten_for_the_hub_asks_for_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    async def run() -> None:
        await kept.desk.take(listed(task(1)))
        now = kept.desk.wall()
        await kept.file.write(lambda tx: kept_work.read_next(tx, "t", now))
        await kept.desk.take(listed(seq=2))
        assert (await kept.claim()).reconcile

    asyncio.run(run())


def test_a_clock_that_leaps_lengthens_no_term_at_a_serial_door(tmp_path: Path) -> None:
    clock, told = SetClock(NOW), listed(kind="osdp")

    async def run() -> None:
        site = Site(tmp_path, Line("http://127.0.0.1:9", None, clock, bytes), clock, bytes, lambda _: None, inline)
        await site.desk.take(told)
        clock.put(NOW + timedelta(days=365))
        await site.desk.take(told)
        for now in (NOW, NOW - timedelta(days=10)):
            clock.put(now)
            ends = [driven.term_until for driven in await site._lines() or ()]
            assert len(ends) == 1
            assert ends[0] is not None
            assert ends[0] - now <= timedelta(days=3)
        await site.close()

    asyncio.run(run())


def test_a_clock_that_is_put_back_lengthens_no_term(tmp_path: Path) -> None:
    kept = Kept(tmp_path)

    async def run() -> None:
        await kept.desk.take(listed(task(1), task(2, 2, None), term_until=NOW + timedelta(hours=1)))
        kept.pass_by(3_601.0)
        assert [each.key for each in (await kept.claim()).tasks] == ["card:2"]
        kept.clock.put(NOW)
        assert kept.desk.wall() == NOW.timestamp() + 3_601.0
        kept.pass_by(60.0)
        assert kept.desk.wall() == NOW.timestamp() + 3_661.0, "what goes by counts, whatever the clock shows"

    asyncio.run(run())
