"""A register's client: what it makes of answers, good and bad, on real sockets; and the emulator's connections."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clock import SystemClock
from devices.register import connection
from devices.register.client import GET_S, UNIT_BYTES_MAX, Conflict, Malformed, NoSuchUnit, Register, Stale
from devices.register.emulator import BODY_BYTES_MAX, RegisterEmulator
from devices.register.faults import NONE, Faults
from devices.register.served import ServedRegister, serve_register
from devices.register.units import LockCard, Occupant, Unit, read_about, read_page, read_unit, write_unit
from devices.wg.control import act
from devices.wg.memory import Journal
from devices.wg.served import AddressTaken
from devices.wire import DeviceError, Failing, ProtocolError, Unreachable, WireError

ANNE = Occupant("per_1", date(2027, 3, 1), None)
UNITS = [f"u-{n:04}" for n in range(1, 1201)]


@asynccontextmanager
async def served(
    path: Path | None = None, port: int = 0, **told: Any
) -> AsyncGenerator[tuple[ServedRegister, Register]]:
    chance = random.Random(1)

    def emulator() -> RegisterEmulator:
        journal = None if path is None else Journal(path)
        return RegisterEmulator("r-1", "flat", UNITS, SystemClock(), lambda: chance.randbytes(4).hex(), journal=journal)

    there = await serve_register("flats", emulator, ("127.75.1.1", port), chance, control=("127.75.1.1", 0), **told)
    client = Register("r-1", "{}:{}".format(*there.address))
    try:
        yield there, client
    finally:
        await client.close()
        await there.close()


def on(test: Callable[[ServedRegister, Register], Awaitable[None]]) -> None:
    async def run() -> None:
        async with served() as (there, client):
            await test(there, client)

    asyncio.run(run())


def test_what_is_put_is_read() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        held = await client.unit("u-0001")
        assert held.unit == Unit("u-0001", "flat", None, ())
        card = LockCard(7, "per_1", date(2027, 3, 1), date(2027, 3, 31))
        put = await client.put(Unit("u-0001", "flat", ANNE, (card,)), held.etag)
        assert await client.unit("u-0001") == put
        assert put.unit == Unit("u-0001", "flat", ANNE, (card,))
        about = await client.about()
        assert (about.id, about.change) == ("r-1", 1)
        assert [held.unit.id async for held in client.units()] == UNITS

    on(test)


def test_each_no_is_told_apart() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        held = await client.unit("u-0001")
        put = await client.put(Unit("u-0001", "flat", ANNE, ()), held.etag)
        with pytest.raises(Stale):
            await client.put(put.unit, held.etag)
        with pytest.raises(Conflict) as conflict:
            await client.put(Unit("u-0001", "flat", Occupant("per_2", ANNE.opens, None), ()), put.etag)
        assert conflict.value.what == "occupied"
        with pytest.raises(NoSuchUnit):
            await client.unit("u-9")
        with pytest.raises(Malformed):
            await client.put(Unit("u-0001", "flat", Occupant("per_1", ANNE.opens, date(2026, 1, 1)), ()), put.etag)

    on(test)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(silent=1.0), Unreachable),
        (Faults(late=1.0, delay_s=3 * GET_S), Unreachable),
        (Faults(off=True), Unreachable),
        (Faults(reply_lost=1.0), Unreachable),
        (Faults(cut=1.0), Unreachable),
        (Faults(status=500), Failing),
        (Faults(status=503), Failing),
        (Faults(status=429), Failing),
        (Faults(status=403), DeviceError),
        (Faults(status=404), ProtocolError),
        (Faults(status=301), ProtocolError),
        (Faults(status=409), Conflict),
        (Faults(status=412), Stale),
        (Faults(status=422), Malformed),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_each_trouble_is_an_error_of_the_wire_in_time_and_the_next_verb_works(
    faults: Faults, error: type[WireError]
) -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        there.suffer(faults)
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(error):
            await client.unit("u-0001")
        assert loop.time() - began < 2 * GET_S
        there.suffer(NONE)
        assert (await client.unit("u-0001")).unit.id == "u-0001"

    on(test)


def test_garbage_raises_errors_of_the_wire_only() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        there.suffer(Faults(garbage=1.0))
        for n in range(40):
            with pytest.raises(WireError):
                await (client.unit("u-0001") if n % 2 else client.about())
        assert there.fired["garbage"] >= 40

    on(test)


def test_a_put_whose_reply_was_lost_is_found_by_its_tag() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        held = await client.unit("u-0001")
        there.suffer(Faults(reply_lost=1.0))
        with pytest.raises(WireError):
            await client.put(Unit("u-0001", "flat", ANNE, ()), held.etag)
        there.suffer(NONE)
        with pytest.raises(Stale):
            await client.put(Unit("u-0001", "flat", ANNE, ()), held.etag)
        assert (await client.unit("u-0001")).unit.occupant == ANNE

    on(test)


def test_a_connection_that_was_closed_while_idle_is_no_trouble() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        await client.unit("u-0001")
        there.restart(keep_memory=True)
        assert (await client.unit("u-0002")).unit.id == "u-0002"

    on(test)


def test_connections_are_kept_and_reused() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        for _ in range(20):
            await client.unit("u-0001")
        assert len(there._open) == 1

    on(test)


async def answered(raw: bytes, act: Callable[[Register], Awaitable[object]]) -> None:
    """Let a client ask a server that answers these bytes to whatever it hears."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.75.1.2", 0)
    client = Register("r-1", "{}:{}".format(*server.sockets[0].getsockname()))
    try:
        await act(client)
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


def reply(body: bytes, *headers: str) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


UNIT = b'{"id": "u-0001", "kind": "flat", "occupant": null, "cards": []}'


@pytest.mark.parametrize(
    "raw",
    [
        b"SMTP hello\r\n\r\n",
        reply(UNIT),
        reply(UNIT, 'ETag: W/"1"'),
        reply(UNIT, "ETag: 1"),
        reply(UNIT.replace(b"u-0001", b"u-0002"), 'ETag: "1"'),
        reply(UNIT.replace(b"null", b'{"ref": "a", "from": "2027-03-01T00:00", "to": null}'), 'ETag: "1"'),
        reply(b" " * (UNIT_BYTES_MAX + 1), 'ETag: "1"'),
        reply(UNIT, 'ETag: "1"', "Content-Encoding: gzip"),
        b"HTTP/1.1 302 Found\r\nLocation: http://127.75.1.3/\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=range(9),
)
def test_what_no_register_says_is_a_protocol_error(raw: bytes) -> None:
    async def ask(client: Register) -> None:
        with pytest.raises(ProtocolError):
            await client.unit("u-0001")

    asyncio.run(answered(raw, ask))


def test_a_register_that_keeps_its_tag_over_a_change_is_not_trusted() -> None:
    async def ask(client: Register) -> None:
        with pytest.raises(ProtocolError, match="late messages"):
            await client.put(Unit("u-0001", "flat", None, ()), '"1"')

    asyncio.run(answered(reply(UNIT, 'ETag: "1"'), ask))


def test_nobody_there_is_unreachable() -> None:
    async def run() -> None:
        client = Register("r-1", "127.75.1.9:9")
        with pytest.raises(Unreachable, match=r"127\.75\.1\.9:9"):
            await client.about()
        await client.close()

    asyncio.run(run())


def test_a_list_that_goes_in_circles_or_backwards_is_refused() -> None:
    def page(*units: str, after: str | None = None) -> bytes:
        told = [{"id": unit, "kind": "flat", "occupant": None, "cards": [], "etag": '"1"'} for unit in units]
        return json.dumps({"units": told, "next": after}).encode()

    assert read_page(page("a", "b", after="b"), "").next == "b"
    for wrong, asked in ((page("b", "a"), ""), (page("a"), "a"), (page("a", after="c"), ""), (page(after="a"), "")):
        with pytest.raises(ProtocolError):
            read_page(wrong, asked)


KEYS = st.sampled_from(["id", "kind", "occupant", "cards", "units", "next", "ref", "from", "change", "started"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=10
)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing but a `ProtocolError` comes of it; the one page that chance may write is an empty one."""
    for read in (read_about, lambda told: read_unit(told, '"1"', "u-0001"), lambda told: read_page(told, "").units):
        try:
            assert read(body) == ()
        except ProtocolError:
            continue


DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))
REFS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=64)


@given(
    st.none() | st.builds(Occupant, REFS, DAYS, st.none()),
    st.lists(st.builds(LockCard, st.integers(1, 1 << 40), REFS, DAYS, DAYS)),
)
def test_what_is_written_is_read_again(occupant: Occupant | None, cards: list[LockCard]) -> None:
    unit = Unit("u-0001", "flat", occupant, tuple(cards))
    body = json.dumps(json.loads(write_unit(unit)) | {"id": unit.id, "kind": unit.kind}).encode()
    assert read_unit(body, '"1"', "u-0001").unit == unit


# The emulator's connections


async def talk(there: ServedRegister, *parts: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*there.address)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    told = await reader.read()
    writer.close()
    return told


def test_requests_are_heard_byte_by_byte_and_many_at_once() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        raw = b"GET /units/u-0001 HTTP/1.1\r\nHost: x\r\n\r\n"
        whole = await talk(there, raw)
        assert b"200 OK" in whole
        assert b'"occupant": null' in whole
        assert await talk(there, *(raw[i : i + 1] for i in range(len(raw)))) == whole
        assert await talk(there, raw + raw + raw) == whole * 3

    on(test)


def test_what_is_no_request_is_told_so_and_too_long_a_body_too() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        assert b" 400 " in await talk(there, b"\x17\x94 nonsense\r\n\r\n")
        put = b"PUT /units/u-0001 HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nContent-Length: 99999999\r\n\r\n"
        assert b" 413 " in await talk(there, put + b" " * (BODY_BYTES_MAX + 1))
        body = b'{"occupant": null, "cards": []}'
        head = f"PUT /units/u-0001 HTTP/1.1\r\nHost: x\r\nIf-Match: *\r\nContent-Length: {len(body)}\r\n".encode()
        told = await talk(there, head + b"Expect: 100-continue\r\n\r\n", body)
        assert told.startswith(b"HTTP/1.1 100 ")
        assert b"200 OK" in told
        assert await client.unit("u-0001")

    on(test)


def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_S", 0.05)

    async def test(there: ServedRegister, client: Register) -> None:
        reader, writer = await asyncio.open_connection(*there.address)
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()

    on(test)


def test_head_and_conditional_get_over_the_wire() -> None:
    async def test(there: ServedRegister, client: Register) -> None:
        async with httpx2.AsyncClient(base_url="http://{}:{}".format(*there.address), trust_env=False) as bare:
            head = await bare.head("/units/u-0001")
            assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(UNIT)))
            got = await bare.get("/units/u-0001", headers={"if-none-match": head.headers["etag"]})
            assert (got.status_code, got.content) == (304, b"")
            assert (await bare.get("/units/u-0001")).content == UNIT

    on(test)


def test_hands_on_the_control_port(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path / "r.jsonl") as (there, client):
            assert there.control_address is not None
            control = "{}:{}".format(*there.control_address)
            occupant = {"ref": "stranger", "from": "2027-01-01", "to": None}
            await act(control, "put", unit="u-0001", occupant=occupant)
            held = await client.unit("u-0001")
            assert held.unit.occupant == Occupant("stranger", date(2027, 1, 1), None)
            assert (await act(control, "unit", unit="u-0001"))["occupant"] == occupant
            await act(control, "faults", status=503, times=1)
            with pytest.raises(Failing):
                await client.unit("u-0001")
            assert await client.unit("u-0001") == held
            look = await act(control, "look")
            assert (look["occupied"], look["change"], look["units"]) == (1, 1, 1200)
            assert (await act(control, "restart", keep_memory=True))["change"] == 1
            assert await client.unit("u-0001") == held
            assert (await act(control, "restart", keep_memory=False))["change"] == 0
            assert (await client.unit("u-0001")).unit.occupant is None
            wrong: list[tuple[str, dict[str, Any]]] = [
                ("swipe", {}), ("put", {}), ("put", {"unit": "u-9"}), ("put", {"unit": "u-0001", "occupant": 7}),
                ("faults", {"status": 299}), ("faults", {"late": 2}), ("faults", {"lat": 1}),
                ("restart", {}), ("restart", {"keep_memory": 1}),
            ]  # fmt: skip
            for name, told in wrong:
                with pytest.raises(DeviceError):
                    await act(control, name, **told)

    asyncio.run(run())


def test_a_taken_address_is_one_clear_sentence() -> None:
    async def run() -> None:
        async with served() as (there, _):
            with pytest.raises(AddressTaken, match=r"flats.* cannot listen on 127\.75\.1\.1"):
                async with served(port=there.address[1], patience_s=0.1):
                    pytest.fail("served on an address that is taken")

    asyncio.run(run())
