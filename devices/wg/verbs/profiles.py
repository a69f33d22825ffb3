"""The time profiles of a panel. All that is written here can be read back, by number.

A card that names a profile that a panel has not is GRANTED, and so is a profile that links to one (guide of the wires). So
a profile is written before whatever names it, and none is ever deleted: there is no such function, and to clear them all
turns every card that names one into a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from devices.wg.verbs.asking import Asking, Week, check_days, check_minute, check_week
from devices.wire import DeviceError, ProtocolError

PROFILE_MIN, PROFILE_MAX = 2, 254
SPANS_MAX = 3

Span = tuple[time | None, time | None]
"""From the first minute to the last, both within it. A panel may hold what is no time: None, and it cannot be written."""

_UNUSED = (time(), time())


@dataclass(frozen=True, slots=True)
class TimeProfile:
    """When a door is open to a card: from day `opens` to day `closes`, both inclusive, on `weekdays`, within any of up to
    three `spans` of local time; and whenever the profile `linked` (0: none) says so. No weekday: never.

    A panel may hold a profile with a date that is none; it reads as None here, and cannot be written.
    """

    number: int
    opens: date | None
    closes: date | None
    weekdays: Week
    spans: tuple[Span, ...]
    linked: int = 0


class ProfileVerbs(Asking):
    """What a panel can be told and asked about its time profiles."""

    async def profile(self, number: int) -> TimeProfile | None:
        """The profile of this number, 2 to 254; None where it is not held."""
        _check_number(number)
        told = await self._ask(self._client.get_time_profile, number)
        if told.profile_id == 0:
            return None
        if told.profile_id != number:
            self._client.hang_up()
            raise ProtocolError(f"{self} was asked for profile {number} and told of profile {told.profile_id}")
        return _profile(told)

    async def set_profile(self, profile: TimeProfile) -> None:
        """Store a profile, over the one of the same number. Readable by `profile`.

        Raises `DeviceError` where the panel says no, and where it must not be: a link to a profile that the panel has not
        would open at all times, and a link back would never end (as uhppoted/uhppoted-lib `time_profiles.go` refuses).
        """
        _check(profile)
        await self._check_links(profile)
        spans = [*profile.spans, *[_UNUSED] * (SPANS_MAX - len(profile.spans))]
        told = await self._ask(
            self._client.set_time_profile, profile.number, profile.opens, profile.closes, *profile.weekdays,
            *(at for span in spans for at in span), profile.linked,
        )  # fmt: skip
        self._agreed(told, f"store profile {profile.number}")

    async def clear_profiles(self) -> None:
        """Forget all profiles. Never for a panel at work: see this file's head. Readable by `profile`.

        Raises `DeviceError` where the panel still counts a card.
        """
        if held := (await self._ask(self._client.get_cards)).cards:
            raise DeviceError(
                f"{self} holds {held} cards: those that name a profile would open at all times without it"
            )
        self._agreed(await self._ask(self._client.delete_all_time_profiles), "clear its profiles")

    async def _check_links(self, profile: TimeProfile) -> None:
        chain, linked = [profile.number], profile.linked
        while linked:
            if linked in chain:
                raise DeviceError(f"profile {profile.number} would link back to profile {linked}")
            held = await self.profile(linked) if PROFILE_MIN <= linked <= PROFILE_MAX else None
            if held is None:
                raise DeviceError(
                    f"{self} has no profile {linked}, to which profile {chain[-1]} links: write that first"
                )
            chain.append(linked)
            linked = held.linked


def _profile(told: Any) -> TimeProfile:
    weekdays = (
        told.monday, told.tuesday, told.wednesday, told.thursday, told.friday, told.saturday, told.sunday
    )  # fmt: skip
    spans = (
        (told.segment_1_start, told.segment_1_end),
        (told.segment_2_start, told.segment_2_end),
        (told.segment_3_start, told.segment_3_end),
    )
    used = tuple(span for span in spans if span != _UNUSED)
    return TimeProfile(told.profile_id, told.start_date, told.end_date, weekdays, used, told.linked_profile_id)


def _check(profile: TimeProfile) -> None:
    """What a panel refuses, or stores as something else, never leaves (uhppoted/uhppote-core `set_time_profile.go`)."""
    _check_number(profile.number)
    check_days(profile.opens, profile.closes)
    check_week(profile.weekdays)
    if not len(profile.spans) <= SPANS_MAX:
        raise DeviceError(f"a profile has up to {SPANS_MAX} spans, not {len(profile.spans)}")
    for begins, ends in profile.spans:
        check_minute(begins)
        check_minute(ends)
        if begins is None or ends is None or ends < begins or (begins, ends) == _UNUSED:
            raise DeviceError(
                f"a profile has no span from {begins} to {ends}: it ends after it begins, on the same day"
            )
    if profile.linked and profile.linked != profile.number:
        _check_number(profile.linked)


def _check_number(number: int) -> None:
    if not PROFILE_MIN <= number <= PROFILE_MAX:
        raise DeviceError(f"a panel's profiles are numbered {PROFILE_MIN} to {PROFILE_MAX}, not {number}")
