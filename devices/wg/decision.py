"""How a WG panel decides a swipe by itself, from what it holds; its oddities are kept on purpose.

Pure. Order and reasons: uhppoted/uhppote-simulator `simulator/UT0311L04/actions.go` and uhppoted/uhppoted-lib, event
reasons; that a date outside the card's pair gives reason 15 is from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from devices.wg.memory import Card

NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED = 1, 2, 3

SWIPE = 1
NO_RIGHT = 6
DOOR_NORMALLY_CLOSED = 11
NOT_AT_THIS_TIME = 15
UNKNOWN_CARD = 18
POWER_ON = 28
REMOTE_OPEN = 44

KIND_SWIPE, KIND_DOOR, KIND_ALARM = 1, 2, 3
IN = 1


@dataclass(frozen=True, slots=True)
class Profile:
    """A time profile: dates inclusive, Monday first, up to three spans, and the profile to try next (0: none)."""

    opens: date | None
    closes: date | None
    weekdays: tuple[bool, ...]
    spans: tuple[tuple[time, time], ...]
    linked: int


def reason_for(card: Card | None, door: int, mode: int, profiles: Mapping[int, Profile], now: datetime) -> int:
    """`SWIPE` where the panel opens this door for this card at its local time `now`, else why it does not."""
    if card is None:
        return UNKNOWN_CARD
    right = card.doors[door - 1]
    if not 1 <= right <= 254:
        return NO_RIGHT
    if card.opens is None or card.closes is None or not card.opens <= now.date() <= card.closes:
        return NOT_AT_THIS_TIME
    if right > 1 and not profile_allows(right, profiles, now):
        return NOT_AT_THIS_TIME
    if mode == NORMALLY_CLOSED:
        return DOOR_NORMALLY_CLOSED
    return SWIPE


def profile_allows(number: int, profiles: Mapping[int, Profile], now: datetime) -> bool:
    """Whether a profile, or one that it links to, is open now. A profile that is missing ALLOWS, as panels do."""
    seen: set[int] = set()
    while 2 <= number <= 254 and number not in seen:
        seen.add(number)
        profile = profiles.get(number)
        if profile is None or _is_open(profile, now):
            return True
        number = profile.linked
    return False


def _is_open(profile: Profile, now: datetime) -> bool:
    if profile.opens is None or profile.closes is None or not profile.opens <= now.date() <= profile.closes:
        return False
    if not profile.weekdays[now.weekday()]:
        return False
    minute = now.time().replace(second=0, microsecond=0)
    return any(start <= minute <= end for start, end in profile.spans if (start, end) != (time(), time()))
