"""Takes in what doors report: each report once, in the order of its device, with whoever held the card at that time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Gap, Heard, Json, Mark, PassageKind
from connectors.desk import Passed, Watch, Watched
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.nouns.gateways import Gateway
from provisioning.nouns.passages import Passage
from provisioning.nouns.told import Actor, Told
from provisioning.passages.judging import Judge, whose
from provisioning.store import passages as rows
from provisioning.store.campus import latest_campus
from provisioning.store.conditions import zones_in_force
from provisioning.store.engine import Tx
from provisioning.store.gateways import last_assignment
from provisioning.store.passages import Cursor
from provisioning.story.story import Story

PASSAGES = "passages"
"""The topic of those who wait for passages."""
AHEAD = timedelta(seconds=60)
"""A device whose clock is further ahead than this is not believed: its report counts from when it was heard."""
FRESH = timedelta(seconds=30)
"""Only a card that was turned away so short a time ago may still have a door opened."""
BURNING = timedelta(minutes=10)
"""A fire that was told so late is still one."""
ADOPTED = timedelta(minutes=5)
"""What a device kept from longer before its first report came in is history, and raises no alarm."""
NOWHERE = "none"
DENIED, FIRE = PassageKind.DENIED.value, PassageKind.FIRE.value
HOUSE = Actor("house:passages")

LOST = (
    "{target} has lost {count} of its passages, from number {first} on: it keeps so many, and they were not fetched in"
    " time. What happened at its doors then is not known; look into why the hub or the line was away so long."
)
ANEW = (
    "{target} began its passages anew: those after number {last} are lost, and nobody knows how many they were. Find out"
    " who reset it or took its power."
)
STRANGER = (
    "Somebody at {address} reports passages as panel {serial}, which is not in the campus file with that address. None of"
    " it counts. Find the device, or correct the campus file."
)
DEAF = (
    "Passages cannot be heard at {listen}: {why}. They are fetched from time to time until then; stop who uses the port,"
    " or name another in the campus file."
)

Denied = Callable[[Tx, str, str, int | None, datetime | None, str], object]
Fire = Callable[[Tx, str, Actor], object]


@dataclass(frozen=True, slots=True)
class Upon:
    """What the hub does at once: upon a card that was turned away (target, key, card, when, why), and a fire (target)."""

    denied: Denied
    fire: Fire


class Passages:
    """Takes passages in."""

    def __init__(self, story: Story, alarms: Alarms, campuses: Campuses, upon: Upon | None = None) -> None:
        self._story = story
        self._alarms = alarms
        self._campuses = campuses
        self._upon = upon
        self._judge = Judge(alarms)
        self._doors: tuple[Campus | None, Mapping[tuple[str, str], str]] = (None, {})

    def watch(self, tx: Tx, since: str | None, gateway: str | None = None) -> Watch | None:
        """Whose passages a gateway (None: the hub's own) is to follow, and where they are heard; None where that is what it
        was at the version `since`."""
        latest = latest_campus(tx)
        version = NOWHERE if latest is None else "{}-{}-{}".format(*latest, last_assignment(tx))
        if version == since:
            return None
        if latest is None:
            return Watch(version, ZoneInfo("UTC"), ())
        campus = self._campuses.current(tx)
        # Where no site or building names an address, panels tell passages to the hub's own: elsewhere they are fetched.
        usual = campus.listener if gateway is None else None
        followed = rows.followed(tx, gateway)
        return Watch(
            version, campus.zone, tuple(Watched(*one, campus.listeners.get(one[0], usual)) for one in followed)
        )

    def take(self, tx: Tx, told: Sequence[Passed]) -> list[Mark]:
        """Take in what targets reported after their marks; for each the newest that is kept now. What does not begin there
        is not taken at all."""
        known = rows.cursors(tx, (one.target for one in told))
        new = {one.target: Cursor(one.target, 1, Mark(), tx.now - ADOPTED) for one in told if one.target not in known}
        now_at = new | known
        began: set[str] = set()
        heard: list[tuple[Cursor, Heard]] = []
        for one in told:
            cursor = now_at[one.target]
            if one.after == cursor.mark and one.told:
                began.add(one.target)
                now_at[one.target] = self._walk(tx, cursor, one, heard)
        rows.put_cursors(tx, [now_at[target] for target in sorted(began)])
        if new := _not_told_before(tx, heard):
            self._keep(tx, new)
        return [now_at[one.target].mark for one in told]

    def overheard(self, tx: Tx, address: str, serial: int, gateway: Gateway | None = None) -> None:
        """Somebody unknown to a gateway (None: the hub's own) speaks as a device would, and is no panel that another
        follows."""
        if rows.follows_elsewhere(tx, serial, address, None if gateway is None else gateway.id):
            return
        at = address if gateway is None else f"{address} ({gateway.name})"
        self._alarms.raise_alarm(tx, "passages.stranger", STRANGER, {"address": at, "serial": serial})

    def deaf(self, tx: Tx, listen: str, why: str | None) -> None:
        """Nothing can be heard there, and why; None: it is heard again."""
        data: dict[str, Json] = {"listen": listen} if why is None else {"listen": listen, "why": why}
        self._story.tell(tx, Told("passages.deaf" if why else "passages.hearing", HOUSE.name, data=data))
        if why is not None:
            self._alarms.raise_alarm(tx, "passages.deaf", DEAF, data)

    def _walk(self, tx: Tx, cursor: Cursor, one: Passed, heard: list[tuple[Cursor, Heard]]) -> Cursor:
        """Where a target stands after these reports; each that was heard is put beside the incarnation it belongs to."""
        last: Heard | Mark = cursor.mark
        for report in one.told:
            if isinstance(report, Heard):
                heard.append((cursor, report))
                last = report
            elif isinstance(report, Gap):
                self._lost(tx, cursor.target, report)
                last = Mark(report.last)
            else:
                self._anew(tx, cursor.target, last.index)
                cursor, last = replace(cursor, incarnation=cursor.incarnation + 1), Mark()
        return replace(cursor, mark=Mark(last.index, last.at))

    def _keep(self, tx: Tx, heard: Sequence[tuple[Cursor, Heard]]) -> None:
        doors, now = self._doors_of(self._campuses.current(tx)), tx.now
        latest = now + AHEAD
        holders = rows.holders(tx, {report.card for _, report in heard if report.card is not None})
        kept: list[Passage] = []
        for cursor, report in heard:
            at = now if report.at is None or report.at > latest else report.at
            held = whose(holders.get(report.card, ()), at) if report.card is not None else None
            kept.append(
                Passage(
                    cursor.target, cursor.incarnation, report.index, str(report.kind), report.key,
                    doors.get((cursor.target, report.key)), report.granted, report.reason, report.card,
                    None if held is None else held.person, report.inside, at, now,
                )
            )  # fmt: skip
        rows.add_passages(tx, kept)
        since = {cursor.target: cursor.since for cursor, _ in heard}
        news = [one for one in kept if one.at >= since[one.target]]
        self._judge.judge(tx, news, holders, self._campuses.current(tx).zone)
        self._answer(tx, news)
        tx.wake(PASSAGES)

    def _answer(self, tx: Tx, news: Sequence[Passage]) -> None:
        """What cannot wait for somebody to look."""
        if self._upon is None:
            return
        for one in news:
            if one.kind == FIRE and tx.now - one.at < BURNING:
                self._upon.fire(tx, one.target, HOUSE)
        denied = [one for one in news if one.kind == DENIED and tx.now - one.at < FRESH]
        if denied and any(zones_in_force(tx)):
            for one in denied:
                self._upon.denied(tx, one.target, one.key, one.card, one.at, one.reason)

    def _lost(self, tx: Tx, target: str, gap: Gap) -> None:
        data: dict[str, Json] = {"target": target, "first": gap.first, "count": gap.last - gap.first + 1}
        self._story.tell(tx, Told("passages.lost", HOUSE.name, target=target, data=data))
        self._alarms.raise_alarm(tx, "passages.lost", LOST, data, target=target)

    def _anew(self, tx: Tx, target: str, last: int) -> None:
        data: dict[str, Json] = {"target": target, "last": last}
        self._story.tell(tx, Told("passages.anew", HOUSE.name, target=target, data=data))
        self._alarms.raise_alarm(tx, "passages.anew", ANEW, data, target=target)

    def _doors_of(self, campus: Campus) -> Mapping[tuple[str, str], str]:
        """The door of a target's key, by the file; gathered once for each version of the campus."""
        if self._doors[0] is not campus:
            found = {(each.id, f"door:{door.number}"): door.id for each in campus.targets for door in each.doors}
            self._doors = (campus, found)
        return self._doors[1]


def _not_told_before(tx: Tx, heard: Sequence[tuple[Cursor, Heard]]) -> Sequence[tuple[Cursor, Heard]]:
    """What is not in the book yet: who keeps a line's doors anew, since another kept them meanwhile, tells all that it
    has."""
    again = {report.at for cursor, report in heard if cursor.incarnation > 1 and report.at is not None}
    known = rows.known_at(tx, again) if again else set()
    return [(cursor, report) for cursor, report in heard if (cursor.target, report.index, report.at) not in known]
