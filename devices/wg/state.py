"""All that a panel keeps through a power cut, and the journal lines that say how it came to be so.

A change is a line first: whatever alters a state goes through `apply`, so that reading the lines back gives the same
state. `lines` is the shortest journal of a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from ipaddress import IPv4Address
from typing import Any

from devices.wg.decision import CONTROLLED, Profile
from devices.wg.memory import Card, Cards, Event, Events, Line
from devices.wg.timetable import FirstCard, Task

DOORS = (1, 2, 3, 4)
DELAY_S = 5
_NOWHERE = IPv4Address(0)
Flags = tuple[bool, bool, bool, bool]
Codes = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DoorSetting:
    """How a door is driven: 1 normally open, 2 normally closed, 3 controlled; and how long it stays unlocked."""

    mode: int = CONTROLLED
    delay_s: int = DELAY_S


@dataclass(frozen=True, slots=True)
class Listener:
    """Where events go; port 0: nowhere."""

    address: IPv4Address = _NOWHERE
    port: int = 0
    interval_s: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """Where the panel believes that it stands in the network."""

    address: IPv4Address
    netmask: IPv4Address
    gateway: IPv4Address


@dataclass(frozen=True, slots=True)
class Rules:
    """What a panel can be told and, but for anti-passback, cannot be asked."""

    passback: int = 0
    interlock: int = 0
    special_events: bool = False
    keypads: Flags = (False, False, False, False)
    passcodes: tuple[Codes, Codes, Codes, Codes] = ((0, 0, 0, 0),) * 4


@dataclass(slots=True)
class State:
    """The memory of one panel. `clock_off_s` is how far its clock stood from the true local time when last set.

    `tasks` and `first_cards` are those in force; what waits for a refresh is not remembered. `network` None: as made.
    """

    cards: Cards
    events: Events
    clock_set_at: datetime
    clock_off_s: float = 0.0
    doors: dict[int, DoorSetting] = field(default_factory=lambda: dict.fromkeys(DOORS, DoorSetting()))
    profiles: dict[int, Profile] = field(default_factory=dict)
    listener: Listener = field(default_factory=Listener)
    event_index: int = 0
    rules: Rules = field(default_factory=Rules)
    tasks: tuple[Task, ...] = ()
    first_cards: dict[int, FirstCard] = field(default_factory=dict)
    network: Network | None = None

    def apply(self, line: Line) -> None:
        """Carry out a line. Raises KeyError, ValueError or TypeError where it is none."""
        _OPERATIONS[line["op"]](self, line)

    def lines(self) -> Iterator[Line]:
        """The lines that make this state out of a blank one."""
        yield clock_line(self.clock_off_s, self.clock_set_at)
        yield listener_line(self.listener)
        for door, setting in self.doors.items():
            yield door_line(door, setting)
        for number, profile in self.profiles.items():
            yield profile_line(number, profile)
        for card in self.cards.slots():
            yield {"op": "hole"} if card is None else card_line(card, "slot")
        for event in self.events:
            yield event_line(event)
        yield {"op": "event-index", "index": self.event_index}
        yield rules_line(self.rules)
        yield timetable_line(self.tasks, self.first_cards)
        if self.network is not None:
            yield network_line(self.network)


def clock_line(off_s: float, at: datetime) -> Line:
    """The clock was put `off_s` away from true local time."""
    return {"op": "clock", "off_s": off_s, "at": at.isoformat()}


def listener_line(listener: Listener) -> Line:
    """Events go there."""
    address = str(listener.address)
    return {"op": "listener", "address": address, "port": listener.port, "interval_s": listener.interval_s}


def door_line(door: int, setting: DoorSetting) -> Line:
    """A door is driven like this."""
    return {"op": "door", "door": door, "mode": setting.mode, "delay_s": setting.delay_s}


def profile_line(number: int, profile: Profile) -> Line:
    """A time profile says this."""
    spans = [[start.isoformat("minutes"), end.isoformat("minutes")] for start, end in profile.spans]
    return {
        "op": "profile", "id": number, "opens": _iso(profile.opens), "closes": _iso(profile.closes),
        "weekdays": list(profile.weekdays), "spans": spans, "linked": profile.linked,
    }  # fmt: skip


def card_line(card: Card, operation: str = "card") -> Line:
    """A card was put; as `slot`, it stands at the end of the list."""
    return {
        "op": operation, "number": card.number, "opens": _iso(card.opens), "closes": _iso(card.closes),
        "doors": list(card.doors), "pin": card.pin, "first_card": card.first_card,
    }  # fmt: skip


def event_line(event: Event) -> Line:
    """Something happened."""
    return {
        "op": "event", "index": event.index, "kind": event.kind, "granted": event.granted, "door": event.door,
        "direction": event.direction, "card": event.card, "at": event.at.isoformat(), "reason": event.reason,
    }  # fmt: skip


def rules_line(rules: Rules) -> Line:
    """What the panel was told about its doors, all of it."""
    return {"op": "rules"} | asdict(rules)


def timetable_line(tasks: Iterable[Task], first_cards: Mapping[int, FirstCard]) -> Line:
    """What came into force at a refresh, all of it."""
    shown = [
        asdict(task)
        | {"opens": _iso(task.opens), "closes": _iso(task.closes), "start": task.start.isoformat("minutes")}
        for task in tasks
    ]
    first = [
        asdict(told) | {"door": door, "start": told.start.isoformat("minutes"), "end": told.end.isoformat("minutes")}
        for door, told in first_cards.items()
    ]
    return {"op": "timetable", "tasks": shown, "first_cards": first}


def network_line(network: Network) -> Line:
    """The panel was moved."""
    return {"op": "network"} | {name: str(value) for name, value in asdict(network).items()}


def read_card(line: Line) -> Card:
    """The card in a line. Raises KeyError, ValueError or TypeError where there is none."""
    one, two, three, four = (int(right) for right in line["doors"])
    opens, closes = _day(line["opens"]), _day(line["closes"])
    number, pin, first_card = int(line["number"]), int(line.get("pin", 0)), int(line.get("first_card", 0))
    return Card(number, opens, closes, (one, two, three, four), pin, first_card)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _set_clock(state: State, line: Line) -> None:
    state.clock_off_s, state.clock_set_at = float(line["off_s"]), datetime.fromisoformat(line["at"])


def _set_listener(state: State, line: Line) -> None:
    state.listener = Listener(IPv4Address(line["address"]), line["port"], line["interval_s"])


def _set_door(state: State, line: Line) -> None:
    state.doors[line["door"]] = DoorSetting(line["mode"], line["delay_s"])
    # The most recent of the two commands says how a door is driven (uhppote-simulator, NOTES.md).
    state.first_cards.pop(line["door"], None)


def _set_profile(state: State, line: Line) -> None:
    spans = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in line["spans"])
    opens, closes, weekdays = _day(line["opens"]), _day(line["closes"]), tuple(line["weekdays"])
    state.profiles[line["id"]] = Profile(opens, closes, weekdays, spans, line["linked"])


def _add_event(state: State, line: Line) -> None:
    told = {name: line[name] for name in ("index", "kind", "granted", "door", "direction", "card", "reason")}
    state.events.add(Event(at=datetime.fromisoformat(line["at"]), **told))


def _set_event_index(state: State, line: Line) -> None:
    state.event_index = int(line["index"])


def _set_rules(state: State, line: Line) -> None:
    one, two, three, four = (_codes(codes) for codes in line["passcodes"])
    told = {"passback": line["passback"], "interlock": line["interlock"], "special_events": line["special_events"]}
    state.rules = Rules(**told, keypads=_flags(line["keypads"]), passcodes=(one, two, three, four))


def _flags(told: list[bool]) -> Flags:
    one, two, three, four = told
    return one, two, three, four


def _codes(told: list[int]) -> Codes:
    one, two, three, four = told
    return one, two, three, four


def _set_timetable(state: State, line: Line) -> None:
    state.tasks = tuple(
        Task(
            told["kind"], told["door"], date.fromisoformat(told["opens"]), date.fromisoformat(told["closes"]),
            tuple(told["weekdays"]), time.fromisoformat(told["start"]), told["more_cards"],
        )
        for told in line["tasks"]
    )  # fmt: skip
    state.first_cards = {
        told["door"]: FirstCard(
            time.fromisoformat(told["start"]), time.fromisoformat(told["end"]), told["active"], told["inactive"],
            tuple(told["weekdays"]),
        )
        for told in line["first_cards"]
    }  # fmt: skip


def _set_network(state: State, line: Line) -> None:
    state.network = Network(*(IPv4Address(line[name]) for name in ("address", "netmask", "gateway")))


def _restore(state: State, line: Line) -> None:
    """Everything as it was made, but for the clock; the address is gone, too."""
    state.cards.clear()
    state.events.clear()
    state.doors = dict.fromkeys(DOORS, DoorSetting())
    state.profiles.clear()
    state.first_cards.clear()
    state.tasks = ()
    state.listener, state.event_index, state.rules = Listener(), 0, Rules()
    _set_network(state, line)


_OPERATIONS: dict[str, Callable[[State, Line], Any]] = {
    "clock": _set_clock,
    "listener": _set_listener,
    "door": _set_door,
    "profile": _set_profile,
    "card": lambda state, line: state.cards.put(read_card(line)),
    "slot": lambda state, line: state.cards.append(read_card(line)),
    "hole": lambda state, _: state.cards.append(None),
    "delete": lambda state, line: state.cards.delete(line["number"]),
    "clear": lambda state, _: state.cards.clear(),
    "event": _add_event,
    "overflow": lambda state, line: state.events.drop(line["events"]),
    "event-index": _set_event_index,
    "clear-profiles": lambda state, _: state.profiles.clear(),
    "rules": _set_rules,
    "timetable": _set_timetable,
    "network": _set_network,
    "restore": _restore,
}
