"""What stands on what, through the real gateway and an emulated panel: a card that names a missing profile is let in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from connectors.carry import GROUND_LOST, GROUNDLESS, STILL_NAMED
from connectors.contract import Json, Record, canonical
from connectors.visit import CLOCK_OFF_S
from devices.wg.decision import profile_allows
from tests.connectors.conftest import Site
from tests.connectors.emulated import PUT, WgTarget, wg_target
from tests.connectors.paper_desk import PaperDesk

DELETE, SET_PROFILE = 0x52, 0x88
NIGHT = datetime(2027, 3, 10, 3, 0)
OFFICE = Record(
    "profile:5",
    canonical(
        {"days": "1111100", "from": "2027-01-01", "linked": 0, "spans": [["08:00", "17:59"]], "to": "2099-12-31"}
    ),
    0,
    (),
)


def card(door: int, number: int = 7001) -> Record:
    body: dict[str, Json] = {
        "closes": "2027-03-20", "doors": [door, 0, 0, 0], "number": number, "opens": "2027-03-01", "pin": 0,
    }  # fmt: skip
    return Record(f"card:{number}", canonical(body), 1, ("g1",))


def scheduled(target: WgTarget) -> dict[str, Json]:
    told = target.settings()
    doors = told["doors"]
    assert isinstance(doors, list)
    assert isinstance(doors[0], dict)
    return {**told, "doors": [{**doors[0], "schedule": "office"}, *doors[1:]]}


def never_let_in_at_night(target: WgTarget) -> None:
    held = target.panel.card(7001)
    if held is not None and held.doors[0] > 1:
        assert not profile_allows(held.doors[0], target.panel.state.profiles, NIGHT)


def test_a_card_waits_for_the_profile_that_it_names(site: Site, desk: PaperDesk):
    async def run() -> None:
        async with wg_target(41) as target:
            target.panel.on_heard = lambda _: never_let_in_at_night(target)
            desk.add("t", "wg", scheduled(target))
            site.start()
            desk.want("t", card(5))
            row = desk.targets["t"].rows["card:7001"]
            await site.until(lambda: GROUNDLESS in row.reasons)
            assert target.heard(PUT) == 0
            desk.want("t", OFFICE)
            await site.until(desk.settled)
            assert row.held == card(5).body
            never_let_in_at_night(target)
            await site.stop()

    asyncio.run(run())


def test_a_profile_goes_only_once_a_reading_shows_that_no_card_names_it(site: Site, desk: PaperDesk):
    async def run() -> None:
        async with wg_target(42) as target:
            target.panel.on_heard = lambda _: never_let_in_at_night(target)
            desk.add("t", "wg", scheduled(target))
            site.start()
            desk.want("t", OFFICE)
            desk.want("t", card(5))
            await site.until(desk.settled)
            desk.want("t", "profile:5")
            row = desk.targets["t"].rows["profile:5"]
            await site.until(lambda: row.reasons.count(STILL_NAMED) >= 2, timeout_s=30.0)
            assert any(target.panel.state.profiles[5].weekdays), "the card still names it"
            desk.want("t", "card:7001")
            await site.until(desk.settled, timeout_s=40.0)
            assert row.held is None
            assert not any(target.panel.state.profiles[5].weekdays)
            await site.stop()

    asyncio.run(run())


def test_a_card_is_taken_back_where_the_panel_lost_its_profiles_meanwhile(site: Site, desk: PaperDesk):
    async def run() -> None:
        async with wg_target(43) as target:
            desk.add("t", "wg", scheduled(target))
            site.start()
            desk.want("t", OFFICE)
            await site.until(desk.settled)

            def lose_memory(code: int) -> None:
                if code == PUT:
                    target.panel.on_heard = None
                    target.panel.power_cycle(keep_memory=False)

            target.panel.on_heard = lose_memory
            desk.want("t", card(5))
            await site.until(lambda: target.heard(DELETE) > 0 or GROUND_LOST in desk.unreachable)
            await site.until(lambda: target.panel.card(7001) is None)
            await site.stop()

    asyncio.run(run())


def test_a_clock_that_is_off_is_set(site: Site, desk: PaperDesk):
    async def run() -> None:
        async with wg_target(44) as target:
            off = timedelta(minutes=3)
            target.panel.set_local_time(target.panel.local_time() + off)
            before = target.panel.local_time()
            desk.add("t", "wg", target.settings())
            site.start()
            desk.want("t", card(1))
            await site.until(desk.settled)
            told = desk.targets["t"].fingerprint
            assert told is not None
            assert abs((told.off_s or 0.0) - off.total_seconds()) < CLOCK_OFF_S
            assert target.panel.local_time() < before
            await site.stop()

    asyncio.run(run())
