"""How a panel is asked: what every verb shares. Only `WireError`s leave it.

Three ways. What a panel bears to be told twice is asked again after silence. What it cannot be asked about afterwards is
asked over a fresh socket, so that no late copy of another answer passes for its acknowledgement. An act is sent once.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Any, Literal

from uhppoted.errors import InvalidResponse

from devices.wg.client import Client
from devices.wg.connection import NotSent
from devices.wire import DeviceError, ProtocolError, Unreachable, WireError

TIMEOUT_S = 0.5
TRIES_MAX = 3
YEAR_MIN, YEAR_MAX = 2000, 2099
INSTANTS_MAX = 4_096
"""Instants that are remembered in UTC: in a burst, many panels tell of the same second."""

Transport = Literal["udp", "tcp"]
Four = tuple[bool, bool, bool, bool]
Week = tuple[bool, bool, bool, bool, bool, bool, bool]
"""Monday first."""

_UNREADABLE = (ValueError, TypeError, LookupError, OverflowError, struct.error, InvalidResponse)


class MayHaveActed(WireError):
    """An act was sent once, and nothing came back that says whether it was done: it may have been, or may yet be. So it is
    not `Unreachable`: whoever sends it again may do it twice."""


class Asking:
    """One panel at "host:port". `zone` is where it hangs: the panel keeps local time, the verbs speak UTC.

    Each try may take `timeout_s`, and there are at most `tries_max` of them. Every verb raises `Unreachable` after
    that, and `ProtocolError` for an answer that is not the panel's, or none at all. `unanswered` counts the tries that
    no answer came to. `cards_max` is how many cards it holds, where that is known.
    """

    def __init__(
        self,
        serial: int,
        address: str,
        *,
        timeout_s: float = TIMEOUT_S,
        tries_max: int = TRIES_MAX,
        cards_max: int | None = None,
        zone: tzinfo = UTC,
        transport: Transport = "udp",
    ) -> None:
        self.serial = serial
        self.address = address
        self.unanswered = 0
        self._timeout_s = timeout_s
        self._tries_max = tries_max
        self._cards_max = cards_max
        self._zone = zone
        self._controller = (serial, address, transport)
        self._client = Client(address)

    def close(self) -> None:
        """Leave nothing open. Whoever asks again opens it anew."""
        self._client.hang_up()

    def __str__(self) -> str:
        return f"panel {self.serial} at {self.address}"

    async def _ask(self, verb: Callable[..., Awaitable[Any]], *told: Any) -> Any:
        why = "no answer"
        for _ in range(self._tries_max):
            try:
                return await self._once(verb, *told)
            except TimeoutError:
                pass
            except EOFError:
                why = "it closes the connection without an answer"
            except (OSError, RuntimeError) as error:
                why = str(error)
            self.unanswered += 1
        raise Unreachable(f"{self}: {why} within {self._timeout_s:g} s, {self._tries_max} times")

    async def _acknowledged(self, what: str, verb: Callable[..., Awaitable[Any]], *told: Any) -> None:
        """Tell the panel something that cannot be read back. Raises `DeviceError` where it says no."""
        self._client.hang_up()
        self._agreed(await self._ask(verb, *told), what)

    async def _act(self, what: str, verb: Callable[..., Awaitable[Any]], *told: Any) -> None:
        """Tell the panel once. Raises `DeviceError` where it says no, `Unreachable` where nothing was sent, and else
        `MayHaveActed`."""
        self._client.hang_up()
        try:
            reply = await self._once(verb, *told)
        except NotSent as error:
            self.unanswered += 1
            raise Unreachable(f"{self} was not told to {what}: {error}") from None
        except (OSError, EOFError, RuntimeError) as error:
            self.unanswered += 1
            why = str(error) or "no answer"
            raise MayHaveActed(f"{self} was told once to {what}, and may have done it: {why}") from None
        except ProtocolError as error:
            raise MayHaveActed(f"{self} was told once to {what}, and may have done it: {error}") from None
        self._agreed(reply, what)

    async def _once(self, verb: Callable[..., Awaitable[Any]], *told: Any) -> Any:
        try:
            reply = await verb(self._controller, *told, timeout=self._timeout_s)
        except OSError:
            raise
        except _UNREADABLE as error:
            raise ProtocolError(f"{self} sent an answer that cannot be read: {error}") from None
        if reply is None:
            raise ProtocolError(f"{self} sent an answer that cannot be read")
        if reply.controller != self.serial:
            raise ProtocolError(f"{self} answered as panel {reply.controller}")
        return reply

    def _agreed(self, reply: Any, what: str) -> None:
        """Replies to writes hold the serial, and then whether it was done, under a name of each its own."""
        done = next(getattr(reply, name) for name in _SAID_YES if hasattr(reply, name))
        if not done:
            raise DeviceError(f"{self} refuses to {what}")

    def _utc(self, local: datetime | None) -> datetime | None:
        return in_utc(local, self._zone)


_SAID_YES = ("ok", "stored", "deleted", "added", "refreshed", "cleared", "reset", "opened", "updated")


@lru_cache(INSTANTS_MAX)
def in_utc(local: datetime | None, zone: tzinfo) -> datetime | None:
    """A panel's local time in UTC; None where there is none, or one of a year that no panel can mean."""
    if local is None or not YEAR_MIN <= local.year <= YEAR_MAX:
        return None
    return local.replace(tzinfo=zone).astimezone(UTC)


def checked_door(door: int) -> int:
    """A door that a panel has. Raises `DeviceError`."""
    if not 1 <= door <= 4:
        raise DeviceError(f"a panel has doors 1 to 4, not {door}")
    return door


def check_day(day: date | None) -> None:
    """Raises `DeviceError` for a date that a panel refuses, or takes for another."""
    if day is None or not YEAR_MIN <= day.year <= YEAR_MAX:
        raise DeviceError(f"a panel cannot hold the date {day}: it takes years {YEAR_MIN} to {YEAR_MAX}")


def check_days(opens: date | None, closes: date | None) -> None:
    """Raises `DeviceError` for a pair of dates, both inclusive, of which there is no day."""
    check_day(opens)
    check_day(closes)
    if opens is not None and closes is not None and closes < opens:
        raise DeviceError(f"what ends on {closes} cannot begin on {opens}")


def check_minute(at: time | None) -> None:
    """Raises `DeviceError` for a time of day that a panel would cut: it holds hours and minutes, without a zone."""
    if at is None or at.second or at.microsecond or at.tzinfo is not None:
        raise DeviceError(f"a panel holds whole minutes of its own local time, not {at}")


def check_week(weekdays: Sequence[bool]) -> None:
    """Raises `DeviceError` unless there is a yes or no for each day, Monday first."""
    if len(weekdays) != 7:
        raise DeviceError(f"a week has 7 days, not {len(weekdays)}")
