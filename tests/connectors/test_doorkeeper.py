"""The doorkeeper of an emulated line, with hands at readers on a pty: who gets in, who does not, and what is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from connectors import osdp_words as words
from connectors.contract import Act, Done, PassageKind
from connectors.pins import kept
from tests.connectors.osdp_line import PIN_KEY, OsdpTarget, at_doors, leave, settled, until

Z1 = frozenset({"z1"})
CARD, STRANGER = 4711, 4712
SOON = datetime(2099, 1, 1, tzinfo=UTC)


def test_a_card_on_the_list_opens_its_door_and_no_other():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        assert await target.swipe(CARD, 1)
        assert not await target.swipe(CARD, 2)
        await settled(target)
        assert not await target.swipe(STRANGER, 1)
        told = [one for one in await target.passages() if one.card]
        assert [(one.kind, one.key, one.card, one.granted, one.reason, one.inside) for one in told] == [
            (PassageKind.PASSED, "door:1", CARD, True, "card", True),
            (PassageKind.DENIED, "door:2", CARD, False, "no right", True),
            (PassageKind.DENIED, "door:1", STRANGER, False, "unknown card", True),
        ]
        assert all(one.at is not None and abs(datetime.now(UTC) - one.at) < timedelta(seconds=30) for one in told)
        await target.connector().erase(f"card:{CARD}")
        assert not await target.swipe(CARD, 1), "at once"

    at_doors(act, {"delay_s": 1}, {"delay_s": 1})


def test_a_door_that_nobody_told_how_to_stand_stays_shut():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        assert not await target.swipe(CARD)
        await target.tell()
        assert await target.swipe(CARD)
        assert [one.reason for one in await target.passages() if one.card] == ["undecided", "card"]

    at_doors(act, {}, told=False)


def test_a_pin_beside_the_card():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1, pin=kept(PIN_KEY, 99, "4711"))
        await target.give(STRANGER, 1)
        assert await target.swipe(CARD, pin=4711)
        await settled(target)
        assert not await target.swipe(CARD, pin=4712)
        assert not await target.swipe(STRANGER, pin=4711)
        await target.hand("type", door=1, code="4711")
        assert [one.reason for one in await target.passages() if one.card] == ["card", "wrong PIN", "no PIN set"]

    at_doors(act, {"pin": "always", "delay_s": 1})


def test_anti_passback_holds_over_a_restart_of_the_gateway():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        assert await target.swipe(CARD)
        await settled(target)
        assert not await target.swipe(CARD)
        await target.edge.drive(())
        target.edge.close()
        await target.drive()
        await target.online()
        assert not await target.swipe(CARD)
        assert await target.swipe(CARD, direction=2)
        await settled(target)
        assert await target.swipe(CARD)
        told = [(one.reason, one.inside) for one in await target.passages() if one.card]
        assert told == [
            ("card", True),
            ("anti-passback", True),
            ("anti-passback", True),
            ("card", False),
            ("card", True),
        ]

    at_doors(act, {"exit": 5, "anti_passback": True, "delay_s": 1})


def test_who_was_forgiven_is_let_in_from_either_side():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        assert await target.swipe(CARD)
        await settled(target)
        await target.give(CARD, 1, forgiven=(datetime.now(UTC) - timedelta(minutes=1)).isoformat())
        assert not await target.swipe(CARD), "it came in since"
        await target.give(CARD, 1, forgiven=datetime.now(UTC).isoformat())
        assert await target.swipe(CARD)
        await settled(target)
        assert not await target.swipe(CARD), "forgiven is what was, and nothing that comes"

    at_doors(act, {"exit": 5, "anti_passback": True, "delay_s": 1})


def test_one_door_of_a_lock_waits_for_the_other():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1, 2)
        await target.hand("force", door=2)
        await until(lambda: target.edge.keeper(target.line)._doorways[2].is_open(0.0))  # type: ignore[union-attr]  # it is driven
        assert not await target.swipe(CARD, 1)
        await target.hand("shut", door=2)
        await target.tells(words.SHUT)
        assert await target.swipe(CARD, 1)
        assert not await target.swipe(CARD, 2), "the first may be opened at any moment"
        assert await target.said(PassageKind.DENIED) == ["interlock", "interlock"]

    at_doors(act, {"interlock": [2]}, {"interlock": [1]})


def test_the_first_person_opens_a_door_for_the_rest():
    async def act(target: OsdpTarget) -> None:
        day = ["2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z", None]
        await target.give(CARD, 1)
        await target.give(STRANGER, 1, first={"1": [day]})
        assert not await target.swipe(CARD)
        assert await target.swipe(STRANGER)
        await settled(target)
        assert await target.swipe(CARD)
        assert await target.said(PassageKind.DENIED) == ["first card missing"]

    at_doors(act, {"first_person": {"zone": "chiefs", "schedule": "always"}, "delay_s": 1})


def test_a_lockdown_shuts_fire_releases_and_whoever_leaves_is_never_asked():
    async def act(target: OsdpTarget) -> None:
        door = target.served.doors[1]
        await target.give(CARD, 1)
        await target.tell(locked=Z1)
        assert not await target.swipe(CARD)
        assert not await target.swipe(STRANGER)
        assert (await target.hand("look"))["readers"][0]["light"] == "red"
        await leave(target)
        await settled(target)
        order = Act("a", "open", "door:1", SOON)
        assert await target.connector().act(order) == Done("acknowledged"), "as the hub opens for whoever is exempt"
        await settled(target)
        await target.tell(locked=Z1, freed=Z1)
        await until(lambda: door.released)
        assert await target.swipe(STRANGER)
        await asyncio.sleep(1.5)
        assert door.released
        await target.tell(locked=Z1)
        await until(lambda: not door.released)
        await target.tell()
        assert await target.swipe(CARD)
        assert [one.reason for one in await target.passages() if one.card] == [
            "door held shut", "unknown card", "fire release", "card"
        ]  # fmt: skip
        assert {words.BUTTON, words.ORDERED} <= set(await target.said())

    at_doors(act, {"delay_s": 1})


def test_a_lockdown_cuts_short_what_a_card_has_just_released():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        assert await target.swipe(CARD, **{"pass": False})
        assert target.served.doors[1].released
        await target.tell(locked=Z1)
        assert not target.served.doors[1].released

    at_doors(act, {"delay_s": 60})


def test_a_door_stands_open_by_its_hours_without_a_hub():
    async def act(target: OsdpTarget) -> None:
        await until(lambda: target.served.doors[1].released)
        assert await target.swipe(STRANGER)
        assert not target.served.doors[2].released
        assert await target.said(PassageKind.PASSED) == ["door free"]

    at_doors(act, {"unlocked": "always"}, {"unlocked": "never"})


def test_after_its_term_a_gateway_only_shuts_save_for_fire_and_whoever_leaves():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        await until(lambda: target.served.doors[2].released)
        target.term_until = datetime.now(UTC) - timedelta(seconds=1)
        await target.drive()
        assert not await target.swipe(CARD)
        await until(lambda: not target.served.doors[2].released)
        await leave(target)
        await target.tell(freed=Z1)
        await until(lambda: target.served.doors[1].released)
        assert await target.said(PassageKind.DENIED) == ["term over"]

    at_doors(act, {"delay_s": 1}, {"unlocked": "always"})


def test_doors_that_are_forced_or_stand_open_are_told_of():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        await target.hand("force", door=1)
        await target.tells(words.FORCED)
        await target.hand("shut", door=1)
        await target.tells(words.SHUT)
        assert await target.swipe(CARD, **{"pass": False})
        await target.hand("open", door=1)
        await until(lambda: not target.served.doors[1].released)
        await target.tells(words.HELD_OPEN)
        await target.hand("shut", door=1)
        await target.tells(words.SHUT, times=2)
        assert [one.kind for one in await target.passages()] == [
            PassageKind.FORCED, PassageKind.CLOSED, PassageKind.PASSED, PassageKind.HELD, PassageKind.CLOSED
        ]  # fmt: skip

    at_doors(act, {"delay_s": 1, "held_open_s": 1})


def test_a_lid_that_is_lifted_is_told_of():
    async def act(target: OsdpTarget) -> None:
        await target.hand("tamper", door=2, on=True)
        await target.tells(words.LID_OPEN)
        assert [(one.kind, one.key) for one in await target.passages()] == [(PassageKind.TAMPER, "door:2")]

    at_doors(act)
