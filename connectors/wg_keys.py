"""What stands under each key of a panel: how it is read, written and put back to how panels leave the factory.

A profile that never opens, and links to none, counts as absent: a panel has no way to delete one, and a card that names a
missing one is let in.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, time
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Any

from connectors.contract import canonical
from connectors.wg_cards import ALWAYS_OPEN, RANK_CARD, body_of, entry_of
from connectors.wg_fixtures import (
    NO_DAY,
    RANK_DOOR,
    RANK_OTHER,
    RANK_PROFILE,
    RANK_TASKS,
    RETIRED_DAY,
    task_of,
    week_of,
    week_told,
)
from connectors.wg_settings import DELAY_S, Door
from devices.wg.panel import DoorMode, FirstCard, Listener, Panel, TimeProfile
from devices.wg.verbs.doors import CONTROLLED
from devices.wg.verbs.profiles import PROFILE_MAX, PROFILE_MIN, Span

BODIES_MAX = 1_024
"""Bodies of which it is remembered what they name."""
FACTORY_DOOR = DoorMode(CONTROLLED, DELAY_S)
_RANKS = {"card": RANK_CARD, "profile": RANK_PROFILE, "door": RANK_DOOR, "tasks": RANK_TASKS}
_SHOWN = frozenset({"card", "profile", "door", "listener", "antipassback"})
_NO_FIRST_CARD = FirstCard(time(0, 0), time(23, 59), CONTROLLED, CONTROLLED, NO_DAY)


class Keys:
    """The keys of one panel. Methods that take from the wire raise only `devices.wire.WireError`."""

    def __init__(self, panel: Panel, doors: Sequence[Door]) -> None:
        self._panel = panel
        self._codes = {door.number: door.passcodes for door in doors}
        # A door that waits for its first card tells the mode which that made, so its own cannot be asked for.
        self._mute = frozenset(f"door:{door.number}" for door in doors if door.first_card is not None)
        self._numbers = tuple(door.number for door in doors)
        self._scheduled = any(door.schedule is not None for door in doors)

    def shows(self, key: str) -> bool:
        """Whether the panel can be asked for it."""
        return kind_of(key) in _SHOWN and key not in self._mute

    async def read(self, key: str) -> str | None:
        """What stands there; None where nothing does, or just what a panel has from the factory."""
        kind = kind_of(key)
        if kind == "card":
            entry = await self._panel.card(number_of(key))
            return None if entry is None else body_of(entry)
        if kind == "profile":
            return _profile_body(await self._panel.profile(number_of(key)))
        if kind == "door":
            told = await self._panel.door(number_of(key))
            return None if told == FACTORY_DOOR else canonical({"delay": told.delay_s, "mode": told.mode})
        if kind == "listener":
            listener = await self._panel.listener()
            address = f"{listener.address}:{listener.port}"
            return canonical({"address": address, "interval": listener.interval_s}) if listener.port else None
        mode = await self._panel.anti_passback()
        return canonical({"mode": mode}) if mode else None

    async def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """All that can be asked for and is not as from the factory; profiles only where a door goes by them."""
        async for entry in self._panel.cards():
            yield f"card:{entry.number}", body_of(entry)
        keys = [f"door:{number}" for number in self._numbers if self.shows(f"door:{number}")]
        keys += ["listener", "antipassback"]
        if self._scheduled:
            keys += [f"profile:{number}" for number in range(PROFILE_MIN, PROFILE_MAX + 1)]
        for key in keys:
            body = await self.read(key)
            if body is not None:
                yield key, body

    async def write(self, key: str, body: str) -> None:
        """Put it there. Raises `DeviceError` where the panel says no."""
        kind = kind_of(key)
        if kind == "card":
            await self._panel.put(entry_of(body))
            return
        told = json.loads(body)
        if kind == "profile":
            await self._panel.set_profile(_profile_of(number_of(key), told))
        elif kind == "listener":
            host, _, port = told["address"].rpartition(":")
            await self._panel.set_listener(Listener(IPv4Address(host), int(port), told["interval"]))
        else:
            await self._set(kind, key, told)

    async def erase(self, key: str) -> None:
        """Put back what a panel has from the factory. Raises `DeviceError` where the panel says no."""
        kind = kind_of(key)
        if kind == "card":
            await self._panel.delete(number_of(key))
        elif kind == "profile":
            retired = TimeProfile(number_of(key), RETIRED_DAY, RETIRED_DAY, NO_DAY, (), 0)
            await self._panel.set_profile(retired)
        elif kind == "listener":
            await self._panel.set_listener(Listener())
        elif kind == "first-card":
            await self._panel.set_first_card(number_of(key), _NO_FIRST_CARD)
        else:
            await self._set(kind, key, _FACTORY[kind])

    async def _set(self, kind: str, key: str, told: Any) -> None:
        if kind == "door":
            await self._panel.set_door(number_of(key), DoorMode(told["mode"], told["delay"]))
        elif kind == "antipassback":
            await self._panel.set_anti_passback(told["mode"])
        elif kind == "interlock":
            await self._panel.set_interlock(told["mode"])
        elif kind == "special":
            await self._panel.record_special_events(on=told["on"])
        elif kind == "pc-control":
            await self._panel.set_pc_control(on=told["on"])
        elif kind == "keypads":
            a, b, c, d = told["readers"]
            await self._panel.set_keypads((a, b, c, d))
        elif kind == "passcodes":
            number = number_of(key)
            await self._panel.set_passcodes(number, self._codes.get(number, ()) if told["count"] else ())
        elif kind == "first-card":
            await self._panel.set_first_card(number_of(key), _first_card_of(told))
        else:
            await self._panel.set_tasks([task_of(each) for each in told["tasks"]])


_FACTORY: dict[str, Any] = {
    "door": {"mode": FACTORY_DOOR.mode, "delay": FACTORY_DOOR.delay_s},
    "antipassback": {"mode": 0},
    "interlock": {"mode": 0},
    "special": {"on": False},
    "pc-control": {"on": False},
    "keypads": {"readers": [False] * 4},
    "passcodes": {"count": 0},
    "tasks": {"tasks": []},
}
_NUMBERED = frozenset({"card", "profile", "door", "passcodes", "first-card"})
_KINDS = _SHOWN | frozenset(_FACTORY) | {"first-card"}


def kind_of(key: str) -> str:
    """Of what kind a key is. Raises ValueError for one that no panel has."""
    kind, colon, _ = key.partition(":")
    if kind not in _KINDS or bool(colon) != (kind in _NUMBERED):
        raise ValueError(f"{key!r} is no key of a WG panel")
    return kind


def number_of(key: str) -> int:
    """The number in a key."""
    return int(key.partition(":")[2] or 0)


def rank_of(key: str) -> int:
    """Where it stands in the order of work, as far as the key tells."""
    return _RANKS.get(kind_of(key), RANK_OTHER)


@lru_cache(BODIES_MAX)
def needs(body: str) -> frozenset[str]:
    """The profiles that a card or a profile names. Asked some times for every card that is written, so no JSON is read for
    those."""
    _, of_card, rest = body.partition('"doors":[')
    if of_card:
        doors = rest.partition("]")[0]
        return _NOTHING if doors in _PLAIN else frozenset(f"profile:{number}" for number in _profiles(doors))
    _, of_profile, rest = body.partition('"linked":')
    linked = rest.partition(",")[0]
    return frozenset({f"profile:{linked}"}) if of_profile and linked != "0" else _NOTHING


_NOTHING: frozenset[str] = frozenset()
_PLAIN = frozenset(f"{a},{b},{c},{d}" for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1))


def _profiles(doors: str) -> Iterator[int]:
    return (number for number in map(int, doors.split(",")) if number > ALWAYS_OPEN)


def _profile_body(profile: TimeProfile | None) -> str | None:
    if profile is None or (profile.opens == profile.closes == RETIRED_DAY and profile.weekdays == NO_DAY):
        return None
    return canonical(
        {
            "days": week_told(profile.weekdays),
            "from": _day(profile.opens),
            "linked": profile.linked,
            "spans": [[_minute(begins), _minute(ends)] for begins, ends in profile.spans],
            "to": _day(profile.closes),
        }
    )


def _profile_of(number: int, told: dict[str, Any]) -> TimeProfile:
    spans: list[Span] = [(time.fromisoformat(begins), time.fromisoformat(ends)) for begins, ends in told["spans"]]
    opens, closes = date.fromisoformat(told["from"]), date.fromisoformat(told["to"])
    return TimeProfile(number, opens, closes, week_of(told["days"]), tuple(spans), told["linked"])


def _first_card_of(told: dict[str, Any]) -> FirstCard:
    begins, ends = time.fromisoformat(told["begins"]), time.fromisoformat(told["ends"])
    return FirstCard(begins, ends, told["active"], told["inactive"], week_of(told["days"]))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _minute(at: time | None) -> str | None:
    return None if at is None else at.isoformat("minutes")
