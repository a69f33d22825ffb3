"""How a WG panel decides a swipe by itself, from what it holds; its oddities are kept on purpose.

Pure. Order of right, time and door mode, and the missing profile that grants: uhppoted/uhppote-simulator
`simulator/UT0311L04/actions.go`. No right before normally closed before first card: the matrix that its `NOTES.md` took
from a real panel. From memory: that a date outside the card's pair gives reason 15; where PIN, anti-passback, interlock
and more cards stand in the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from devices.wg.memory import Card
from devices.wg.reasons import (
    DOOR_NORMALLY_CLOSED,
    FIRST_CARD,
    INTERLOCK,
    MORE_CARDS,
    NO_RIGHT,
    NOT_AT_THIS_TIME,
    PASSBACK,
    SWIPE,
    UNDECIDED,
    UNKNOWN_CARD,
    WRONG_PIN,
)

NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED = 1, 2, 3
PROFILE_FIRST, PROFILE_LAST = 2, 254


@dataclass(frozen=True, slots=True)
class Profile:
    """A time profile: dates inclusive, Monday first, up to three spans, and the profile to try next (0: none)."""

    opens: date | None
    closes: date | None
    weekdays: tuple[bool, ...]
    spans: tuple[tuple[time, time], ...]
    linked: int


@dataclass(frozen=True, slots=True)
class Doorway:
    """How things stand at a door for one card: what may shut it out that is not written on the card.

    `first_only`: just cards with first-card privilege pass. `profiles_off`: a task has disabled time profiles.
    `keypad`: the PIN of a card that has one must be typed. `turned_back`: anti-passback. `lacks_cards`: more cards
    must be shown before the door opens.
    """

    mode: int = CONTROLLED
    first_only: bool = False
    profiles_off: bool = False
    keypad: bool = False
    turned_back: bool = False
    interlocked: bool = False
    lacks_cards: bool = False


def reason_for(
    card: Card | None, door: int, way: Doorway, profiles: Mapping[int, Profile], now: datetime, pin: int | None = None
) -> int:
    """`SWIPE` where the panel opens this door for this card at its local time `now`, else why it does not.

    `UNDECIDED`: a PIN must be typed, and `pin` is None: none was yet.
    """
    if card is None:
        return UNKNOWN_CARD
    right = card.doors[door - 1]
    if not 1 <= right <= PROFILE_LAST:
        return NO_RIGHT
    if card.opens is None or card.closes is None or not card.opens <= now.date() <= card.closes:
        return NOT_AT_THIS_TIME
    if right > 1 and (way.profiles_off or not profile_allows(right, profiles, now)):
        return NOT_AT_THIS_TIME
    if way.keypad and card.pin and pin != card.pin:
        return UNDECIDED if pin is None else WRONG_PIN
    return _shut_out(card, door, way)


def profile_allows(number: int, profiles: Mapping[int, Profile], now: datetime) -> bool:
    """Whether a profile, or one that it links to, is open now. A profile that is missing ALLOWS, as panels do."""
    seen: set[int] = set()
    while PROFILE_FIRST <= number <= PROFILE_LAST and number not in seen:
        seen.add(number)
        profile = profiles.get(number)
        if profile is None or _is_open(profile, now):
            return True
        number = profile.linked
    return False


def _shut_out(card: Card, door: int, way: Doorway) -> int:
    if way.mode == NORMALLY_CLOSED:
        return DOOR_NORMALLY_CLOSED
    if way.first_only and not privileged(card, door):
        return FIRST_CARD
    if way.turned_back:
        return PASSBACK
    if way.interlocked:
        return INTERLOCK
    return MORE_CARDS if way.lacks_cards else SWIPE


def privileged(card: Card, door: int) -> bool:
    """Whether a card has first-card privilege at a door: bit 0 of its byte is door 1."""
    return bool(card.first_card >> (door - 1) & 1)


def _is_open(profile: Profile, now: datetime) -> bool:
    if profile.opens is None or profile.closes is None or not profile.opens <= now.date() <= profile.closes:
        return False
    if not profile.weekdays[now.weekday()]:
        return False
    minute = now.time().replace(second=0, microsecond=0)
    return any(start <= minute <= end for start, end in profile.spans if (start, end) != (time(), time()))
