"""What happened at a panel, how it stands now, and to whom it tells that by itself.

Listener and event index can be read back; that special events are recorded is acknowledged only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from devices.wg.verbs.asking import Asking, Four
from devices.wire import DeviceError, ProtocolError

OLDEST = 0
NEWEST = 0xFFFFFFFF
INTERVAL_MAX_S = 255
FIRE, FORCED = 0b01, 0b10

_NO_EVENT = 0x00
_OVERWRITTEN = 0xFF
_NOBODY: Four = (False, False, False, False)
_NOWHERE = IPv4Address(0)


@dataclass(frozen=True, slots=True)
class PanelStatus:
    """The state of a panel. `at` is its own clock, None where that shows no time; `event_index` its newest event.

    Of `relays` bit 0 is the lock of door 1 and so on; of `inputs` bit 0 is the fire input, bit 1 a lock that was forced
    (uhppoted, `get_status_record`). `doors_open` and `buttons` are by door; `sequence` counts what the panel sent.
    """

    at: datetime | None
    event_index: int
    relays: int
    inputs: int
    error: int
    doors_open: Four = _NOBODY
    buttons: Four = _NOBODY
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class PanelEvent:
    """Something that a panel kept. Where it is `overwritten`, nothing else is known of it.

    `status` is how doors, buttons, relays and inputs stood when the panel told of it by itself; None where it was asked.
    """

    index: int
    kind: int
    granted: bool
    door: int
    direction: int
    card: int
    at: datetime | None
    reason: int
    overwritten: bool = False
    status: PanelStatus | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a panel tells of events; port 0: nowhere. Every `interval_s` (0: never) it tells its state unasked."""

    address: IPv4Address = _NOWHERE
    port: int = 0
    interval_s: int = 0


class EventVerbs(Asking):
    """What a panel can be told and asked about what happens there."""

    async def status(self) -> PanelStatus:
        """The state of the panel."""
        told = await self._ask(self._client.get_status)
        return PanelStatus(self._shown(told), told.event_index, *state_of(told))

    async def event(self, index: int) -> PanelEvent | None:
        """The event of an index (0: the oldest, 0xFFFFFFFF: the newest); None where there is none."""
        told = await self._ask(self._client.get_event, index)
        if told.event_type == _NO_EVENT:
            return None
        if told.event_type == _OVERWRITTEN:
            return PanelEvent(index, _OVERWRITTEN, False, 0, 0, 0, None, 0, overwritten=True)
        if index not in (OLDEST, NEWEST, told.index):
            self._client.hang_up()
            raise ProtocolError(f"{self} was asked for event {index} and told of event {told.index}")
        return PanelEvent(
            told.index, told.event_type, told.access_granted, told.door, told.direction, told.card,
            self._utc(told.timestamp), told.reason,
        )  # fmt: skip

    async def event_index(self) -> int:
        """The index that was last set by `set_event_index`."""
        return (await self._ask(self._client.get_event_index)).event_index

    async def set_event_index(self, index: int) -> bool:
        """Keep an index on the panel; False where it was there already, or lies past the newest event."""
        return (await self._ask(self._client.set_event_index, index)).updated

    async def record_special_events(self, *, on: bool) -> None:
        """Keep, or do not keep, events of doors that open and close and of buttons. Acknowledged only."""
        await self._acknowledged("record special events", self._client.record_special_events, on)

    async def listener(self) -> Listener:
        """Where it tells of events."""
        told = await self._ask(self._client.get_listener)
        return Listener(told.address, told.port, told.interval)

    async def set_listener(self, listener: Listener) -> None:
        """Have it tell there. Readable by `listener`."""
        if (listener.address == _NOWHERE) != (listener.port == 0) or not 0 <= listener.port <= 0xFFFF:
            raise DeviceError(
                f"a listener has an address and a port, or neither, not {listener.address}:{listener.port}"
            )
        if not 0 <= listener.interval_s <= INTERVAL_MAX_S:
            raise DeviceError(f"a panel tells its state every 1 to {INTERVAL_MAX_S} s, not {listener.interval_s}")
        if listener.address.is_multicast or listener.address == IPv4Address(NEWEST):
            raise DeviceError(f"a listener is one machine, not {listener.address}")
        told = await self._ask(self._client.set_listener, listener.address, listener.port, listener.interval_s)
        self._agreed(told, "set its listener")

    def _shown(self, told: Any) -> datetime | None:
        if told.system_date is None or told.system_time is None:
            return None
        return self._utc(datetime.combine(told.system_date, told.system_time))


def state_of(told: Any) -> tuple[int, int, int, Four, Four, int]:
    """What a decoded status or event says after clock and index, in the order of `PanelStatus`."""
    return (
        told.relays, told.inputs, told.system_error,
        (told.door_1_open, told.door_2_open, told.door_3_open, told.door_4_open),
        (told.door_1_button, told.door_2_button, told.door_3_button, told.door_4_button),
        told.sequence_no,
    )  # fmt: skip
