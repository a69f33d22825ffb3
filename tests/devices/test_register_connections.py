"""A register's client on its connections: what it says, how often, over which, and what becomes of them when it gives up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

import pytest

from devices.register.client import CLOSE_S, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEADERS_MAX, Register
from devices.register.units import LockCard, Unit, write_unit
from devices.wire import ProtocolError, Unreachable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KERNEL_BYTES = 4096
"""So little waits on the way to a register that takes nothing in, that the rest waits in the client."""
UNIT = Unit("u-0001", "flat", None, ())


def reply(unit: str, etag: str, *headers: str) -> bytes:
    body = f'{{"id": "{unit}", "kind": "flat", "occupant": null, "cards": []}}'
    return "\r\n".join(
        ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", f'ETag: "{etag}"', *headers, "", body]
    ).encode()


@asynccontextmanager
async def asked(serve: Serve) -> AsyncGenerator[Register]:
    """A client of a register that does on each connection what `serve` says."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = socket.create_server(("127.75.1.4", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
    server = await asyncio.start_server(connected, sock=listening, limit=KERNEL_BYTES)
    client = Register("r-1", "{}:{}".format(*server.sockets[0].getsockname()))
    try:
        yield client
    finally:
        await client.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


def test_a_register_that_hangs_up_is_asked_twice_in_all() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n"))[:3])

    async def run() -> None:
        async with asked(serve) as client:
            for ask in (client.unit("u-0001"), client.put(UNIT, '"1"')):
                with pytest.raises(Unreachable, match="hangs up"):
                    await ask

    asyncio.run(run())
    assert heard == [b"GET", b"GET", b"PUT", b"PUT"]


def test_what_is_said_is_this_and_no_cookie_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.75.1.5:1")
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for etag in "12":
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(reply("u-0001", etag, "Set-Cookie: who=you; Path=/"))

    async def run() -> None:
        async with asked(serve) as client:
            await client.unit("u-0001")
            await client.put(UNIT, '"1"')

    asyncio.run(run())
    got, put = ([line.lower() for line in each.decode().split("\r\n")] for each in heard)
    assert (got[0], put[0]) == ("get /units/u-0001 http/1.1", "put /units/u-0001 http/1.1")
    always = {"accept: application/json", "accept-encoding: identity", "user-agent: foyer"}
    assert always < set(got)
    assert always | {'if-match: "1"', "content-type: application/json", "content-length: 31"} < set(put)
    assert not [line for line in got + put if line.startswith("cookie")]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one() -> None:
    def unit_of(head: bytes) -> str:
        return head.split()[1].decode().rpartition("/")[2]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            unit = unit_of(await reader.readuntil(b"\r\n\r\n"))
            writer.write(reply(unit, "new"))
            if unit == "u-0001":
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.write(reply("u-0002", "old"))

    async def run() -> None:
        async with asked(serve) as client:
            await client.unit("u-0001")
            await asyncio.sleep(0.1)
            assert (await client.unit("u-0002")).etag == '"new"'

    asyncio.run(run())


@pytest.mark.parametrize("headers", [["X: " + "a" * (HEAD_BYTES_MAX + 1)], ["X: a"] * (HEADERS_MAX + 1)], ids=range(2))
def test_a_head_without_end_is_not_read(headers: list[str]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply("u-0001", "1", *headers))
        await writer.drain()

    async def run() -> None:
        async with asked(serve) as client:
            with pytest.raises(ProtocolError) as error:
                await client.unit("u-0001")
            assert len(str(error.value)) < 400

    asyncio.run(run())


def test_many_verbs_share_few_connections() -> None:
    there: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.add(writer)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.01)
            writer.write(reply("u-0001", "1"))

    async def run() -> None:
        async with asked(serve) as client:
            await asyncio.gather(*(client.unit("u-0001") for _ in range(5 * CONNECTIONS_MAX)))
            assert len(there) == CONNECTIONS_MAX

    asyncio.run(run())


async def give_up(client: Register, large: Unit, how: str, there: asyncio.Event) -> None:
    verb = asyncio.create_task(client.put(large, '"1"'))
    await there.wait()
    await asyncio.sleep(0.3)
    if how == "cancelled":
        verb.cancel()
    elif how == "closed":
        async with asyncio.timeout(CLOSE_S + 0.5):
            await client.close()
    with pytest.raises((Unreachable, asyncio.CancelledError)):
        await verb


@pytest.mark.filterwarnings("ignore:Sending a large body")
@pytest.mark.parametrize(("how", "cards"), [("cancelled", 6_000), ("out of time", 6_000), ("closed", 60_000)])
def test_what_a_verb_given_up_had_still_to_send_never_arrives(how: str, cards: int) -> None:
    """The register takes nothing in until the verb is over; then it finds the beginning of it, and no more. The few cards
    wait in the kernel, the many in the client too."""
    card = LockCard(1, "per_1" * 12, date(2027, 3, 1), date(2027, 3, 2))
    large = Unit("u-0001", "flat", None, (card,) * cards)

    async def run() -> None:
        there, over, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        arrived = bytearray()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there.set()
            await over.wait()
            try:
                while part := await reader.read(KERNEL_BYTES):
                    arrived.extend(part)
            finally:
                gone.set()

        async with asked(serve) as client:
            await give_up(client, large, how, there)
            over.set()
            await gone.wait()
        assert len(arrived) < len(write_unit(large)) * 0.7

    asyncio.run(run())


@pytest.mark.parametrize("ask", [lambda one: one.unit("u-0001"), lambda one: one.put(UNIT, '"1"')], ids=["get", "put"])
def test_a_verb_under_way_when_its_client_closes_is_told_so(ask: Callable[[Register], Awaitable[object]]) -> None:
    heard = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        heard.set()
        await reader.read()

    async def run() -> None:
        async with asked(serve) as client:
            verb = asyncio.ensure_future(ask(client))
            await heard.wait()
            await client.close()
            with pytest.raises(Unreachable, match="hangs up"):
                await verb

    asyncio.run(run())
