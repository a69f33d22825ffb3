"""What must hold at every step: judged from the panels' own memory and the hub's own book, at each datagram that lands on
a panel, each commit and each swipe. The first breach is kept, and ends the run."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from devices.wg import frames
from devices.wg.memory import Card
from devices.wg.served import ServedPanel
from devices.wg.state import DOORS
from provisioning.compose import House
from tests.simulation.book import Book, Line
from tests.simulation.campus import Ground
from tests.simulation.cards import more, number_in, same
from tests.simulation.doorways import FORGETFUL_S, Doorways
from tests.simulation.heard import Heard
from tests.simulation.hub import Hub
from tests.simulation.loop import SimClock
from tests.simulation.network import Address, Watch
from tests.simulation.restores import Restores
from tests.simulation.trace import Trace

LATE_S = 90.0
"""A right that ends at an hour is taken away within this, while the hub is there."""
SLACK_S = 3.0
"""A reading may be so much older than the instant its receipt bears, clock steps included."""
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NAMING = frozenset({frames.PUT_CARD, frames.SET_PROFILE, frames.CLEAR_PROFILES})


class Witness:
    """Sees everything, and says what must not be."""

    def __init__(
        self, hub: Hub, ground: Ground, panels: dict[str, ServedPanel], clock: SimClock, seed: str, trace: Trace
    ) -> None:
        self.breach: str | None = None
        self.over = asyncio.Event()
        self.fired: Counter[str] = Counter()
        self.checks: Counter[str] = Counter()
        self.book: Book | None = None
        self._hub = hub
        self._ground = ground
        self._panels = panels
        self._clock = clock
        self._zone: tzinfo = ground.wires[0].zone
        self._dice = Random(f"{seed}/swipes")
        self._trace = trace
        self._tampered: dict[tuple[str, int], datetime] = {}
        self._forgot: dict[str, datetime] = {}
        self._seen_event = 0
        self._judged: dict[tuple[str, str], tuple[int, str]] = {}
        self._restores = Restores(ground)
        self._met_s = 0.0
        self._heard = Heard(panels, self._zone, self._forgot)
        self._doorways = Doorways(ground, panels)
        self.chokes: dict[str, int] = {}

    # What it is told

    def meet(self, house: House) -> None:
        """A house was opened: listen to its commits."""
        self._met_s = self._clock.monotonic()
        if self.book is None:
            self.book = Book(house.settings.database)
            if self._restores.pending:
                self._seen_event = self.book.last_event()
                self._restores.began(self.book, self._clock.monotonic())
        house.store.listen(self._on_commit)

    def losing(self) -> None:
        """The database is about to be lost: keep in mind what it had taken away."""
        if self.book is not None:
            self._restores.losing(self.book)
            self._doorways.losing(self.book)
            self.book.close()
        self.book = None
        self._judged.clear()

    def tampered(self, target: str, number: int) -> None:
        """Somebody changed this card behind the hub's back."""
        self._tampered[target, number] = self._clock.now()

    def forgot(self, target: str) -> None:
        """A panel lost its memory."""
        self._forgot[target] = self._clock.now()

    def gone(self, target: str) -> list[int]:
        """Cards that are proved gone from a panel."""
        return [] if self.book is None else self.book.gone(target)

    def local_now(self) -> datetime:
        """The true time at the site."""
        return self._clock.now().astimezone(self._zone).replace(tzinfo=None)

    def blame(self, what: str) -> None:
        """This must not be."""
        if self.breach is None:
            self.breach = what
            self._trace("BREACH", what)
            self.over.set()

    # At each datagram

    def watch(self, target: str) -> Watch:
        """What the network calls around each datagram that lands on a panel."""

        def watching(data: bytes, deliver: Callable[[], None]) -> None:
            number = number_in(data)
            panel = self._panels[target]
            if number is not None and data[1] == frames.PUT_CARD and self.chokes.get(target) == number:
                self.fired["choked"] += 1
                return
            before = None if number is None else panel.emulator.card(number)
            deliver()
            if data[1] in _NAMING and panel.emulator.powered:
                self._stand(target)
            if number is None or not panel.emulator.powered or panel.faults.off:
                return
            after = panel.emulator.card(number)
            if data[1] == frames.PUT_CARD and after is None and panel.faults.full:
                self.fired["full"] += 1
            if after != before:
                self._landed(target, number, before, after)
                if after is not None and self.book is not None:
                    self._came_back(self._restores.wrongs(self.book, target, number, self._clock.monotonic()))

        return watching

    def asked(self, address: Address, data: bytes) -> None:
        """What the network calls for each request that leaves for a panel."""
        wrong = None if self.book is None else self._doorways.asked(self.book, address, data)
        if wrong is not None:
            self.blame(wrong)

    def _landed(self, target: str, number: int, before: Card | None, after: Card | None) -> None:
        self.checks["landed"] += 1
        line = self._line(target, number)
        if line is None or line.dirty:
            return
        if same(before, line.held) and not same(after, line.held):
            self.blame(
                f"a datagram undid what receipt {line.receipt} proved of card {number} on {target}: {line.held} became "
                f"{after}, which opens {more(line.held, after)}; it opens doors {self._tried(target, number)}"
            )

    def _stand(self, target: str) -> None:
        """No card names hours that are not there."""
        wrong = self._doorways.groundless(target)
        self.checks["grounds"] += 1
        if wrong is not None and not self._meddled(target):
            self.blame(wrong)

    def _came_back(self, wrong: str | None) -> None:
        self.checks["restored"] += self._restores.any
        if wrong is not None:
            self.blame(wrong)

    # At each commit

    def _on_commit(self, topics: frozenset[str]) -> None:
        if self.book is None:
            return
        if "story" in topics:
            for id_, kind, target, data in self.book.events(self._seen_event):
                self._seen_event = id_
                panel = target in self._panels
                if panel and kind in ("record.gone", "record.proved") and data["key"].startswith("card:"):
                    self._receipt(id_, target, int(data["key"].partition(":")[2]))
        if "delivery" in topics:
            self._wanted()

    def _receipt(self, id_: int, target: str, number: int) -> None:
        line = self._line(target, number)
        if line is None or line.dirty or line.receipt != id_ or line.proved is None:
            return
        self.checks["receipts"] += 1
        changed = self._tampered.get((target, number)), self._forgot.get(target)
        if any(at is not None and at > line.proved - timedelta(seconds=SLACK_S) for at in changed):
            return
        held = self._panels[target].emulator.card(number)
        if not same(held, line.wanted):
            self.blame(
                f"receipt {id_} says {line.wanted} of card {number} on {target}, which holds {held}; it opens doors "
                f"{self._tried(target, number)}"
            )

    def _tried(self, target: str, number: int) -> list[int]:
        """The doors that a card opens here and now."""
        panel = self._panels[target].emulator
        return [door for door in DOORS if panel.powered and panel.swipe(number, door).open]

    def _wanted(self) -> None:
        """What each wanted record opens is covered, on every day, by grants in force."""
        for line in [] if self.book is None else self.book.lines():
            if self._judged.get((line.target, line.key)) == (line.revision, line.grants):
                continue
            self._judged[line.target, line.key] = (line.revision, line.grants)
            if line.wanted is None or not line.key.startswith("card:") or line.target not in self._panels:
                continue
            self.checks["wanted"] += 1
            for day, door in self._uncovered(line):
                self.blame(
                    f"record {line.key} of {line.target} opens door {door} on {day} without a grant: {line.wanted}"
                )

    def _uncovered(self, line: Line) -> Iterator[tuple[date, int]]:
        if self.book is None or line.wanted is None:
            return
        told = json.loads(line.wanted)
        grants = self.book.grant_zones(line.grants.split())
        periods = self.book.card_periods(told["number"], line.holder or "")
        now = self._hub.clock.now()
        day = max(date.fromisoformat(told["opens"]), now.astimezone(self._zone).date())
        last = date.fromisoformat(told["closes"])
        while day <= last:
            begins = max(datetime.combine(day, time.min, self._zone), now)
            ends = datetime.combine(day + _DAY, time.min, self._zone) - _TICK
            for door in (n + 1 for n, opens in enumerate(told["doors"]) if opens):
                zones = self._ground.zones[line.target, door]
                mine = [(opens, closes) for zone, opens, closes in grants if zone in zones]
                if not all(_holds(spans, begins, ends) for spans in (mine, periods)):
                    yield day, door
            day += _DAY

    # At each swipe

    async def swipe(self) -> None:
        """Cards are held to readers, those that should be gone above all, until cancelled."""
        while True:
            await asyncio.sleep(self._dice.expovariate(2.0))
            self.swipe_once()

    def swipe_once(self) -> None:
        """One card at one door."""
        target = self._dice.choice(list(self._panels))
        panel = self._panels[target].emulator
        if not panel.powered or self.book is None:
            return
        numbers = self.gone(target) if self._dice.random() < 0.5 else []
        numbers = numbers or sorted(
            {line.number for line in self.book.lines() if line.target == target and line.key.startswith("card:")}
        )
        if not numbers:
            return
        number, door = self._dice.choice(numbers), self._dice.randint(1, 4)
        swiped = panel.swipe(number, door)
        self.checks["swipes"] += 1
        self._trace("swipe", target, number, door, "open" if swiped.open else swiped.reason)
        if swiped.open:
            self._walked(target, number, door, granted=swiped.granted)

    def _walked(self, target: str, number: int, door: int, *, granted: bool) -> None:
        """Somebody walks through a door: by their card, or because it stands open to all."""
        self.checks["opened"] += granted
        self.checks["stood_open"] += not granted
        book = self.book
        if book is None or self._meddled(target):
            return
        wrong = self._doorways.opened(book, target, door)
        if not granted:
            wrong = wrong or self._doorways.stands_open(book, target, door)
        if wrong is not None:
            self.blame(wrong)
        elif granted:
            self._opened(target, number, door)

    def _meddled(self, target: str) -> bool:
        """Whether a panel has lost its memory, and nobody can have known yet."""
        at = self._forgot.get(target)
        return at is not None and self._clock.now() < at + timedelta(seconds=FORGETFUL_S)

    def _opened(self, target: str, number: int, door: int) -> None:
        line = self._line(target, number)
        if self.book is None or self._excused(target, number, line):
            return
        hours, shown = self._ground.hours.get((target, door)), self._panels[target].emulator.local_time()
        if hours is not None and not hours.allow(shown):
            self.blame(f"door {door} of {target} opened to card {number} at {shown}, outside its hours")
        elif line is None:
            self.blame(f"door {door} of {target} opened to card {number}, which nobody ever sent there")
        elif line.proved_gone and self.book.read_since_restore(target):
            self.blame(f"door {door} of {target} opened to card {number}, proved gone by receipt {line.receipt}")
        elif not line.proved_gone and not line.dirty and not self._in_force(target, number, door):
            self.blame(
                f"door {door} of {target} opened to card {number} outside every grant; held as wanted: {line.held}"
            )

    def _in_force(self, target: str, number: int, door: int) -> bool:
        """By the true clock, the hub's, or the panel's own, which is all that it can go by."""
        shown = self._panels[target].emulator.local_time().replace(tzinfo=self._zone)
        zones, book = self._ground.zones[target, door], self.book
        if book is None:
            return False
        if any(book.covered(number, zones, at) for at in (self._clock.now(), self._hub.clock.now(), shown)):
            return True
        # What ends within a day is taken away by the hub alone: late by delivery, or as late as the hub comes back.
        served = self._hub.house is not None and self._clock.monotonic() > self._met_s + LATE_S
        late = timedelta(seconds=LATE_S) if served else self.local_now() - datetime.combine(self.local_now(), time.min)
        return book.covered(number, zones, self._clock.now(), self._clock.now() - late)

    def _excused(self, target: str, number: int, line: Line | None) -> bool:
        """Whether the card was tampered with, and no receipt is younger than that."""
        at = self._tampered.get((target, number))
        if at is None:
            return False
        if line is not None and line.proved is not None and not line.dirty:
            return line.proved <= at + timedelta(seconds=SLACK_S)
        return True

    # At the end

    def unlike(self) -> list[str]:
        """Where a panel is not as is wanted, or a door stays shut that a grant opens; nothing where all is well."""
        if self.book is None:
            return ["the hub never opened"]
        book = self.book
        unheard = self._heard.missing(book, self._clock.now())
        return [*self._not_held(book), *self._shut_wrongly(book), *self._doorways.unlike(book), *unheard]

    def look_back(self) -> None:
        """At the end: what was heard of the doors."""
        if self.book is not None:
            self.checks["passages"] += sum(len(self.book.passages(target)) for target in self._panels)
            for wrong in self._heard.wrongs(self.book):
                self.blame(wrong)

    def _not_held(self, book: Book) -> Iterator[str]:
        wanted: dict[str, dict[int, Line]] = {name: {} for name in self._panels}
        for line in book.lines():
            if line.key.startswith("card:") and line.target in wanted:
                wanted[line.target][line.number] = line
        for name, panel in self._panels.items():
            held = {card.number: card for card in panel.emulator.cards() if card is not None}
            for number in sorted(held.keys() | wanted[name].keys()):
                line = wanted[name].get(number)
                if self.chokes.get(name) == number:
                    continue
                if line is not None and self._refused(name, line, held):
                    self.checks["refused"] += 1
                elif line is None or line.dirty or not same(held.get(number), line.wanted):
                    yield f"card {number} on {name} is {held.get(number)}; the book says {line}"

    def _refused(self, name: str, line: Line, held: dict[int, Card]) -> bool:
        full = len(held) >= next(wire.cards_max for wire in self._ground.wires if wire.id == name)
        return line.dirty and line.refused is not None and full and line.number not in held

    def _shut_wrongly(self, book: Book) -> Iterator[str]:
        now = self._hub.clock.now()
        for number in book.active_cards():
            for (name, door), zones in self._ground.zones.items():
                line, card = self._line(name, number), self._panels[name].emulator.card(number)
                opens = card is not None and card.doors[door - 1] != 0
                refused = line is not None and line.refused is not None
                choked = self.chokes.get(name) == number
                if not opens and not refused and not choked and book.covered(number, zones, now):
                    yield f"card {number} does not open door {door} of {name}, which a grant in force says it should"

    def _line(self, target: str, number: int) -> Line | None:
        return None if self.book is None else self.book.line(target, number)


def _holds(spans: list[tuple[datetime, datetime | None]], begins: datetime, ends: datetime) -> bool:
    """Whether a span holds at the beginning, and to the end; one that ends in between is for the hub to take away then."""
    # A clock that was set back stands a little before what was given by it.
    first = begins + timedelta(seconds=SLACK_S)
    begun = [closes for opens, closes in spans if opens <= first and (closes is None or closes > begins)]
    return bool(begun) and any(opens <= ends and (closes is None or closes > begins) for opens, closes in spans)
