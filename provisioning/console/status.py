"""What the status page shows, read in one consistent view, and rendered in one language. No name of a person is on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, select_autoescape

from devices.clock import Clock
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.console.tales import TALES, TONES
from provisioning.delivery.delivery import Delivery
from provisioning.holds.holds import Holds
from provisioning.nouns.answers import TargetState
from provisioning.nouns.ids import Ids
from provisioning.nouns.told import Event
from provisioning.nouns.words import Language, say
from provisioning.operators.operators import Operators
from provisioning.readiness.readiness import Readiness
from provisioning.space.scans import Scans
from provisioning.store import people, story
from provisioning.store.engine import Store, Tx
from provisioning.vault.vault import Vault

EVENTS_SHOWN = 20
ALARMS_SHOWN = 10
TARGETS_WELL_SHOWN = 15
"""On a large campus those that are well would bury the rest of the page."""

PAGES = Environment(
    loader=PackageLoader("provisioning.console", "templates"), autoescape=select_autoescape(), auto_reload=False
)


class Rooms(Protocol):
    """What the console needs of a house."""

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        ...

    @property
    def ids(self) -> Ids:
        """What makes ids and secrets."""
        ...

    @property
    def store(self) -> Store:
        """The database."""
        ...

    @property
    def vault(self) -> Vault:
        """What digests secrets."""
        ...

    @property
    def alarms(self) -> Alarms:
        """Alarms."""
        ...

    @property
    def holds(self) -> Holds:
        """Changes of mind that wait for a second person."""
        ...

    @property
    def campuses(self) -> Campuses:
        """The campus in force."""
        ...

    @property
    def operators(self) -> Operators:
        """Who may use the hub."""
        ...

    @property
    def delivery(self) -> Delivery:
        """Targets."""
        ...

    @property
    def readiness(self) -> Readiness:
        """How far things are."""
        ...

    @property
    def scans(self) -> Scans:
        """What scans of labels show."""
        ...


def board(rooms: Rooms, language: Language) -> str:
    """The living part of the page."""
    with rooms.store.reading() as tx:
        zone = rooms.campuses.current(tx).zone
        overview = rooms.readiness.overview(tx)
        # What needs looking at comes first; the sort keeps each half in its order.
        states = sorted(rooms.delivery.targets(tx), key=_is_well)
        shown = sum(not _is_well(each) for each in states) + TARGETS_WELL_SHOWN
        told: dict[str, Any] = {
            "overview": overview,
            "holds": rooms.holds.count_open(tx),
            "percent": _percent(overview.proved, overview.wanted),
            "targets": [_target(each, zone, language) for each in states[:shown]],
            "more": max(0, len(states) - shown),
            "alarms": [
                {"at": _at(each.at, zone), "sentence": say(each.template, language, each.fields)}
                for each in rooms.alarms.open(tx, ALARMS_SHOWN)
            ],
            "events": _events(tx, zone, language),
        }
    return rendered("board.html", language, told)


def title(rooms: Rooms, language: Language) -> str:
    """The campus's name."""
    with rooms.store.reading() as tx:
        return rooms.campuses.current(tx).name[language]


def rendered(template: str, language: Language, told: dict[str, Any]) -> str:
    """A template in a language; `t` in it says a sentence."""

    def t(sentence: str, **fields: object) -> str:
        return say(sentence, language, fields)

    other = "en" if language == "zh" else "zh"
    return PAGES.get_template(template).render(language=language, other=other, t=t, **told)


def _percent(proved: int, wanted: int) -> float | None:
    """One digit behind the point, and never 100 while something is owing."""
    if not wanted:
        return None
    return 100.0 if proved == wanted else min(99.9, round(100 * proved / wanted, 1))


def _is_well(state: TargetState) -> bool:
    """Whether nobody need look at it: it is in reach, or gone, and owes nothing."""
    reached = state.unreachable is None and state.seen is not None
    return not (state.dirty or state.refused) and (reached or not state.active)


def _target(state: TargetState, zone: ZoneInfo, language: Language) -> dict[str, Any]:
    if not state.active:
        reach = ("left the campus", "warn")
    elif state.unreachable is not None:
        reach = ("not reachable", "bad")
    else:
        reach = ("reachable", "good") if state.seen else ("not seen yet", "warn")
    return {
        "id": state.id,
        "name": state.name.get(language, state.id),
        "reach": reach[0],
        "tone": reach[1],
        "since": None if state.unreachable_since is None else _at(state.unreachable_since, zone),
        "records": state.records,
        "owing": state.dirty,
        "refused": state.refused,
        "read": None if state.read is None else _at(state.read, zone),
    }


def _events(tx: Tx, zone: ZoneInfo, language: Language) -> list[dict[str, Any]]:
    events = story.recent(tx, EVENTS_SHOWN)
    known = people.persons(tx, [event.person for event in events if event.person])
    return [
        _event(event, known[event.person].no if event.person in known else None, zone, language) for event in events
    ]


def _event(event: Event, no: str | None, zone: ZoneInfo, language: Language) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": _at(event.at, zone),
        "tale": say(TALES.get(event.kind, event.kind), language),
        "tone": TONES.get(event.kind, ""),
        "no": no,
        "target": event.target,
        "actor": event.actor,
    }


def _at(moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    """An instant for a `time` element: for machines, and on the campus's wall."""
    local = moment.astimezone(zone)
    return {
        "iso": local.isoformat(timespec="seconds"),
        "day": local.strftime("%m-%d"),
        "time": local.strftime("%H:%M:%S"),
    }
