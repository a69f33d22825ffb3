"""What goes wrong on a line, and who gets in all the same: strange readers, cut wires, two gateways, a sick disk."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from connectors import osdp_words as words
from connectors.contract import Act, Done, Later, Mark, PassageKind, Record, Refused
from connectors.edge import Away, Edge, Line
from connectors.osdp_doors import OsdpDoors
from connectors.osdp_settings import OsdpSettings
from connectors.strikes import MAY_STAND_OPEN, NOT_RELEASED
from devices.clock import SystemClock
from tests.connectors.osdp_line import FRESH_S, OsdpTarget, at_doors, build, leave, osdp_target, settled, until

Z1 = frozenset({"z1"})
CARD, STRANGER = 4711, 4712
SOON = datetime(2099, 1, 1, tzinfo=UTC)


def test_a_dead_reader_is_its_own_record_s_trouble_and_nobody_else_waits():
    async def act(target: OsdpTarget) -> None:
        doors, came, went, stop = target.connector(), asyncio.Queue[str](), asyncio.Queue[str](), asyncio.Event()
        running = asyncio.create_task(target.edge.run(stop, target.lines, came.put, noting(went)))
        assert await came.get() == "t", "they came when the line was opened"
        await target.give(CARD, 1, 2)
        target.suffer(dead=(0,))
        keeper = target.edge.keeper(target.line)
        assert keeper is not None
        await until(lambda: keeper.why_not(0) is not None)
        fixtures = {key: body async for key, body in doors.read_all()}
        assert {"reader:0", "reader:1"} <= fixtures.keys(), "nobody took it away"
        assert await doors.read("reader:0") is None, "and it is not proved again by what the list says"
        outcome = await doors.write(Record("reader:0", '{"door":1,"way":"in"}', -700, ()))
        assert isinstance(outcome, Later)
        assert not outcome.unreachable
        assert "does not answer" in outcome.reason
        assert await doors.write(Record("reader:1", '{"door":2,"way":"in"}', -700, ())) == Done()
        assert await target.swipe(CARD, 2)
        assert (await doors.act(Act("a", "open", "door:1", SOON))).unreachable  # type: ignore[union-attr]  # it is Later
        locked = fixtures["door:1"].replace('"controlled"', '"locked"')
        assert await doors.write(Record("door:1", locked, -800, ())) == Done(), (
            "the list decides, whatever ails the reader"
        )
        assert await doors.erase(f"card:{CARD}") == Done()
        assert (await doors.probe()).identity.startswith("osdp/")
        assert came.empty()
        assert went.empty(), "who falls silent is mostly back in seconds"
        assert await went.get() == "t reader:0"
        assert "reader:0" in [key async for key, _ in doors.read_all()]
        assert await went.get() == "t reader:0", "told anew with each full reading, for a hub may have forgotten it"
        target.suffer()
        assert await came.get() == "t", "what waited for it need not wait any more"
        await until(lambda: keeper.why_not(0) is None)
        stop.set()
        await running

    at_doors(act)


def noting(went: asyncio.Queue[str]) -> Away:
    async def note(target: str, keys: Sequence[str]) -> None:
        await went.put(" ".join([target, *keys]))

    return note


def test_a_line_that_is_unplugged_is_told_with_all_its_readers_at_once_and_told_back_when_it_is():
    async def act(target: OsdpTarget) -> None:
        came, went, stop = asyncio.Queue[str](), asyncio.Queue[str](), asyncio.Event()
        running = asyncio.create_task(target.edge.run(stop, target.lines, came.put, noting(went)))
        assert await came.get() == "t"
        await target.give(CARD, 1)
        target.suffer(unplugged=True)
        assert await went.get() == "t reader:0 reader:1"
        doors, keeper = target.connector(), target.edge.keeper(target.line)
        assert keeper is not None
        outcome = await doors.write(Record("reader:0", '{"door":1,"way":"in"}', -700, ()))
        assert isinstance(outcome, Later)
        assert not outcome.unreachable, (
            "the list is here, and whoever is taken off it opens nothing when the line is back"
        )
        assert await doors.erase(f"card:{CARD}") == Done()
        while not came.empty():
            came.get_nowait()
        target.suffer()
        await until(lambda: not keeper.away())
        assert await came.get() == "t"
        assert await doors.write(Record("reader:0", '{"door":1,"way":"in"}', -700, ())) == Done()
        assert went.empty()
        stop.set()
        await running

    at_doors(act)


def test_a_free_door_whose_reader_died_is_not_proved_shut_before_its_strike_has_fallen():
    async def act(target: OsdpTarget) -> None:
        doors, keeper = target.connector(), target.edge.keeper(target.line)
        assert keeper is not None
        free = await doors.read("door:1")
        assert free is not None
        await until(lambda: target.served.doors[1].released)
        target.suffer(dead=(0,))
        await until(lambda: keeper.why_not(0) is not None)
        shut = Record("door:1", free.replace('"unlocked":2', '"unlocked":null'), -800, ())
        assert keeper._strikes.doubt(keeper._doorways[1]).reason == NOT_RELEASED  # type: ignore[union-attr]  # there is one
        outcome = await doors.write(shut)
        assert isinstance(outcome, Later)
        assert keeper._strikes.doubt(keeper._doorways[1]).reason == MAY_STAND_OPEN  # type: ignore[union-attr]  # there is one
        target.suffer()
        await until(lambda: keeper.why_not(0) is None)
        await until(lambda: not target.served.doors[1].released)
        assert await doors.write(shut) == Done()

    at_doors(act, {"unlocked": "always"})


def test_a_reader_with_another_key_is_told_of_at_once_and_opens_nothing():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        target.suffer(wrong_key=(0,))
        keeper = target.edge.keeper(target.line)
        assert keeper is not None
        await until(lambda: "another key" in (keeper.why_not(0) or ""))
        await target.tells(words.READER_KEY)
        assert not await target.swipe(CARD)
        target.suffer()
        await until(lambda: keeper.why_not(0) is None)
        await target.tells(words.READER_BACK)

    at_doors(act)


def test_a_card_read_during_an_outage_never_opens():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        target.suffer(cut=True)
        keeper = target.edge.keeper(target.line)
        assert keeper is not None
        await until(lambda: keeper.why_not(0) is not None)
        assert not await target.swipe(CARD)
        target.suffer()
        await until(lambda: keeper.why_not(0) is None)
        await asyncio.sleep(FRESH_S)
        assert target.served.doors[1].releases == 0
        assert not [one for one in await target.passages() if one.granted]
        assert await target.swipe(CARD), "held to it again"

    at_doors(act, {})


def test_a_reader_is_paired_by_order_and_not_by_itself():
    async def act(target: OsdpTarget) -> None:
        doors, keeper = target.connector(), target.edge.keeper(target.line)
        assert keeper is not None
        assert "not paired" in (keeper.why_not(0) or "")
        await target.give(CARD, 1)
        assert not await target.swipe(CARD)
        assert await doors.act(Act("a", "pair", "reader:0", SOON)) == Done("acknowledged")
        assert isinstance(await doors.act(Act("b", "pair", "reader:7", SOON)), Refused)
        assert isinstance(await doors.act(Act("c", "open", "door:9", SOON)), Refused)
        assert isinstance(await doors.act(Act("d", "sing", "door:1", SOON)), Refused)
        await until(lambda: keeper.why_not(0) is None)
        await asyncio.sleep(FRESH_S)
        assert await target.swipe(CARD)
        keys, identity = target.edge._own.keys, target.edge._own.keys.identity_of(target.line, 0)
        again = await doors.act(Act("e", "pair", "reader:0", SOON))
        assert isinstance(again, Refused), "it has a key"
        assert keys.identity_of(target.line, 0) == identity is not None, "an exchanged reader is still told from it"
        await target.edge.drive(())
        await target.drive()
        await target.online()
        assert await target.swipe(CARD), "the key is kept"

    async def run() -> None:
        async with osdp_target({"delay_s": 1}, paired=False) as target:
            await target.tell()
            await act(target)

    asyncio.run(run())


def test_a_reader_whose_answer_was_lost_as_it_took_its_key_is_paired_by_the_next_order():
    key = bytes(range(1, 17))

    async def run() -> None:
        async with osdp_target({}, paired=False) as target:
            await target.edge._own.keys.put(target.line, 0, key)
            with target.served.copper.held():
                target.served.reader(0).set_key(key)
            act = Act("a", "pair", "reader:0", SOON)
            assert await target.connector().act(act) == Done("acknowledged")

    asyncio.run(run())


def test_an_adapter_that_is_unplugged_is_told_of_and_the_line_comes_back():
    async def act(target: OsdpTarget) -> None:
        keeper = target.edge.keeper(target.line)
        assert keeper is not None
        target.suffer(unplugged=True)
        await until(lambda: "adapter" in (keeper.why_not(0) or ""))
        await until(lambda: keeper._line_told is not None)
        target.suffer()
        await target.online()
        await target.tells(words.LINE_BACK)
        said = await target.said(PassageKind.OTHER)
        assert [word for word in said if word.startswith("line")] == [words.LINE_DOWN, words.LINE_BACK]
        await target.give(CARD, 1)
        assert await target.swipe(CARD)

    at_doors(act)


def test_two_gateways_never_drive_one_line():
    async def act(target: OsdpTarget) -> None:
        other = Edge(target.folder / "other", SystemClock(), secrets.token_bytes)
        settings = target.settings() | {"line": str(target.folder / target.line)}
        await other.drive([Line("t", settings, target.zone)])
        second = other.keeper(str(settings["line"]))
        assert second is not None
        await until(lambda: "Another program" in (second.why_not(0) or ""))
        await target.give(CARD, 1)
        assert await target.swipe(CARD)
        await other.drive(())
        other.close()

    at_doors(act)


def test_a_disk_that_takes_nothing_lets_nobody_in_unseen_and_everybody_out():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        target.off(off=True)
        assert not await target.swipe(CARD)
        await leave(target)
        await settled(target)
        target.off(off=False)
        await until(lambda: not target.edge.lists._owed.get(target.line))
        assert await target.swipe(CARD)
        told = [(one.kind, one.reason) for one in await target.passages() if one.kind is not PassageKind.CLOSED]
        assert told == [
            (PassageKind.DENIED, words.NOT_NOTED), (PassageKind.BUTTON, words.BUTTON), (PassageKind.PASSED, "card")
        ]  # fmt: skip

    at_doors(act, {"delay_s": 1})


def test_settings_that_change_are_followed_and_a_line_that_goes_is_let_go():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        target.doors[0]["delay_s"] = 2
        await target.drive()
        await target.online()
        assert await target.swipe(CARD)
        await target.edge.drive(())
        assert target.edge.keeper(target.line) is None
        assert isinstance(await build("osdp", target.settings()).act(Act("a", "open", "door:1", SOON)), Later)
        async for _ in target.connector().passages(Mark(), 10):
            break
        else:
            raise AssertionError("what was kept stays")

    at_doors(act, {"delay_s": 1})


def test_a_reader_that_was_exchanged_is_told_from_the_one_that_was_paired_also_after_a_restart():
    async def act(target: OsdpTarget) -> None:
        await target.give(CARD, 1)
        await target.edge.drive(())
        target.suffer(swapped_in=(0,))
        await target.drive()
        keeper = target.edge.keeper(target.line)
        assert keeper is not None
        await until(lambda: "serial number" in (keeper.why_not(0) or ""))
        await until(lambda: keeper.why_not(1) is None)
        assert not await target.swipe(CARD)
        await target.tells(words.READER_OTHER)

    at_doors(act)


def test_a_line_that_is_no_adapter_keeps_its_list_and_says_what_ails_it():
    async def act(target: OsdpTarget) -> None:
        (target.folder / "plain").write_text("no adapter")
        await target.edge.drive([Line("t", target.settings() | {"line": "plain"}, target.zone)])
        keeper = target.edge.keeper("plain")
        assert keeper is not None
        await until(lambda: "is no serial adapter" in (keeper.why_not(0) or ""))
        doors = OsdpDoors(OsdpSettings.model_validate(target.settings() | {"line": "plain"}), target.zone, target.edge)
        outcome = await doors.write(Record("reader:0", '{"door":1,"way":"in"}', -700, ()))
        assert isinstance(outcome, Later)
        assert (outcome.unreachable, "is no serial adapter" in outcome.reason) == (False, True)
        assert await doors.write(target.record(1)) == Done()
        assert await doors.erase(target.record(1).key) == Done()
        assert (await doors.probe()).identity.startswith("osdp/")
        kept = target.edge.lists
        await until(lambda: kept.passages("plain", Mark(), 9))
        assert [getattr(one, "reason", "") async for one in doors.passages(Mark(), 9)] == [words.LINE_DOWN]

    at_doors(act)
