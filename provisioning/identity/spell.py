"""A stay as HR tells it, while a life is folded: dates, what the person is from which day on, and days of suspension.
Nothing here knows a row of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from provisioning.nouns.people import Move, Pause, Stay, StayState

FACTS = ("department", "post", "kind", "area")
DAY = timedelta(days=1)


@dataclass(slots=True)
class Spell:
    """One stay so far. `facts` are those on arrival, `patches` what changes from a day on, each only what it names, so
    that a correction of the arrival reaches as far as nothing else was said. `shut` is the day of a revocation; `newest`
    the place in the life of the latest told of its notices."""

    opened_by: str
    arrival: date
    departure: date | None
    facts: dict[str, str]
    notices: list[str]
    arrivals: set[date]
    patches: list[tuple[date, dict[str, str]]] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    arrived: date | None = None
    cancelled: bool = False
    shut: date | None = None
    newest: int = -1

    @property
    def last(self) -> date:
        """The last day in post; the end of time while it is open-ended."""
        return self.departure or date.max

    @property
    def shut_until(self) -> date:
        """The last day on which nothing may open again, where it was revoked."""
        return max(self.shut or self.arrival, self.arrival)

    @property
    def living(self) -> bool:
        """Whether neither HR has cancelled it nor people have revoked it."""
        return not self.cancelled and self.shut is None

    def holds(self, day: date) -> bool:
        """Whether the day lies in it; a revoked one ends with its revocation."""
        return self.arrival <= day <= (self.last if self.shut is None else min(self.last, self.shut))

    def meets(self, arrival: date, departure: date | None) -> bool:
        """Whether a stay of these dates would share a day with it."""
        return arrival <= self.last and self.arrival <= (departure or date.max)

    def on(self, day: date) -> dict[str, str]:
        """What the person is on a day, by name of the fact."""
        facts = dict(self.facts)
        for since, patch in self._in_order():
            if since <= day or since <= self.arrival:
                facts |= patch
        return facts

    def put(self, facts: Mapping[str, str], day: date) -> None:
        """Correct what holds on a day, from wherever on it has held."""
        for name, value in facts.items():
            since = [patch for at, patch in self._in_order() if name in patch and (at <= day or at <= self.arrival)]
            (since[-1] if since else self.facts)[name] = value

    def pause(self, pause: Pause) -> None:
        """Suspend; another word on the same first day takes the place of the earlier one."""
        self.pauses = [one for one in self.pauses if one.opens != pause.opens]
        self.pauses.append(pause)

    def resume(self, day: date) -> bool:
        """Be back from a day on; whether there was a suspension to end."""
        ended: list[Pause] = []
        others: list[Pause] = []
        for one in self.pauses:
            (ended if one.opens <= day and (one.closes is None or one.closes > day) else others).append(one)
        self.pauses = others + [Pause(one.opens, day) for one in ended if one.opens < day]
        return bool(ended)

    def freeze(self, stay: Stay, day: date) -> None:
        """People revoked it, as its row stands, on a day."""
        self.arrival, self.departure, self.shut = stay.arrival, stay.departure, day
        self.facts = {name: getattr(stay, name) for name in FACTS}
        self.patches = [(move.day, {name: getattr(move, name) for name in FACTS}) for move in stay.moves]

    def onto(self, stay: Stay, cause: str) -> Stay:
        """The stay's row with these facts in it, by the notice that is their cause."""
        row = self.row(stay.id, stay.person, cause, stay.created)
        return replace(row, opened_by=stay.opened_by, ended=stay.ended if self.cancelled else None)

    def row(self, id_: str, person: str, cause: str, created: datetime) -> Stay:
        """A row with these facts in it."""
        facts, moves = self._placements() if self.patches else (self.facts, ())
        return Stay(
            id_,
            person,
            facts["department"],
            facts["post"],
            facts["kind"],
            facts["area"],
            self.arrival,
            self.departure,
            StayState.CANCELLED if self.cancelled else StayState.OPEN,
            cause,
            self.opened_by,
            created,
            None,
            self.arrived,
            moves,
            self._joined_pauses() if self.pauses else (),
        )

    def _placements(self) -> tuple[dict[str, str], tuple[Move, ...]]:
        """What holds on arrival, and each later day on which it changes."""
        facts = first = dict(self.facts)
        later: dict[date, dict[str, str]] = {}
        for day, patch in self._in_order():
            facts = facts | patch
            if day <= self.arrival:
                first = facts
            else:
                later[day] = facts
        moves: list[Move] = []
        before = first
        for day, after in later.items():
            if after != before:
                moves.append(Move(day, *(after[name] for name in FACTS)))
            before = after
        return first, tuple(moves)

    def _joined_pauses(self) -> tuple[Pause, ...]:
        joined: list[Pause] = []
        for pause in sorted(self.pauses, key=lambda one: one.opens):
            before = joined[-1] if joined else None
            if before is None or (before.closes is not None and before.closes < pause.opens):
                joined.append(pause)
            elif before.closes is not None:
                closes = None if pause.closes is None else max(before.closes, pause.closes)
                joined[-1] = Pause(before.opens, closes)
        return tuple(joined)

    def _in_order(self) -> list[tuple[date, dict[str, str]]]:
        return sorted(self.patches, key=lambda one: one[0]) if self.patches else []
