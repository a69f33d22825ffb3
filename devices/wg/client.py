"""`uhppoted`'s client with its own codec and verbs, over wires of which every wait has a bound: its TCP time-out does not
cover connecting, and by UDP it opens a socket for each question."""

from __future__ import annotations

from typing import Any

from uhppoted import codec, decode, encode
from uhppoted.net import disambiguate
from uhppoted.uhppote_async import UhppoteAsync

from devices.wg import connection
from devices.wg.datagrams import Lines


class Client(UhppoteAsync):
    """Asks the panel at "host:port", and no other."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._lines = Lines(address)

    def hang_up(self) -> None:
        """Leave what is open; it is opened again by the next question."""
        self._lines.hang_up()

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
