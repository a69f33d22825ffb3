"""What an emulated panel serves by UDP, against a bare asyncio echo of the same frames: both in a process of their own,
asked by plain sockets that keep some questions in flight, so that whoever answers is what takes the time."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date

from uhppoted import encode

from bench.ground import Figure, panels

QUESTIONS = 20_000
ROUNDS = 5
IN_FLIGHT = 32
CARDS = 200
FIRST_CARD = 50_000_001
ANSWER_S_MAX = 5.0
READ_BYTES = 2_048
RATIO_MAX = 2.0
ECHO = """
import asyncio, sys

class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)

async def serve():
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.80.1.1", 0))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


def measure() -> list[Figure]:
    """Both in turns; the median of each."""
    ours: list[float] = []
    theirs: list[float] = []
    with panels() as wires, _echo() as echo:
        wire = wires[0]
        host, _, port = wire.address.rpartition(":")
        asked = _questions(wire.serial)
        for _ in range(ROUNDS):
            ours.append(_asked((host, int(port)), asked))
            theirs.append(_asked(echo, asked))
    emulator, bare = statistics.median(ours), statistics.median(theirs)
    return [
        Figure(
            "an emulated panel: time for the same frames (2 × is half as many)", emulator / bare, "×", RATIO_MAX,
            f"a bare asyncio echo: {QUESTIONS / bare:.0f} frames a second; put, read and take out cards in turn",
        ),
        Figure("an emulated panel: frames a second", QUESTIONS / emulator, "/s", None, f"{IN_FLIGHT} in flight"),
    ]  # fmt: skip


def _questions(serial: int) -> list[bytes]:
    opens, closes = date(2027, 1, 1), date(2027, 12, 31)
    found: list[bytes] = []
    for nth in range(QUESTIONS):
        number = FIRST_CARD + nth // 3 % CARDS
        if nth % 3 == 0:
            found.append(bytes(encode.put_card_request(serial, number, opens, closes, 1, 0, 1, 0, 0)))
        elif nth % 3 == 1:
            found.append(bytes(encode.get_card_request(serial, number)))
        else:
            found.append(bytes(encode.delete_card_request(serial, number)))
    return found


def _asked(to: tuple[str, int], questions: Sequence[bytes]) -> float:
    """Seconds until all were answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ANSWER_S_MAX)
        sock.connect(to)
        began = time.perf_counter()
        for question in questions[:IN_FLIGHT]:
            sock.send(question)
        for question in questions[IN_FLIGHT:]:
            sock.recv(READ_BYTES)
            sock.send(question)
        for _ in questions[:IN_FLIGHT]:
            sock.recv(READ_BYTES)
        return time.perf_counter() - began


@contextmanager
def _echo() -> Generator[tuple[str, int]]:
    process = subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise AssertionError("the echo has no voice")
    try:
        yield "127.80.1.1", int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
