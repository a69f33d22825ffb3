"""`uhppoted`'s client with its own codec and verbs, over wires of which every wait has a bound: its TCP time-out does not
cover connecting, and by UDP it opens a socket for each question."""

from __future__ import annotations

from typing import Any

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

    async def _send(self, request: Any, dest_addr: Any, timeout: float, protocol: Any) -> Any:  # noqa: ASYNC109 - its own signature
        if protocol == "tcp":
            return await connection.ask(request, dest_addr, timeout)
        return await self._lines.ask(request, timeout)
