"""A connection that is split, stalled or closed at every byte, of the request and of the reply, and two replies in one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing
from datetime import date

import pytest

from devices.wg.panel import CardEntry, MayHaveActed, Panel
from devices.wire import ProtocolError, Unreachable
from tests.fuzz.forge import FRAME_BYTES, Forger

SERIAL = 405419896
HOST = "127.79.4.1"
ENTRY = CardEntry(8165538, date(2027, 3, 2), date(2027, 12, 31), (1, 0, 29, 1), 7531)
FORGER = Forger(SERIAL, None, bytes(2))  # type: ignore[arg-type]  # what is asked for here has no chance in it
NUMBER = ENTRY.number.to_bytes(4, "little")
PUT = FORGER.request(0x50, NUMBER, bytes.fromhex("2027030220271231"), bytes(ENTRY.doors), (7531).to_bytes(3, "little"))
GET = FORGER.request(0x5A, NUMBER)
COUNT = FORGER.request(0x58)
OPEN = FORGER.request(0x40, b"\2")
EVERY_BYTE = range(1, FRAME_BYTES)


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 100))


async def asked(address, *requests):
    """The answers to whole requests, over a connection of their own."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"".join(requests))
    answers = [await reader.readexactly(FRAME_BYTES) for _ in requests]
    writer.close()
    return answers


def test_a_request_that_is_split_anywhere_is_carried_out_once_it_is_whole(serve_panel):
    async def scenario():
        async with serve_panel() as served:
            for cut in EVERY_BYTE:
                reader, writer = await asyncio.open_connection(*served.address)
                writer.write(PUT[:cut])
                await writer.drain()
                # Another connection is served meanwhile, and half a put is no put.
                assert (await asked(served.address, COUNT))[0][8] == 0
                writer.write(PUT[cut:] + GET[:cut])
                assert (await reader.readexactly(FRAME_BYTES))[8] == 1
                writer.write(GET[cut:])
                assert (await reader.readexactly(FRAME_BYTES))[8:28] == PUT[8:28]
                writer.close()
                assert served.emulator.remove(ENTRY.number)

    run(scenario)


@pytest.mark.parametrize("politely", [True, False])
def test_a_request_that_ends_anywhere_changes_nothing(serve_panel, politely):
    async def scenario():
        async with serve_panel() as served:
            for request in (PUT, OPEN):
                for cut in EVERY_BYTE:
                    _, writer = await asyncio.open_connection(*served.address)
                    writer.write(request[:cut])
                    await writer.drain()
                    writer.close() if politely else writer.transport.abort()
            assert [answer[8] for answer in await asked(served.address, COUNT, COUNT)] == [0, 0]
            assert served.emulator.events() == [] and not served.emulator.is_released(2)

    run(scenario)


def test_many_stalled_connections_keep_nobody_waiting(serve_panel):
    async def scenario():
        async with serve_panel() as served:
            stalled = [await asyncio.open_connection(*served.address) for _ in EVERY_BYTE]
            for cut, (_, writer) in zip(EVERY_BYTE, stalled, strict=True):
                writer.write(OPEN[:cut])
            with closing(panel_at(served.address, timeout_s=5)) as panel:
                await panel.put(ENTRY)
                assert await panel.card(ENTRY.number) == ENTRY
            assert served.emulator.events() == []
            for cut, (reader, writer) in zip(EVERY_BYTE, stalled, strict=True):
                writer.write(OPEN[cut:])
                assert (await reader.readexactly(FRAME_BYTES))[8] == 1
                writer.close()
            assert len(served.emulator.events()) == len(EVERY_BYTE)

    run(scenario)


# The other way: what a panel may do with its reply


def panel_at(address, *, timeout_s=0.02, tries_max=1):
    return Panel(SERIAL, "{}:{}".format(*address), timeout_s=timeout_s, tries_max=tries_max, transport="tcp")


@asynccontextmanager
async def replying(make, how):
    """A panel behind somebody who does with every reply what `how(reply, writer)` says."""
    emulator = make()

    async def met(reader, writer):
        try:
            reply = emulator.answer(await reader.readexactly(FRAME_BYTES))
            await how(reply, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # who asked is gone
        finally:
            writer.close()

    server = await asyncio.start_server(met, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname(), emulator


async def acts(panel):
    """A write, a read, and an act."""
    await panel.put(ENTRY)
    assert await panel.card(ENTRY.number) == ENTRY
    await panel.open_door(2)


def test_a_reply_that_is_split_anywhere_is_read(make):
    cuts = iter([cut for cut in EVERY_BYTE for _ in range(3)])

    async def split(reply, writer):
        cut = next(cuts)
        writer.write(reply[:cut])
        await writer.drain()
        await asyncio.sleep(0.001)
        writer.write(reply[cut:])
        await writer.drain()

    async def scenario():
        async with replying(make, split) as (address, emulator):
            for _ in EVERY_BYTE:
                await acts(panel_at(address, timeout_s=5))
            assert len(emulator.events()) == len(EVERY_BYTE)

    run(scenario)


@pytest.mark.parametrize("closes", [True, False])
def test_a_reply_that_stalls_or_ends_anywhere_proves_nothing(make, closes):
    """Nothing is believed, what was done is not said to be undone, and the act is not done a second time."""
    lengths = iter([length for length in range(FRAME_BYTES) for _ in range(3)])

    async def cut(reply, writer):
        writer.write(reply[: next(lengths)])
        await writer.drain()
        if not closes:
            await asyncio.sleep(0.2)

    async def scenario():
        async with replying(make, cut) as (address, emulator):
            panel = panel_at(address, timeout_s=5 if closes else 0.01)
            for _ in range(FRAME_BYTES):
                with pytest.raises(Unreachable):
                    await panel.put(ENTRY)
                with pytest.raises(Unreachable):
                    await panel.card(ENTRY.number)
                with pytest.raises(MayHaveActed):
                    await panel.open_door(2)
            assert emulator.count() == 1
            assert len(emulator.events()) <= FRAME_BYTES  # one that was given up before it was read is not done at all

    run(scenario)


@pytest.mark.parametrize("length", range(0, FRAME_BYTES + 1, 8))
def test_of_two_replies_in_one_the_first_counts(make, length):
    """A whole reply with another, or some of one, behind it: the next question does not get the rest."""
    stale = bytes.fromhex("1758000078372a1807000000").ljust(FRAME_BYTES, b"\0")

    async def joined(reply, writer):
        writer.write(reply + stale[:length])
        await writer.drain()

    async def scenario():
        async with replying(make, joined) as (address, _):
            panel = panel_at(address, timeout_s=5)
            await acts(panel)
            assert [await panel.count(), await panel.count()] == [1, 1]

    run(scenario)


@pytest.mark.parametrize("missing", EVERY_BYTE)
def test_a_reply_behind_the_end_of_another_is_not_believed(make, missing):
    """The stream has lost its step: what comes begins within a frame."""
    stale = bytes.fromhex("175a000078372a18").ljust(FRAME_BYTES, b"\0")

    async def shifted(reply, writer):
        writer.write(stale[missing:] + reply)
        await writer.drain()

    async def scenario():
        async with replying(make, shifted) as (address, _):
            with pytest.raises(ProtocolError):
                await panel_at(address, timeout_s=5).card(ENTRY.number)

    run(scenario)
