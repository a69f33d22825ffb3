"""Tests reach this machine and no other."""

from __future__ import annotations

import asyncio
import socket

import pytest

ELSEWHERE = "192.0.2.1"  # TEST-NET-1: nobody's


def test_a_datagram_beyond_loopback_is_refused():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire, pytest.raises(AssertionError, match=ELSEWHERE):
        wire.sendto(b"x", (ELSEWHERE, 9))


def test_a_connection_beyond_loopback_is_refused():
    with socket.socket() as wire, pytest.raises(AssertionError, match=ELSEWHERE):
        wire.connect((ELSEWHERE, 9))


def test_a_name_is_not_looked_up():
    with pytest.raises(AssertionError, match=r"example\.invalid"):
        socket.getaddrinfo("example.invalid", 80)


def test_asyncio_is_refused_too():
    async def reach() -> None:
        await asyncio.open_connection(ELSEWHERE, 9)

    with pytest.raises(AssertionError, match=ELSEWHERE):
        asyncio.run(reach())


def test_loopback_is_reached():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
    ):
        there.bind(("127.3.2.1", 0))
        there.settimeout(5)
        here.sendto(b"x", there.getsockname())
        assert there.recv(1) == b"x"
