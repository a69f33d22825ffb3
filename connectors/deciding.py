"""What the rules for doors are asked, and what becomes of their answer: the list, the clock and the doors of one line as
`policies.passage` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors import pins
from connectors.doorway import Doorway
from connectors.kept_list import After
from connectors.osdp_records import INSIDE
from connectors.roll import Carded, Roll, Ruled
from devices.clock import Clock
from policies.passage import Asked, Entry, Mode, Now, Pin, Verdict, decide, first_hours, open_at
from policies.passage_reasons import Reason


@dataclass(frozen=True, slots=True)
class Decided:
    """An answer, what it changes, and what puts that back where nothing came of it."""

    verdict: Verdict
    after: After
    before: After


class Deciding:
    """Decides for the doors of one line. `term_until`: from then on it only shuts; `pin_key`: by which PINs are compared,
    None: then no PIN is right."""

    def __init__(self, roll: Roll, doorways: Mapping[int, Doorway], zone: ZoneInfo, clock: Clock) -> None:
        self.term_until: datetime | None = None
        self.pin_key: bytes | None = None
        self._roll = roll
        self._doorways = doorways
        self._zone = zone
        self._clock = clock

    def ruled(self, door: int) -> Ruled | None:
        """How a door is set; None: it is not, and stays shut."""
        return self._roll.doors.get(door)

    def over(self, at: datetime) -> bool:
        """Whether the term is over."""
        return self.term_until is not None and at >= self.term_until

    def mode(self, door: int, at: datetime) -> Mode:
        """How a door stands, by conditions and by its hours."""
        ruled = self._roll.doors.get(door)
        if ruled is None:
            return Mode.LOCKED
        if ruled.fire:
            return Mode.FREE
        if self.over(at):
            return Mode.CONTROLLED if ruled.mode is Mode.FREE else ruled.mode
        schedule = None if ruled.unlocked is None else self._roll.schedules.get(ruled.unlocked)
        if ruled.mode is Mode.CONTROLLED and schedule is not None and open_at(schedule, at, self._zone):
            return Mode.FREE
        return ruled.mode

    def decide(self, asked: Asked, at: datetime) -> Decided:
        """Whether the door opens; what that changes is already so in memory, that no second card passes by the same."""
        roll, ruled = self._roll, self._roll.doors.get(asked.door)
        if ruled is None:
            return Decided(Verdict(False, Reason.UNDECIDED, None, False, False), After(), After())
        carded = None if asked.card is None else roll.cards.get(asked.card)
        now = self._now(asked, ruled, at)
        hours = first_hours(ruled.rules, now)
        now = replace(now, first_done=hours is not None and roll.firsts.get(asked.door) == _hours(*hours))
        verdict = decide(asked, _entry(carded, asked.door, at), ruled.rules, now)
        if not verdict.granted:
            return Decided(verdict, After(), After())
        inside = first = None
        if ruled.rules.antipassback and asked.card is not None and verdict.inside is not None:
            inside = (asked.card, verdict.inside)
        if hours is not None and verdict.first_done and not now.first_done:
            first = (asked.door, _hours(*hours))
        after = After(inside, first)
        before = After(None if inside is None else (inside[0], now.inside), None)
        self.remember(after, at)
        return Decided(verdict, after, before)

    def remember(self, after: After, at: datetime) -> None:
        """Take in what a passage changes."""
        if after.inside is not None:
            card, inside = after.inside
            if inside is None:
                self._roll.inside.pop(card, None)
            else:
                self._roll.inside[card] = (inside, at)
        if after.first is not None:
            door, hours = after.first
            self._roll.firsts[door] = hours

    def pin(self, card: int, typed: str) -> Pin:
        """What becomes of digits that were typed for a card."""
        carded = self._roll.cards.get(card)
        if carded is None or carded.pin is None or self.pin_key is None:
            return Pin.WRONG
        return Pin.RIGHT if pins.matches(self.pin_key, carded.pin, typed) else Pin.WRONG

    def _seen(self, card: int, at: datetime) -> bool | None:
        """On which side a card was last seen; None where that is too long ago, forgiven, or not known."""
        seen, carded = self._roll.inside.get(card), self._roll.cards.get(card)
        forgiven = None if carded is None else carded.forgiven
        if seen is None or at - seen[1] > INSIDE or (forgiven is not None and seen[1] <= forgiven):
            return None
        return seen[0]

    def _now(self, asked: Asked, ruled: Ruled, at: datetime) -> Now:
        seen = None if asked.card is None else self._seen(asked.card, at)
        monotonic = self._clock.monotonic()
        return Now(
            at=at,
            zone=self._zone,
            mode=self.mode(asked.door, at),
            fire=ruled.fire,
            open_doors=frozenset(number for number, way in self._doorways.items() if way.is_open(monotonic)),
            inside=seen,
            term_over=self.over(at),
            schedules=self._roll.schedules,
        )


def _entry(carded: Carded | None, door: int, at: datetime) -> Entry | None:
    if carded is None or not carded.first:
        return None if carded is None else carded.entry
    at = at.astimezone(UTC)
    first = any(
        window.door == door and window.opens <= at and (window.closes is None or at < window.closes)
        for window in carded.first
    )
    return replace(carded.entry, first=first)


def _hours(day: object, minute: int) -> str:
    return f"{day}/{minute}"
