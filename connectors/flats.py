"""Flats in a facility register: who lives where, and which cards the flat's lock takes. The lock follows the flat: the
register takes a card for its occupant alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.contract import Compiled, Holder, Record, Right
from connectors.units import RANK_LOCK, Units, compiled, lock_body, span_of

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Flats(Units):
    """The flats of one register, and their locks."""

    kind: ClassVar[str] = "flats"
    unit_kind: ClassVar[str] = "flat"

    def resources(self) -> frozenset[str]:
        """The flats that are ours and their locks, as patterns."""
        return super().resources() | {f"lock:{pattern}" for pattern in self._patterns}

    def records(self, holder: Holder) -> Compiled:
        """One record for each flat, and one for each card that opens its lock now or from a coming midnight."""
        flats = super().records(holder)
        locks = compiled(self._locks(holder))
        again = [each for each in (flats.look_again, locks.look_again) if each is not None]
        return Compiled(flats.records | locks.records, min(again, default=None))

    def _locks(self, holder: Holder) -> Iterable[tuple[Record | None, datetime | None]]:
        for unit, rights in self.rights(holder, "lock").items():
            for number in sorted({card.number for card in holder.cards}):
                yield _lock(f"lock:{unit}/{number}", number, rights, holder)


def _lock(key: str, number: int, rights: list[Right], holder: Holder) -> tuple[Record | None, datetime | None]:
    """The record of one card in a lock, if there is one by now, and when to look again."""
    windows = [
        (max(right.opens, card.opens), min(ends, default=None), right.grant)
        for right in rights
        for card in holder.cards
        if card.number == number
        for ends in [[end for end in (right.closes, card.closes) if end is not None]]
    ]
    span = span_of(windows, holder.now)
    if span is None:
        return None, None
    now, zone = holder.now, holder.zone
    coming = span.opens > now
    first = span.opens.astimezone(zone).date()
    if coming and (span.opens - _TICK).astimezone(zone).date() == first:
        # A lock knows days only, and would open from midnight: before the right begins. It gets the card when it does.
        return None, span.opens
    last = holder.horizon.astimezone(zone).date() - _DAY
    if span.closes < holder.horizon:
        last = min(last, (span.closes - _TICK).astimezone(zone).date())
    if last < first or last < now.astimezone(zone).date():
        return None, span.opens if coming else span.changes
    return Record(key, lock_body(holder.id, first, last), RANK_LOCK, span.grants, span.changes), span.changes
