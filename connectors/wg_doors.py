"""WG / UHPPOTE door panels: rights become one card record per card, the campus's conditions what a panel is set to.

What the panel can be asked for is read back; what it cannot is acknowledged, and sent again from time to time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors import wg_fixtures, wg_keys
from connectors.contract import (
    ACT_UNKNOWN,
    MAY_HAVE_ACTED,
    RETRY_S,
    Act,
    Compiled,
    Conditions,
    Done,
    Fingerprint,
    Heard,
    Holder,
    Later,
    Mark,
    Outcome,
    Record,
    Refused,
    Reported,
    Settings,
    later,
)
from connectors.wg_cards import RANK_CARD, Cards, exposed_until
from connectors.wg_keys import Keys, kind_of, number_of
from connectors.wg_passages import heard, passages
from connectors.wg_settings import DOORS, WgSettings
from devices.wg.panel import MayHaveActed, Panel, PanelEvent
from devices.wire import DeviceError, Unreachable, WireError

__all__ = ["DOORS", "RANK_CARD", "TIMEOUT_S", "TRIES_MAX", "PanelOf", "WgDoors", "WgSettings", "panel_of"]

CARD_NUMBER_MAX = 0xFFFFFFFE
TIMEOUT_S = 0.5
TRIES_MAX = 3

REFUSED_FULL = "The panel's card list is full. Take cards off it that nobody needs, or use a panel with more room."
REFUSED_BY_PANEL = "The panel refuses this card. Read the panel and compare its model with the campus file."
REFUSED_NUMBER = "A panel cannot hold this card number: it takes 1 to 4294967294. Give the person another card."
REFUSED_DELETE = "The panel refuses to delete this card. Read the panel and compare its model with the campus file."
REFUSED_SETTING = "The panel refuses this setting. Compare its model with what the campus file says of it."
REFUSED_ACT = "The panel refuses to open this door. See what it is set to, and whether it has this door."

PanelOf = Callable[[WgSettings, ZoneInfo], Panel]


def panel_of(settings: WgSettings, zone: ZoneInfo) -> Panel:
    """The panel that these settings speak of, on the real network."""
    return Panel(
        settings.serial, settings.address, timeout_s=TIMEOUT_S, tries_max=TRIES_MAX, zone=zone,
        transport=settings.transport,
    )  # fmt: skip


class WgDoors:
    """One panel."""

    kind: ClassVar[str] = "wg"
    Settings: ClassVar[type[Settings]] = WgSettings
    sees: ClassVar[frozenset[str]] = frozenset()
    settle_s: ClassVar[float] = 5.0

    def __init__(self, settings: WgSettings, zone: ZoneInfo, panel: PanelOf = panel_of) -> None:
        self._settings = settings
        self._zone = zone
        self._panel = panel(settings, zone)
        self._cards = Cards(settings.doors)
        self._keys = Keys(self._panel, settings.doors)

    @property
    def verb_s_max(self) -> float:
        """Every try may use its whole time-out, and a no is asked about once."""
        return TIMEOUT_S * (TRIES_MAX + 1)

    @property
    def ear(self) -> tuple[str, int] | None:
        """The panel's own host and serial."""
        return self._settings.address.partition(":")[0], self._settings.serial

    @property
    def rings(self) -> None:
        """A panel tells by network, and keeps what it told itself."""

    def resources(self) -> frozenset[str]:
        """The zones that any door here belongs to."""
        return frozenset(self._cards.opened_by)

    def records(self, holder: Holder) -> Compiled:
        """One record for each card that opens something now, or from a coming midnight before the horizon."""
        return self._cards.records(holder)

    def fixtures(self, conditions: Conditions) -> Compiled:
        """Every setting that differs from how a panel leaves the factory."""
        return wg_fixtures.fixtures(self._settings, conditions)

    def shows(self, key: str) -> bool:
        """Cards, profiles, door modes, listener and anti-passback; a panel tells nothing else of its settings."""
        return self._keys.shows(key)

    def rank(self, key: str) -> int:
        """Settings before cards."""
        return wg_keys.rank_of(key)

    def needs(self, body: str) -> frozenset[str]:
        """The profiles that are named: a card that names a missing one is let in."""
        return wg_keys.needs(body)

    def bears(self, key: str) -> bool:
        """Cards and profiles stand on profiles."""
        return kind_of(key) == "profile"

    def exposed_until(self, body: str) -> datetime:
        """The end of a card's last date on the panel's own calendar."""
        return exposed_until(body, self._zone)

    async def probe(self) -> Fingerprint:
        """Serial, MAC and firmware version; the panel's newest event counts."""
        identity = await self._panel.identity()
        status = await self._panel.status()
        name = f"wg/{identity.serial}/{identity.mac}/{identity.version}"
        return Fingerprint(name, status.event_index, shows=status.at)

    async def set_clock(self, at: datetime) -> None:
        """Put the panel's clock."""
        await self._panel.set_time(at)

    async def read(self, key: str) -> str | None:
        """What stands under this key, as it is there."""
        return await self._keys.read(key)

    async def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """Every card on the panel, and what else can be asked for, one request each."""
        async for shown in self._keys.read_all():
            yield shown

    async def write(self, record: Record) -> Outcome:
        """Put it there; the panel overwrites what it holds under that number."""
        is_card = kind_of(record.key) == "card"
        if is_card and not 1 <= number_of(record.key) <= CARD_NUMBER_MAX:
            return Refused(REFUSED_NUMBER)
        try:
            if is_card:
                await self._keys.write(record.key, record.body)
            else:
                # A chain of profiles, and a list of tasks, take more than one request.
                async with asyncio.timeout(self.verb_s_max):
                    await self._keys.write(record.key, record.body)
        except DeviceError:
            return await self._refusal() if is_card else Refused(REFUSED_SETTING)
        except (WireError, TimeoutError) as error:
            return later(error)
        return self._done(record.key)

    async def erase(self, key: str) -> Outcome:
        """Delete a card, or put a setting back. A panel says no both to an absent card and to one that it keeps, so a no
        is asked about."""
        try:
            await self._keys.erase(key)
        except DeviceError:
            if kind_of(key) != "card":
                return Refused(REFUSED_SETTING)
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    kept = await self._keys.read(key)
            except (WireError, TimeoutError) as error:
                return later(error)
            return Done() if kept is None else Refused(REFUSED_DELETE)
        except WireError as error:
            return later(error)
        return self._done(key)

    async def act(self, act: Act) -> Outcome:
        """Open a door, once. It is not asked again after silence: it may have opened."""
        if act.kind != "open" or not act.key.startswith("door:"):
            return Refused(ACT_UNKNOWN)
        try:
            await self._panel.open_door(number_of(act.key))
        except DeviceError:
            return Refused(REFUSED_ACT)
        except Unreachable as error:
            return later(error)
        except MayHaveActed:
            return Later(RETRY_S, MAY_HAVE_ACTED)
        return Done("acknowledged")

    def passages(self, after: Mark, most: int) -> AsyncIterator[Reported]:
        """The events that the panel keeps after a mark."""
        return passages(self._panel, after, most)

    def hears(self, told: object) -> Heard | None:
        """An event that the panel told of by itself; its state alone reports nothing."""
        return heard(told) if isinstance(told, PanelEvent) else None

    async def close(self) -> None:
        """Hang up."""
        self._panel.close()

    def _done(self, key: str) -> Done:
        return Done() if self.shows(key) else Done("acknowledged")

    async def _refusal(self) -> Outcome:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                count = await self._panel.count()
        except (WireError, TimeoutError) as error:
            return later(error)
        return Refused(REFUSED_FULL if count >= self._settings.cards_max else REFUSED_BY_PANEL)
