"""What panels tell of their doors: each passage once, in the panel's own order, as the panel itself has it; and in the end
all that any panel still keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo

from devices.wg.memory import Event
from devices.wg.served import ServedPanel
from tests.simulation.book import Book, Row

FETCHED_S = 180.0
"""What is older than this has been heard, or fetched, once nothing goes wrong any more."""
CLOCK_OFF = timedelta(seconds=120)
"""A panel's clock is not farther off than this."""


class Heard:
    """Holds the book of passages against the memory of the panels."""

    def __init__(self, panels: Mapping[str, ServedPanel], zone: tzinfo, forgot: Mapping[str, datetime]) -> None:
        self._panels = panels
        self._zone = zone
        self._forgot = forgot

    def wrongs(self, book: Book) -> Iterator[str]:
        """What must not be, at any time."""
        for target, panel in self._panels.items():
            events = {event.index: event for event in panel.emulator.events()}
            # A panel that has lost its memory counts from 1 again, perhaps within the same second.
            forgot = self._forgot.get(target)
            last = (0, 0)
            for row in book.passages(target):
                if (row.incarnation, row.number) <= last:
                    yield f"passage {row.number} of {target} came in after {last}"
                last = (row.incarnation, row.number)
                event = events.get(row.number)
                if forgot is not None and row.at < forgot + CLOCK_OFF:
                    continue
                if event is not None and self._at(event) == row.at and not _agrees(event, row):
                    yield f"passage {row} of {target} is {event} on the panel"

    def missing(self, book: Book, now: datetime) -> Iterator[str]:
        """What panels still keep, and the book has not."""
        for target, panel in self._panels.items():
            rows = book.passages(target)
            newest = rows[-1].incarnation if rows else 0
            known = {row.number for row in rows if row.incarnation == newest}
            for event in panel.emulator.events():
                at = self._at(event)
                if at < now - timedelta(seconds=FETCHED_S) and event.index not in known:
                    yield f"passage {event.index} of {target} of {at} is not in the book"

    def _at(self, event: Event) -> datetime:
        return event.at.replace(tzinfo=self._zone)


def _agrees(event: Event, row: Row) -> bool:
    same_card = row.card is None or row.card == event.card
    return same_card and row.granted == event.granted and row.key in (f"door:{event.door}", "", "panel")
