"""`uhppoted`'s client with its own codec and verbs, over wires of which every wait has a bound: its TCP time-out does not
cover connecting, and by UDP it opens a socket for each question.

Most of what a card takes to write and to read goes into its two dates, and most cards of a campus have the same. So the
library writes and reads what cards have alike once, and only what is each card's own for every card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from uhppoted import codec, decode, encode
from uhppoted.net import disambiguate
from uhppoted.uhppote_async import UhppoteAsync

from devices.wg import connection
from devices.wg.datagrams import Lines
from devices.wg.layout import FRAME_BYTES

ALIKE_MAX = 1_024
"""Sorts of cards, by dates and doors, that are remembered."""


class Client(UhppoteAsync):
    """Asks the panel at "host:port", and no other."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._lines = Lines(address)

    def hang_up(self) -> None:
        """Leave what is open; it is opened again by the next question."""
        self._lines.hang_up()

    async def get_card(self, controller: Any, card_number: int, timeout: float = 2.5) -> Any:  # noqa: ASYNC109 - its own signature
        """As the library's own."""
        serial, address, protocol = disambiguate(controller)
        request = encode.get_card_request(serial, card_number)
        return card_of(decode.get_card_response, await self._send(request, address, timeout, protocol))

    async def get_card_by_index(self, controller: Any, card_index: int, timeout: float = 2.5) -> Any:  # noqa: ASYNC109 - its own signature
        """As the library's own."""
        serial, address, protocol = disambiguate(controller)
        request = encode.get_card_by_index_request(serial, card_index)
        return card_of(decode.get_card_by_index_response, await self._send(request, address, timeout, protocol))

    async def put_card(
        self,
        controller: Any,
        card_number: int,
        start_date: Any,
        end_date: Any,
        door_1: int,
        door_2: int,
        door_3: int,
        door_4: int,
        pin: int,
        firstcard: Any = None,
        timeout: float = 2.5,  # noqa: ASYNC109 - as above
    ) -> Any:
        """As the library's own."""
        serial, address, protocol = disambiguate(controller)
        doors = (door_1, door_2, door_3, door_4)
        request = card_request(serial, card_number, start_date, end_date, doors, pin, firstcard)
        return decode.put_card_response(await self._send(request, address, timeout, protocol))

    async def set_firstcard(self, controller: Any, door: int, firstcard: Any, timeout: float = 2.5) -> Any:  # noqa: ASYNC109 - its own signature
        """As the library's own, which keeps to itself who answered."""
        serial, address, protocol = disambiguate(controller)
        request = encode.set_firstcard_request(serial, door, firstcard)
        return decode.set_firstcard_response(await self._send(request, address, timeout, protocol))

    async def _send(self, request: Any, dest_addr: Any, timeout: float, protocol: Any) -> Any:  # noqa: ASYNC109 - its own signature
        if protocol == "tcp":
            return await connection.ask(request, dest_addr, timeout)
        if request[1] == codec.SET_IPv4:
            return await self._lines.tell(request)
        return await self._lines.ask(request, timeout)


def card_of(decoded: Callable[[bytes], Any], reply: bytes | None) -> Any:
    """The card in a reply, as the library's `decoded` has it; None where there is no reply. Its `firstcard` is not to be
    altered: others share it. Raises what the library raises."""
    if reply is None:
        return None
    if len(reply) != FRAME_BYTES:
        return decoded(reply)
    alike = b"".join((reply[:4], bytes(8), reply[12:24], bytes(3), reply[27:]))
    return replace(
        _alike(decoded, alike),
        controller=decode.unpack_uint32(reply, 4),
        card_number=decode.unpack_uint32(reply, 8),
        pin=decode.unpack_pin(reply, 24),
    )


def card_request(
    serial: int, number: int, opens: date, closes: date, doors: tuple[int, int, int, int], pin: int,
    first: Mapping[int, bool] | None,
) -> bytearray:  # fmt: skip
    """What the library asks a panel with to put a card. Raises what the library raises."""
    request = bytearray(_card(opens, closes, doors, frozenset(first.items()) if first else None))
    encode.pack_uint32(serial, request, 4)
    encode.pack_uint32(number, request, 8)
    encode.pack_pin(pin, request, 24)
    return request


@lru_cache(ALIKE_MAX)
def _alike(decoded: Callable[[bytes], Any], frame: bytes) -> Any:
    return decoded(frame)


@lru_cache(ALIKE_MAX)
def _card(
    opens: date, closes: date, doors: tuple[int, int, int, int], first: frozenset[tuple[int, bool]] | None
) -> bytes:
    """What a request has to put a card with these dates and doors, whatever its number and PIN are."""
    return bytes(encode.put_card_request(0, 0, opens, closes, *doors, 0, None if first is None else dict(first)))
