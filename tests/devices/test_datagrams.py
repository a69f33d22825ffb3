"""Sockets that are kept for a while: what comes late over one never answers what is asked over another."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from devices.wg.connection import NotSent
from devices.wg.datagrams import FREE_MAX, LINE_S, Lines

HOST = "127.77.1.2"


def question(number: int, function: int = 0x5A, serial: int = 7) -> bytes:
    return bytes((0x17, function, 0, 0)) + serial.to_bytes(4, "little") + number.to_bytes(4, "little") + bytes(52)


class Panel(asyncio.DatagramProtocol):
    """Answers with what it was asked, unless told otherwise; remembers who asked from where."""

    def __init__(self) -> None:
        self.sources: list[Any] = []
        self.answers: Callable[[bytes], list[bytes]] = lambda asked: [asked]

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.sources.append(addr)
        for answer in self.answers(data):
            self.transport.sendto(answer, addr)


def run(scenario: Callable[[Lines, Panel], Awaitable[None]]) -> None:
    async def main() -> None:
        transport, panel = await asyncio.get_running_loop().create_datagram_endpoint(Panel, local_addr=(HOST, 0))
        with closing(transport):
            lines = Lines("{}:{}".format(*transport.get_extra_info("sockname")))
            await scenario(lines, panel)
            lines.hang_up()

    asyncio.run(main())


def test_questions_one_after_another_go_over_one_socket() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        for number in range(20):
            assert await lines.ask(question(number), 1) == question(number)
        assert len(set(panel.sources)) == 1

    run(scenario)


def test_questions_at_one_time_go_over_as_many_sockets_of_which_few_are_kept() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        asked = [question(number) for number in range(3 * FREE_MAX)]
        assert await asyncio.gather(*(lines.ask(one, 1) for one in asked)) == asked
        assert len(set(panel.sources)) == len(asked)
        await asyncio.gather(*(lines.ask(one, 1) for one in asked))
        assert len(set(panel.sources)) == 2 * len(asked) - FREE_MAX

    run(scenario)


def test_a_socket_without_an_answer_is_left_and_its_late_answer_finds_nobody() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        await lines.ask(question(1), 1)
        panel.answers = lambda _: []
        with pytest.raises(TimeoutError):
            await lines.ask(question(2), 0.05)
        panel.transport.sendto(question(2), panel.sources[-1])
        panel.answers = lambda asked: [asked]
        assert await lines.ask(question(3), 1) == question(3)
        assert panel.sources[-1] != panel.sources[0]

    run(scenario)


@pytest.mark.parametrize("strange", [question(1, function=0x5C), question(1, serial=8)])
def test_a_socket_that_brought_the_answer_of_another_is_left(strange: bytes) -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        panel.answers = lambda asked: [strange, asked]
        assert await lines.ask(question(1), 1) == strange
        panel.answers = lambda asked: [asked]
        assert await lines.ask(question(2), 1) == question(2)
        assert panel.sources[0] != panel.sources[1]

    run(scenario)


def test_what_is_no_frame_is_not_an_answer() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        panel.answers = lambda asked: [b"", asked[:63], asked + b"\0", bytes(4000), asked]
        assert await lines.ask(question(1), 1) == question(1)

    run(scenario)


def test_a_socket_ends_by_itself_and_a_new_one_follows() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        await lines.ask(question(1), 1)
        await asyncio.sleep(LINE_S + 0.1)
        await lines.ask(question(2), 1)
        assert panel.sources[0] != panel.sources[1]

    run(scenario)


def test_lines_serve_one_loop_after_another() -> None:
    lines: list[Lines] = []

    async def main() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Panel, local_addr=(HOST, 61_999))
        lines.append(lines[0] if lines else Lines(f"{HOST}:61999"))
        with closing(transport):
            assert await lines[0].ask(question(1), 1) == question(1)
        await asyncio.sleep(LINE_S + 0.1)

    asyncio.run(main())
    asyncio.run(main())


def test_who_gives_up_leaves_nothing_open() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        panel.answers = lambda _: []
        asking = asyncio.create_task(lines.ask(question(1), 5))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        panel.answers = lambda asked: [asked]
        assert await lines.ask(question(2), 1) == question(2)
        assert panel.sources[0] != panel.sources[1]

    run(scenario)


def test_a_closed_port_is_silence() -> None:
    async def main() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Panel, local_addr=(HOST, 0))
        address = "{}:{}".format(*transport.get_extra_info("sockname"))
        transport.close()
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await Lines(address).ask(question(1), 0.1)

    asyncio.run(main())


def test_what_has_no_answer_is_sent_and_its_socket_left() -> None:
    async def scenario(lines: Lines, panel: Panel) -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        def hear(asked: bytes) -> list[bytes]:
            heard.put_nowait(asked)
            return []

        panel.answers = hear
        await lines.tell(question(1, function=0x96))
        async with asyncio.timeout(1):
            assert await heard.get() == question(1, function=0x96)
        panel.answers = lambda asked: [asked]
        assert await lines.ask(question(2), 1) == question(2)
        assert panel.sources[0] != panel.sources[1]

    run(scenario)


def test_what_cannot_leave_is_told_apart_from_what_got_no_answer() -> None:
    async def main() -> None:
        lines = Lines(f"{HOST}:9")
        with no_more_files():
            with pytest.raises(NotSent):
                await lines.ask(question(1), 1)
            with pytest.raises(NotSent):
                await lines.tell(question(1))

    asyncio.run(main())


@contextmanager
def no_more_files() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_free = os.dup(0)
    os.close(next_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
