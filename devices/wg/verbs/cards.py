"""The cards of a panel. All that is written here can be read back, by number and by slot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from devices.wg.verbs.asking import Asking, check_day
from devices.wire import DeviceError, ProtocolError

SLOTS_MAX = 100_000
FRUITLESS_SLOTS_MAX = 64
NUMBER_MAX = 0xFFFFFFFE
PIN_MAX = 999_999
FIRST_CARD_MAX = 0b1111

_NO_CARD = 0
_DELETED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card on a panel: both dates inclusive, per door 0 (never), 1 (always) or the id of a time profile.

    `first_card` has bit 0 for door 1 and so on: where it is 1, this card may begin that door's first-card mode. A panel may
    hold a card with a date that is none; it reads as None here, and cannot be put.
    """

    number: int
    opens: date | None
    closes: date | None
    doors: tuple[int, int, int, int]
    pin: int = 0
    first_card: int = 0


class CardVerbs(Asking):
    """What a panel can be told and asked about its cards."""

    async def count(self) -> int:
        """How many cards it holds."""
        return (await self._ask(self._client.get_cards)).cards

    async def card(self, number: int) -> CardEntry | None:
        """The card of this number; None where it is not held."""
        told = await self._ask(self._client.get_card, number)
        if told.card_number == _NO_CARD:
            return None
        if told.card_number != number:
            self._client.hang_up()
            raise ProtocolError(f"{self} was asked for card {number} and told of card {told.card_number}")
        return _entry(told)

    async def card_at(self, index: int) -> CardEntry | None:
        """The card in a slot, counted from 1; None where the slot is a hole, or was never used."""
        told = await self._ask(self._client.get_card_by_index, index)
        return None if told.card_number in (_NO_CARD, _DELETED) else _entry(told)

    async def cards(self) -> AsyncIterator[CardEntry]:
        """Every card, one request each, in the order of the slots; others' writes may come between.

        The panel counts live cards while its slots have holes, so slots are read until all counted cards were seen.
        A slot never used ends the list; some are passed over, in case a firmware leaves gaps. Raises `ProtocolError`
        where the cards that it counts cannot be found.
        """
        expected = await self.count()
        slots_max = max(SLOTS_MAX, self._cards_max or 0)
        seen: set[int] = set()
        index = fruitless = 0
        while len(seen) < expected and fruitless < FRUITLESS_SLOTS_MAX and index < slots_max:
            index += 1
            told = await self._ask(self._client.get_card_by_index, index)
            if told.card_number == _NO_CARD or told.card_number in seen:
                fruitless += 1
                continue
            fruitless = 0
            if told.card_number != _DELETED:
                seen.add(told.card_number)
                yield _entry(told)
        if len(seen) < expected and len(seen) < (held := await self.count()):
            raise ProtocolError(f"{self} counts {held} cards, but {len(seen)} were found in its first {index} slots")

    async def put(self, entry: CardEntry) -> None:
        """Store a card, over the one of the same number. Raises `DeviceError` where the panel will not, or must not."""
        _check(entry)
        told = await self._ask(
            self._client.put_card, entry.number, entry.opens, entry.closes, *entry.doors, entry.pin,
            {door: bool(entry.first_card >> (door - 1) & 1) for door in (1, 2, 3, 4)} if entry.first_card else None,
        )  # fmt: skip
        if not told.stored:
            if self._cards_max is not None and (held := await self.count()) >= self._cards_max:
                raise DeviceError(f"{self} is full: it holds {held} cards and takes no more")
            raise DeviceError(f"{self} refused card {entry.number}")

    async def delete(self, number: int) -> None:
        """Take a card out. Raises `DeviceError` where the panel says no, as it does to a card that it has not.

        A retry that finds the card gone because the reply to the first try was lost is told no, too.
        """
        if not (await self._ask(self._client.delete_card, number)).deleted:
            raise DeviceError(f"{self} did not delete card {number}: it is not there, or the panel keeps it")


def _entry(told: Any) -> CardEntry:
    doors = (told.door_1, told.door_2, told.door_3, told.door_4)
    first = sum(1 << (door - 1) for door, marked in told.firstcard.items() if marked)
    return CardEntry(told.card_number, told.start_date, told.end_date, doors, told.pin, first)


def _check(entry: CardEntry) -> None:
    """What real panels store wrongly, or not at all, never leaves."""
    if not 1 <= entry.number <= NUMBER_MAX:
        raise DeviceError(f"a panel cannot hold card number {entry.number}: it takes 1 to {NUMBER_MAX}")
    check_day(entry.opens)
    check_day(entry.closes)
    if not all(0 <= right <= 254 for right in entry.doors):
        raise DeviceError(f"a panel's doors take 0, 1 or a profile from 2 to 254, not {entry.doors}")
    if not 0 <= entry.pin <= PIN_MAX:
        raise DeviceError(f"a panel mangles a PIN above {PIN_MAX}")
    if not 0 <= entry.first_card <= FIRST_CARD_MAX:
        raise DeviceError(f"a panel has four first-card bits, from 0 to {FIRST_CARD_MAX}, not {entry.first_card}")
