"""Doors on a serial line of OSDP readers. The readers keep no cards: what this target holds is the list that its gateway
keeps and decides by, so a record is proved by reading that list from the disk. What is wrong with one reader is the reason
of that reader's record, and no other waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors import osdp_records
from connectors.contract import (
    ACT_UNKNOWN,
    MAY_HAVE_ACTED,
    RETRY_S,
    SAID_NO,
    Act,
    Compiled,
    Conditions,
    Done,
    EdgeError,
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
)
from connectors.doorkeeper import CARD_NUMBER_MAX, Doorkeeper
from connectors.edge import Edge
from connectors.kept_file import WorkFull
from connectors.osdp_records import Cards, kind_of, number_of
from connectors.osdp_settings import OsdpSettings
from connectors.strikes import Away
from devices.wire import DeviceError, Unreachable, WireError

PAGE = 500
READER_RETRY_S = 15.0
VERB_S_MAX = 5.5
NOT_DRIVEN = "This process does not drive the line yet. It does so as soon as the campus is in force here."
LIST_UNUSABLE = (
    "The gateway cannot use the list on its own disk. Free disk space there, and look at what its log says of it."
)
LIST_SHORT = "The gateway's disk is full, so only what takes rights away is kept. Free disk space there."
REFUSED_FULL = (
    "The list of this line is full. Take cards off it that nobody needs, or raise cards_max in the campus file."
)
REFUSED_NUMBER = "No reader can read this card number: it takes 1 to 9223372036854775807. Give the person another card."


class NoEdge(EdgeError):
    """Doors on a serial line are worked by the gateway that drives it, and this process drives none."""


class OsdpDoors:
    """One line."""

    kind: ClassVar[str] = "osdp"
    Settings: ClassVar[type[Settings]] = OsdpSettings
    sees: ClassVar[frozenset[str]] = frozenset()
    settle_s: ClassVar[float] = 0.0

    def __init__(self, settings: OsdpSettings, zone: ZoneInfo, edge: Edge | None = None) -> None:
        self._settings = settings
        self._zone = zone
        self._edge = edge
        self._line = settings.line
        self._cards = Cards(settings.doors)

    @property
    def verb_s_max(self) -> float:
        """A commit, and a strike that is told and does not answer; an act may take twice that, as pairing a reader does."""
        return VERB_S_MAX

    @property
    def ear(self) -> None:
        """Nothing is heard of it by network: its gateway keeps what its doors report."""

    @property
    def rings(self) -> str:
        """Its line."""
        return self._line

    def resources(self) -> frozenset[str]:
        """The zones that any door here belongs to."""
        return self._cards.resources()

    def records(self, holder: Holder) -> Compiled:
        """One record for each card, with its windows to the second."""
        return self._cards.records(holder)

    def fixtures(self, conditions: Conditions) -> Compiled:
        """Schedules, doors under the conditions in force, and readers."""
        return osdp_records.fixtures(self._settings, conditions)

    def shows(self, key: str) -> bool:  # noqa: ARG002 - all of it is read back
        """Everything."""
        return True

    def rank(self, key: str) -> int:
        """Settings before cards."""
        return osdp_records.rank_of(key)

    def needs(self, body: str) -> frozenset[str]:
        """The schedules that a card names."""
        return osdp_records.needs(body)

    def bears(self, key: str) -> bool:
        """Cards stand on schedules."""
        return kind_of(key) == "profile"

    def exposed_until(self, body: str) -> datetime:
        """The end of a card's last window."""
        return osdp_records.exposed_until(body)

    async def probe(self) -> Fingerprint:
        """The list's own id, which is new where it was lost, and its counter. Its clock is the gateway's."""
        own = self._own
        try:
            id_, generation = await own.lists.standing(self._line)
        except EdgeError as error:
            raise Unreachable(str(error)) from error
        return Fingerprint(f"osdp/{id_}", generation)

    async def set_clock(self, at: datetime) -> None:
        """It has no clock but the gateway's."""

    async def read(self, key: str) -> str | None:
        """What the disk holds; of a reader that was just put, that it is there and spoken to by its own key."""
        own = self._own
        if kind_of(key) == "reader":
            keeper = self._keeper()
            if keeper is None or keeper.why_not(number_of(key)) is not None:
                return None
        try:
            return own.lists.read(self._line, key)
        except EdgeError as error:
            raise Unreachable(str(error)) from error

    async def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """The whole list, some at a time. A reader that is silent was not taken away: who is, is told anew."""
        own, after = self._own, ""
        own.tell_anew(self._line)
        try:
            while page := own.lists.page(self._line, after, PAGE):
                for told in page:
                    yield told
                after = page[-1][0]
        except EdgeError as error:
            raise Unreachable(str(error)) from error

    async def write(self, record: Record) -> Outcome:
        """Keep it. A reader's record waits until the reader is there, a door's until its strike is known to follow."""
        own, kind, number = self._own, kind_of(record.key), number_of(record.key)
        if kind == "card" and not 1 <= number <= CARD_NUMBER_MAX:
            return Refused(REFUSED_NUMBER)
        try:
            if kind == "card" and self._is_full(record.key):
                return Refused(REFUSED_FULL)
            await own.lists.put(self._line, record.key, record.body)
        except WorkFull:
            return Later(RETRY_S, LIST_SHORT)
        except EdgeError:
            return Later(RETRY_S, LIST_UNUSABLE, unreachable=True)
        finally:
            self._stir()
        return await self._followed(kind, number)

    async def erase(self, key: str) -> Outcome:
        """Take it off the list: at once for whoever stands at a door."""
        own = self._own
        try:
            await own.lists.drop(self._line, key)
        except WorkFull:
            return Later(RETRY_S, LIST_SHORT)
        except EdgeError:
            return Later(RETRY_S, LIST_UNUSABLE, unreachable=True)
        finally:
            self._stir()
        return Done()

    async def act(self, act: Act) -> Outcome:
        """Open a door once, or give a reader in install mode its key."""
        keeper = self._keeper()
        if keeper is None:
            return Later(RETRY_S, NOT_DRIVEN, unreachable=True)
        thing, _, number = act.key.partition(":")
        try:
            if (act.kind, thing) == ("open", "door") and number in self._numbers("door"):
                await keeper.open(int(number))
            elif (act.kind, thing) == ("pair", "reader") and number in self._numbers("reader"):
                await keeper.pair(int(number))
            else:
                return Refused(ACT_UNKNOWN)
        except Away as error:
            return Later(RETRY_S, str(error), unreachable=True)
        except DeviceError as error:
            return Refused(str(error) or SAID_NO)
        except EdgeError:
            return Later(RETRY_S, LIST_UNUSABLE, unreachable=True)
        except WireError as error:
            return Later(RETRY_S, MAY_HAVE_ACTED if act.kind == "open" else str(error))
        return Done("acknowledged")

    async def passages(self, after: Mark, most: int) -> AsyncIterator[Reported]:
        """What its doors reported after a mark."""
        own = self._own
        try:
            kept = own.lists.passages(self._line, after, most)
        except EdgeError as error:
            raise Unreachable(str(error)) from error
        for told in kept:
            yield told

    def hears(self, told: object) -> Heard | None:  # noqa: ARG002 - nothing is heard of it by network
        """Nothing."""
        return None

    async def close(self) -> None:
        """The line stays with its doorkeeper."""

    @property
    def _own(self) -> Edge:
        if self._edge is None:
            raise NoEdge
        return self._edge

    def _keeper(self) -> Doorkeeper | None:
        return self._own.keeper(self._line)

    def _stir(self) -> None:
        if (keeper := self._keeper()) is not None:
            keeper.stir()

    def _numbers(self, thing: str) -> frozenset[str]:
        if thing == "door":
            return frozenset(str(door.number) for door in self._settings.doors)
        return frozenset(str(address) for address, _, _ in self._settings.readers())

    def _is_full(self, key: str) -> bool:
        lists = self._own.lists
        return lists.cards(self._line) >= self._settings.cards_max and lists.read(self._line, key) is None

    async def _followed(self, kind: str, number: int) -> Outcome:
        if kind not in {"door", "reader"}:
            return Done()
        keeper = self._keeper()
        if keeper is None:
            return Later(RETRY_S, NOT_DRIVEN)
        if kind == "door":
            return await keeper.stand(number) or Done()
        why = keeper.why_not(number)
        return Done() if why is None else Later(READER_RETRY_S, why)
