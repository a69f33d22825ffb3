"""A WG panel as typed verbs, over `uhppoted`'s async client, by UDP or TCP. Only `WireError`s leave this file.

Every reply's serial is checked, since the client lets another panel's pass; silence is asked again a bounded number of
times, which each verb here bears, save the act of opening a door. All sockets are opened through the running loop, and
none outlives a question that got no answer. The late copy of a request is the gateway's to guard against, by TCP as by
UDP: a connection keeps its own bytes in order, but each request has its own, and one that was given up may lie unread with
a panel that stalls.

A write is either readable, and then only reading it back proves it, or acknowledged only: each verb says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Address, IPv4Network

from devices.wg.verbs.asking import TIMEOUT_S, TRIES_MAX, MayHaveActed, Transport
from devices.wg.verbs.cards import CardEntry, CardVerbs
from devices.wg.verbs.doors import DoorMode, DoorVerbs, FirstCard
from devices.wg.verbs.events import EventVerbs, Listener, PanelEvent, PanelStatus
from devices.wg.verbs.profiles import ProfileVerbs, TimeProfile
from devices.wg.verbs.tasks import Task, TaskKind, TaskVerbs
from devices.wire import DeviceError, ProtocolError, Unreachable

__all__ = [
    "TIMEOUT_S", "TRIES_MAX", "CardEntry", "DoorMode", "FirstCard", "Listener", "MayHaveActed", "Panel", "PanelEvent",
    "PanelIdentity", "PanelStatus", "Task", "TaskKind", "TimeProfile", "Transport",
]  # fmt: skip

_NOWHERE = IPv4Address(0)


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """What a panel says about itself."""

    serial: int
    mac: str
    version: str
    built: date | None
    address: IPv4Address
    netmask: IPv4Address = _NOWHERE
    gateway: IPv4Address = _NOWHERE


class Panel(CardVerbs, DoorVerbs, ProfileVerbs, TaskVerbs, EventVerbs):
    """One panel: its cards, doors, time profiles, tasks and events, and what concerns it as a whole."""

    async def identity(self) -> PanelIdentity:
        """Who answers."""
        told = await self._ask(self._client.get_controller)
        return PanelIdentity(
            told.controller, told.mac_address, told.version, told.date, told.ip_address, told.subnet_mask, told.gateway
        )

    async def time(self) -> datetime:
        """What the panel's clock shows, in UTC, to the second."""
        return self._clock((await self._ask(self._client.get_time)).datetime)

    async def set_time(self, at: datetime) -> datetime:
        """Put the clock; returns what it shows now. The panel drops parts of a second. Readable by `time`."""
        return self._clock((await self._ask(self._client.set_time, at.astimezone(self._zone))).datetime)

    async def set_address(self, address: IPv4Address, netmask: IPv4Address, gateway: IPv4Address = _NOWHERE) -> None:
        """Give the panel another address; gateway 0.0.0.0: none. Nobody answers this: `identity`, asked at the new address,
        tells whether it was heard. Sent once. Raises `DeviceError`, and `Unreachable` where it was not sent."""
        _check_address(address, netmask, gateway)
        try:
            await self._client.set_ip(self._controller, address, netmask, gateway, timeout=self._timeout_s)
        except (OSError, EOFError, RuntimeError) as error:
            raise Unreachable(f"{self} was not told its address: {error}") from None
        self.close()

    async def restore_defaults(self) -> None:
        """Make it as it left the factory: cards, events, listener, passcodes and its address are gone, all doors are
        controlled (uhppoted/uhppote-simulator `restore_default_parameters.go`). Acknowledged only."""
        await self._acknowledged("restore its defaults", self._client.restore_default_parameters)

    def _clock(self, local: datetime | None) -> datetime:
        shown = self._utc(local)
        if shown is None:
            raise ProtocolError(f"the clock of {self} shows no time")
        return shown


def _check_address(address: IPv4Address, netmask: IPv4Address, gateway: IPv4Address) -> None:
    """A panel under an address that nobody can reach is lost until somebody goes there."""
    try:
        network = IPv4Network(f"{address}/{netmask}", strict=False)
    except ValueError:
        raise DeviceError(f"{netmask} is no netmask") from None
    if network.netmask != netmask:
        raise DeviceError(f"{netmask} is no netmask")
    if not 8 <= network.prefixlen <= 30 or address in (network.network_address, network.broadcast_address):
        raise DeviceError(f"no panel can have the address {address} with the netmask {netmask}")
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        raise DeviceError(f"no panel can have the address {address}")
    if gateway != _NOWHERE and (gateway not in network or gateway == address):
        raise DeviceError(f"from {address} with the netmask {netmask} no gateway {gateway} can be reached")
