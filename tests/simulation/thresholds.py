"""What must hold at doors that a gateway decides about itself, judged where a strike is released: from the passages and the
list on that gateway's own disk, from the hub's book, and from who held which card to the reader. And in the end: each
passage is in the book once, in the order of its door, and each list is as is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import Any

from connectors.osdp_words import ORDERED
from connectors.remote_line import CALL_S
from connectors.strikes import FREE_S
from tests.simulation.book import Book, Row
from tests.simulation.campus import Ground
from tests.simulation.ledger import Entry, Ledger
from tests.simulation.strands import Strands, Strung

EMBEDDED = "embedded"
HELD_S = 6.0
"""A card opens nothing later than this after it was held to the reader."""
KEPT_S = 2.0
"""A passage is on the disk just before its strike is told to open."""
LOOKED_BACK = 12
GONE = 0.4
REFUSED_BEFORE, REFUSED_AFTER = timedelta(minutes=5), timedelta(minutes=1)
TOLD_LATE = timedelta(seconds=CALL_S + 1)
"""A term ends later at the gateway by as much as the answer that told of it was on its way; the hub waits longer."""
_Told = tuple[int, datetime, str, int | None, bool]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line: its target, and each reader's door."""

    target: str
    line: str
    doors: Mapping[int, int]


class Thresholds:
    """Judges every release of a strike."""

    def __init__(self, ground: Ground, strands: Strands, sites: tuple[Threshold, ...], zone: tzinfo, seed: str) -> None:
        self.checks: Counter[str] = Counter()
        self.book: Callable[[], Book | None] = lambda: None
        self.blame: Callable[[str], None] = lambda _: None
        self.true_now: Callable[[], datetime]
        self.folders: dict[str, Path] = {}
        self._ground = ground
        self._strands = strands
        self._sites = {one.line: one for one in sites}
        self._zone = zone
        self._dice = Random(f"{seed}/thresholds")
        self._let_in: dict[str, set[_Told]] = {site.target: set() for site in sites}
        strands.on_relay = self._relay

    # Hands

    def swipe(self, target: str | None = None) -> None:
        """Hold some card to some reader, and rather one that should not open; at a target that is named, one that should."""
        book = self.book()
        if book is None:
            return
        sites = [one for one in self._sites.values() if target in (None, one.target)]
        if not sites:
            return
        site = self._dice.choice(sites)
        address = self._dice.choice(list(site.doors))
        door, gone = site.doors[address], target is None and self._dice.random() < GONE
        lines = [one for one in book.lines() if one.target == site.target and one.key.startswith("card:")]
        some = [one for one in lines if (one.wanted is None) is gone and (gone or f'"{door}":' in (one.wanted or ""))]
        if some:
            self.checks["held"] += 1
            self._strands.swipe(site.line, address, self._dice.choice(some).number)

    # At each release

    def _relay(self, bus: Strung, address: int, seconds: float) -> None:
        site = self._sites[bus.line.name]
        book = self.book()
        if seconds <= 0 or book is None:
            return
        wrong = self._wrong(book, site, bus, site.doors[address], seconds, address)
        if wrong is not None:
            self.blame(f"{site.target} door {site.doors[address]} by {bus.owner} at {bus.clock.now()}: {wrong}")

    def _wrong(self, book: Book, site: Threshold, bus: Strung, door: int, seconds: float, address: int) -> str | None:
        owner, term = book.owner(site.target)
        if (owner or EMBEDDED) != bus.owner:
            return f"it is opened by {bus.owner}, and it is {owner or EMBEDDED}'s"
        if seconds >= FREE_S:
            self.checks["freed"] += 1
            return None
        now = bus.clock.now()
        ledger = Ledger(bus.folder)
        kept = [one for one in ledger.latest(site.line, LOOKED_BACK) if _just(one, now) and one.key == f"door:{door}"]
        entry = next((one for one in reversed(kept) if one.granted or one.reason == ORDERED), None)
        if entry is None:
            return f"it opened, and nothing of it was on the disk: {kept}"
        if term is not None and self.true_now() > term + TOLD_LATE:
            return f"it opened by {entry}, after the term of its gateway, which was {term}"
        # What a disk may have forgotten since is kept in mind here.
        self._let_in[site.target].add(_told(entry))
        if entry.card is None:
            self.checks["ordered"] += 1
            return None
        self.checks["let_in"] += 1
        self.checks["let_in_far"] += bus.owner != EMBEDDED
        return (
            self._not_held(bus, address, entry.card)
            or self._not_by_list(ledger, site, door, entry.card, now)
            or self._not_by_book(book, site, door, entry.card, now)
        )

    def _not_held(self, bus: Strung, address: int, card: int) -> str | None:
        since = bus.clock.monotonic() - HELD_S
        reads = [read for at, read in bus.line.reads if at == address and read.card == card and read.at >= since]
        if not reads:
            return f"card {card} opened it, and nobody held it there"
        return (
            None if any(read.fresh for read in reads) else f"card {card} opened it, read while nobody asked the reader"
        )

    def _not_by_list(self, ledger: Ledger, site: Threshold, door: int, card: int, now: datetime) -> str | None:
        body = ledger.body(site.line, f"card:{card}")
        if body is None:
            return f"card {card} opened it, and is not on the list"
        windows = body["doors"].get(str(door), ())
        if not any(_begins(one) <= now < _ends(one) for one in windows):
            return f"card {card} opened it at {now}, outside {windows}"
        hours = self._ground.hours.get((site.target, door))
        if hours is not None and not hours.allow(now.astimezone(self._zone)):
            return f"card {card} opened it at {now}, outside its hours"
        return None

    def _not_by_book(self, book: Book, site: Threshold, door: int, card: int, now: datetime) -> str | None:
        line = book.line(site.target, card)
        if line is None:
            return f"card {card} opened it, which nobody ever sent there"
        if line.proved_gone:
            return f"card {card} opened it, proved gone by receipt {line.receipt}"
        if not line.dirty and not book.covered(card, self._ground.zones[site.target, door], now):
            return f"card {card} opened it outside every grant; held as wanted: {line.held}"
        stands = book.line(site.target, f"door:{door}")
        if stands is not None and not stands.dirty and stands.receipt and '"locked"' in (stands.wanted or ""):
            return f"card {card} opened it, which receipt {stands.receipt} proves locked"
        return None

    # At the end

    def unlike(self) -> Iterator[str]:
        """Lists that are not as is wanted, and passages that are not in the book."""
        book = self.book()
        if book is None:
            return
        for site in self._sites.values():
            owner = book.owner(site.target)[0] or EMBEDDED
            held = Ledger(self.folders[owner]).bodies(site.line)
            wanted = {one.key: one for one in book.lines() if one.target == site.target}
            for key in sorted(held.keys() | wanted.keys()):
                line = wanted.get(key)
                if line is None or line.dirty or held.get(key) != line.wanted:
                    yield f"{key} of {site.target} at {owner} is {held.get(key)}; the book says {line}"
            yield from self.unheard(book, site)

    def look_back(self) -> Iterator[str]:
        """What must not be in the book of passages, at any time."""
        book = self.book()
        if book is None:
            return
        for site in self._sites.values():
            kept = self._let_in[site.target].union(*self._kept(site).values())
            last, seen = (0, 0), Counter[Any]()
            for row in book.passages(site.target):
                if (row.incarnation, row.number) <= last:
                    yield f"passage {row.number} of {site.target} came in after {last}"
                last = (row.incarnation, row.number)
                told = _told(row)
                seen[told] += 1
                self.checks["passages"] += 1
                if told not in kept:
                    yield f"passage {told} of {site.target} stands on no disk"
                elif seen[told] > 1:
                    yield f"passage {told} of {site.target} is in the book {seen[told]} times"

    def unheard(self, book: Book, site: Threshold) -> Iterator[str]:
        """Passages that some gateway has kept, and the book has not."""
        known = {_told(row) for row in book.passages(site.target)}
        for owner, entries in {**self._kept(site), "nobody any more": self._let_in[site.target]}.items():
            lost = book.terms_over(site.target)
            for one in sorted(entries - known, key=str):
                if any(at - REFUSED_BEFORE < one[1] < at + REFUSED_AFTER for at in lost):
                    # Whoever had not handed it in when its term was over is another's gateway by now.
                    self.checks["refused_passages"] += 1
                    continue
                yield f"passage {one} of {site.target}, kept by {owner}, is not in the book"

    def _kept(self, site: Threshold) -> dict[str, set[_Told]]:
        return {
            owner: {_told(one) for one in Ledger(folder).passages(site.line)} for owner, folder in self.folders.items()
        }


def _told(one: Entry | Row) -> _Told:
    return one.number, one.at, one.key, one.card, one.granted


def _just(one: Entry, now: datetime) -> bool:
    return abs((now - one.at).total_seconds()) <= KEPT_S


def _begins(window: Any) -> datetime:
    return datetime.fromisoformat(window[0])


def _ends(window: Any) -> datetime:
    return (
        datetime.max.replace(tzinfo=_begins(window).tzinfo) if window[1] is None else datetime.fromisoformat(window[1])
    )
