"""What only a connection can do wrong, met by the hub's client; and the emulator's port, met byte by byte."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from uhppoted import encode

from devices.wg import connections
from devices.wg.faults import NONE, Faults
from devices.wg.panel import CardEntry, Panel
from devices.wg.served import AddressTaken, serve
from devices.wire import ProtocolError, Unreachable

SERIAL = 405419896
ENTRY = CardEntry(8165538, date(2027, 3, 2), date(2027, 12, 31), (1, 0, 29, 1), 7531)
HOST = "127.77.1.1"


def panel_at(address, *, timeout_s=0.1, tries_max=1):
    return Panel(SERIAL, "{}:{}".format(*address), timeout_s=timeout_s, tries_max=tries_max, transport="tcp")


def only(fault: str, share: float) -> Faults:
    told: dict[str, Any] = {fault: share}
    return Faults(**told)


def reply_to(request, count=7):
    """A right answer to a question about the number of cards."""
    return request[:8] + count.to_bytes(4, "little") + bytes(52)


@asynccontextmanager
async def peer(talk):
    """Somebody at an address who talks so with each who connects."""
    told = asyncio.Queue()

    async def met(reader, writer):
        try:
            told.put_nowait(await talk(reader, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(met, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname(), told


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("cut", [1, 2, 32, 63])
def test_a_reply_in_pieces_and_one_with_more_behind_it_are_read(cut):
    async def talk(reader, writer):
        reply = reply_to(await reader.readexactly(64))
        writer.write(reply[:cut])
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(reply[cut:] + reply_to(reply, 9))
        await writer.drain()
        await reader.read()

    async def scenario():
        async with peer(talk) as (address, _):
            assert await panel_at(address, timeout_s=2).count() == 7

    run(scenario)


def test_a_stall_at_any_byte_is_bounded_and_the_next_call_works():
    lengths = iter([*range(64), 64])

    async def talk(reader, writer):
        writer.write(reply_to(await reader.readexactly(64))[: next(lengths)])
        await writer.drain()
        await reader.read()

    async def scenario():
        async with peer(talk) as (address, _):
            for _ in range(64):
                with pytest.raises(Unreachable, match=r"no answer within 0\.02 s, 1 times"):
                    await panel_at(address, timeout_s=0.02).count()
            assert await panel_at(address, timeout_s=2).count() == 7

    run(scenario)


@pytest.mark.parametrize("length", [0, 1, 63])
def test_a_peer_that_closes_before_its_reply_is_whole_is_unreachable_at_once(length):
    async def talk(reader, writer):
        writer.write(reply_to(await reader.readexactly(64))[:length])
        await writer.drain()

    async def scenario():
        async with peer(talk) as (address, _):
            async with asyncio.timeout(5):
                with pytest.raises(Unreachable, match="closes the connection without an answer within 60 s, 2 times"):
                    await panel_at(address, timeout_s=60, tries_max=2).count()

    run(scenario)


def test_an_end_before_anything_is_asked_is_bounded():
    async def talk(reader, writer):
        writer.transport.abort()

    async def scenario():
        async with peer(talk) as (address, _):
            async with asyncio.timeout(5):
                with pytest.raises(Unreachable):
                    await panel_at(address, timeout_s=60, tries_max=2).count()

    run(scenario)


def test_connecting_counts_against_the_time_out():
    """A full queue of connections, which nobody takes: the system drops what would open another."""

    async def scenario():
        with socket.socket() as deaf:
            deaf.bind((HOST, 0))
            deaf.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(deaf.getsockname())
            async with asyncio.timeout(5):
                with pytest.raises(Unreachable, match="no answer"):
                    await panel_at(deaf.getsockname(), tries_max=3).count()
            for each in waiting:
                each.close()

    run(scenario)


@pytest.mark.parametrize(("answers", "ends"), [(True, b""), (False, ConnectionResetError)])
def test_only_an_answer_makes_the_end_polite(answers, ends):
    """What was given up is reset, so that the system sends nothing of it again when the panel is back in reach."""

    async def talk(reader, writer):
        request = await reader.readexactly(64)
        if answers:
            writer.write(reply_to(request))
        try:
            return await reader.read()
        except ConnectionResetError as reset:
            return type(reset)

    async def scenario():
        async with peer(talk) as (address, told):
            if answers:
                assert await panel_at(address, timeout_s=2).count() == 7
            else:
                with pytest.raises(Unreachable):
                    await panel_at(address).count()
            assert await asyncio.wait_for(told.get(), 5) == ends

    run(scenario)


def test_a_cancelled_call_leaves_nothing_open():
    async def talk(reader, writer):
        await reader.readexactly(64)
        try:
            return await reader.read()
        except ConnectionResetError as reset:
            return type(reset)

    async def scenario():
        async with peer(talk) as (address, told):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(panel_at(address, timeout_s=30).count(), 0.1)
            assert await asyncio.wait_for(told.get(), 5) is ConnectionResetError

    run(scenario)


def test_a_call_given_up_at_any_moment_leaves_nothing_to_complain_of(serve_panel, caplog):
    async def scenario():
        async with serve_panel() as served:
            panel = panel_at(served.address, timeout_s=30)
            for steps in range(40):
                call = asyncio.ensure_future(panel.count())
                for _ in range(steps):
                    await asyncio.sleep(0)
                call.cancel()
                await asyncio.wait({call})
            assert await panel.count() == 0
        gc.collect()

    run(scenario)
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("fault", ["split", "coalesce"])
def test_what_a_connection_may_do_to_a_reply_is_borne(serve_panel, fault):
    async def scenario():
        async with serve_panel() as served:
            served.suffer(only(fault, 1.0))
            panel = panel_at(served.address, timeout_s=2)
            await panel.put(ENTRY)
            assert [card async for card in panel.cards()] == [ENTRY]
            assert served.fired[fault] == 3

    run(scenario)


@pytest.mark.parametrize("fault", ["stall", "hang_up", "reset", "reply_lost", "drop"])
def test_what_breaks_a_connection_is_asked_again_and_then_told(serve_panel, fault):
    async def scenario():
        async with serve_panel(seed=7) as served:
            panel = panel_at(served.address, tries_max=2)
            served.suffer(only(fault, 1.0))
            with pytest.raises(Unreachable, match="2 times"):
                await panel.put(ENTRY)
            assert served.fired[fault] == 2
            assert served.emulator.count() == (0 if fault == "drop" else 1)
            served.suffer(only(fault, 0.5))
            patient = panel_at(served.address, tries_max=30)
            for number in range(1, 6):
                await patient.put(CardEntry(number, ENTRY.opens, ENTRY.closes, (1, 1, 1, 1)))
            served.suffer(NONE)
            assert await panel.count() == (5 if fault == "drop" else 6)

    run(scenario)


@pytest.mark.parametrize("fault", ["garbage", "wrong_serial", "wrong_function"])
def test_what_is_not_the_answer_is_a_protocol_error(serve_panel, fault):
    async def scenario():
        async with serve_panel() as served:
            served.suffer(only(fault, 1.0))
            with pytest.raises(ProtocolError):
                await panel_at(served.address).put(ENTRY)
            served.suffer(NONE)
            assert await panel_at(served.address).count() == 1

    run(scenario)


@pytest.mark.parametrize("step", [1, 7, 32, 64, 100, 192])
def test_requests_are_answered_in_order_however_they_are_cut(serve_panel, step):
    asked = [encode.get_cards_request(SERIAL), encode.get_time_request(SERIAL), encode.get_cards_request(SERIAL)]

    async def scenario():
        async with serve_panel() as served:
            reader, writer = await asyncio.open_connection(*served.address)
            text = b"".join(map(bytes, asked))
            for begin in range(0, len(text), step):
                writer.write(text[begin : begin + step])
                await writer.drain()
            replies = [await reader.readexactly(64) for _ in asked]
            assert [reply[1] for reply in replies] == [0x58, 0x32, 0x58]
            writer.close()

    run(scenario)


def test_malformed_frames_are_passed_over(serve_panel):
    async def scenario():
        async with serve_panel() as served:
            reader, writer = await asyncio.open_connection(*served.address)
            writer.write(bytes(64) + b"\xff" * 64 + bytes(encode.get_cards_request(SERIAL + 1)))
            writer.write(bytes(encode.get_cards_request(SERIAL)))
            assert (await reader.readexactly(64))[1] == 0x58
            writer.close()

    run(scenario)


def test_one_who_asks_and_never_reads_is_broken_off(serve_panel):
    async def scenario():
        async with serve_panel() as served:
            _, writer = await asyncio.open_connection(*served.address)
            with pytest.raises(ConnectionError):
                for _ in range(200_000):
                    writer.write(bytes(encode.get_cards_request(SERIAL)) * 64)
                    await writer.drain()
            assert await panel_at(served.address, timeout_s=2).count() == 0

    run(scenario)


def test_connections_are_few_and_a_silent_one_ends(serve_panel, monkeypatch):
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", 3)
    monkeypatch.setattr(connections, "IDLE_S", 0.5)

    async def scenario():
        async with serve_panel() as served:
            held = [await asyncio.open_connection(*served.address) for _ in range(3)]
            with pytest.raises(Unreachable):
                await panel_at(served.address, timeout_s=0.2).count()
            assert [await reader.read() for reader, _ in held] == [b"", b"", b""]
            assert await panel_at(served.address, timeout_s=2).count() == 0
            for _, writer in held:
                writer.close()

    run(scenario)


def test_an_address_whose_tcp_side_is_taken_is_told(make):
    async def scenario():
        with socket.socket() as holder:
            holder.bind((HOST, 0))
            holder.listen()
            host, port = holder.getsockname()
            with pytest.raises(AddressTaken, match=f"a-1 cannot listen on {host}:{port}"):
                await serve("a-1", make, (host, port), _Even(), patience_s=0.2)

    run(scenario)


class _Even:
    """Chance that is no chance."""

    def random(self):
        return 0.5

    def randbytes(self, n):
        return bytes(n)
