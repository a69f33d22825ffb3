"""The control port of an emulated device, both ends: a JSON object a line each way, on loopback only.

It is for hands, tests and demonstrations; nothing that a real panel could not offer goes to the hub through it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from devices.wg.acts import Message, perform
from devices.wire import DeviceError, ProtocolError, Unreachable

REQUEST_BYTES_MAX = 64 << 10
REPLY_BYTES_MAX = 1 << 20
IDLE_S = 60.0
CLOSE_S = 1.0
CONNECTIONS_MAX = 64

Address = tuple[str, int]


async def act(address: str, act: str, *, timeout_s: float = 5.0, **told: Any) -> dict[str, Any]:
    """Do something to the panel whose control port is at `address` ("host:port"), and return what came of it.

    Raises `Unreachable` where nothing listens there, `DeviceError` where the act cannot be done, `ProtocolError`.
    """
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Unreachable(f"{address!r} is not an address of the form host:port")
    try:
        async with asyncio.timeout(timeout_s):
            line = await _exchange(host, int(port), json.dumps({"act": act} | told).encode() + b"\n")
    except TimeoutError:
        raise Unreachable(f"the emulator at {address} did not answer within {timeout_s:g} s") from None
    except OSError as error:
        raise Unreachable(f"no emulator can be reached at {address} ({error.strerror or error})") from None
    except ValueError:
        raise ProtocolError(f"the emulator at {address} answered with too long a line") from None
    return _understood(line, address)


async def _exchange(host: str, port: int, line: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, limit=REPLY_BYTES_MAX)
    try:
        writer.write(line)
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()


def _understood(line: bytes, address: str) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise ProtocolError(f"what answers at {address} is no emulator's control port")
    if "error" in reply:
        raise DeviceError(str(reply["error"]))
    return reply


class ControlServer:
    """Listens for acts on one device; `do` is what its kind makes of a message, at once or after a while."""

    def __init__(self, device: Any, do: Callable[[Any, Message], Message | Awaitable[Message]] = perform) -> None:
        self._device = device
        self._do = do
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.address: Address = ("", 0)

    async def start(self, address: Address) -> None:
        """Listen. Raises OSError, and ValueError for an address that is not on loopback."""
        if not ip_address(address[0]).is_loopback:
            raise ValueError(f"a control port listens on loopback only, not on {address[0]}")
        self._server = await asyncio.start_server(self._serve, *address, limit=REQUEST_BYTES_MAX)
        self.address = self._server.sockets[0].getsockname()

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            with suppress(TimeoutError):
                # From Python 3.12 on this waits for everyone who is still connected.
                await asyncio.wait_for(self._server.wait_closed(), CLOSE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= CONNECTIONS_MAX:
            writer.close()
            return
        self._open.add(writer)
        try:
            while line := await asyncio.wait_for(reader.readline(), IDLE_S):
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except ValueError:
            writer.write(b'{"error":"the line is too long"}\n')
        except (TimeoutError, OSError):
            pass  # Who hangs up or falls asleep is owed nothing.
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> Message:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            return {"error": "a line must be one JSON object"}
        try:
            done = self._do(self._device, message)
            return done if isinstance(done, dict) else await done
        except (ValueError, OSError) as error:
            return {"error": str(error)}
