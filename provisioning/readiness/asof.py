"""Time travel: who had what at some instant, by which rule, as it was believed then and as it is known since, and what
the devices said of it. It only reads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioning.campus.campuses import NoCampus
from provisioning.campus.file import Campus, read_campus
from provisioning.grants.targets import Serving, serving
from provisioning.nouns.asof import Agreement, DeviceSaid, Held, Moment
from provisioning.nouns.people import Person
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.store import asof as rows
from provisioning.store.engine import Tx

RIGHTS_MAX = 10_000
"""Rights that one answer about a person holds at most: far more than anybody has."""
_SAID = {"record.proved": DeviceSaid.HELD, "record.gone": DeviceSaid.GONE}


class KnownLater(Refusal):
    """What was known at {known} cannot be asked for: that instant is still to come. Give an earlier one, or none."""


@dataclass(frozen=True, slots=True)
class _Meant:
    """What a word means on a campus: resources, and the targets that speak of them; a unit, where it is one."""

    resources: tuple[str, ...]
    targets: tuple[str, ...]
    unit: tuple[str, str] | None = None


class AsOf:
    """Answers what held."""

    def __init__(self) -> None:
        self._kept: tuple[int, Campus, Serving] | None = None

    def who(self, tx: Tx, word: str, moment: Moment, *, after: str, limit: int) -> list[Held]:
        """Whoever had a right on a resource, a door or a unit, by staff number from behind `after` on.

        Raises `NotFound` where the campus of that time has nothing of this name, `NoCampus`, `KnownLater`.
        """
        _check(tx, moment)
        campus, serves = self._campus(tx, moment.at)
        meant = _meant(tx, word, campus, serves)
        found: list[Held] = []
        if meant.unit is not None:
            for person, ask in rows.asks_of_unit(tx, *meant.unit, moment.at):
                found += rows.held_at(tx, moment, resources=[ask], persons=[person], after=after, limit=limit)
        elif meant.resources:
            found = rows.held_at(tx, moment, resources=meant.resources, after=after, limit=limit)
        return _with_devices(tx, found, {one.resource: meant.targets for one in found}, moment)

    def of_person(self, tx: Tx, person: Person, moment: Moment, word: str | None) -> list[Held]:
        """What a person had: of all, or of this one. Raises `NotFound` as `who` does, `NoCampus`, `KnownLater`."""
        _check(tx, moment)
        campus, serves = self._campus(tx, moment.at)
        asked: Sequence[str] = ()
        meant = None if word is None else _meant(tx, word, campus, serves)
        if meant is not None:
            asked = meant.resources
            if meant.unit is not None:
                asked = [ask for who, ask in rows.asks_of_unit(tx, *meant.unit, moment.at) if who == person.id]
            if not asked:
                return []
        found = rows.held_at(tx, moment, resources=asked, persons=[person.id], limit=RIGHTS_MAX)
        # A door is on one target, whatever others its zones have doors on.
        of_door = meant if meant is not None and word not in meant.resources else None
        targets = {one.resource: of_door.targets if of_door else serves.targets_of(_served(one)) for one in found}
        return _with_devices(tx, found, targets, moment)

    def resources(self, tx: Tx, word: str, person: Person) -> tuple[str, ...]:
        """The resources by which rules know what a word means now: of a door, its zones; of a unit that the person has,
        what it answers. Raises `NotFound` as `who` does, `NoCampus`."""
        meant = _meant(tx, word, *self._campus(tx, tx.now))
        if meant.unit is None:
            return meant.resources
        return tuple(ask for who, ask in rows.asks_of_unit(tx, *meant.unit, tx.now) if who == person.id)

    def _campus(self, tx: Tx, at: datetime) -> tuple[Campus, Serving]:
        """The campus that was in force, and what its targets served; the last one asked for is kept."""
        found = rows.campus_at(tx, at)
        if found is None:
            raise NoCampus
        version, text = found
        if self._kept is None or self._kept[0] != version:
            campus = read_campus(text, f"version {version}")
            self._kept = (version, campus, serving(campus))
        return self._kept[1], self._kept[2]


def _check(tx: Tx, moment: Moment) -> None:
    if moment.known > tx.now:
        raise KnownLater(known=moment.known.isoformat())


def _meant(tx: Tx, word: str, campus: Campus, serves: Serving) -> _Meant:
    kind, _, name = word.partition(":")
    units: Mapping[str, object] = {"seat": campus.seats, "flat": campus.flats}.get(kind, {})
    if name in units:
        return _Meant((), serves.targets_of(word), (kind, name))
    for target in campus.targets:
        for door in target.doors:
            if door.id == word:
                return _Meant(tuple(f"zone:{zone}" for zone in door.zones), (target.id,))
    if not (_stands(kind, name, campus) or word in serves.exact or rows.ever_granted(tx, word)):
        raise NotFound(what="door, zone or unit", name=word, where="foyer campus show")
    return _Meant((word,), serves.targets_of(word))


def _stands(kind: str, name: str, campus: Campus) -> bool:
    """Whether the campus file has a zone of this name, a flat whose lock it is, or flats of this sort."""
    if kind == "flat":
        return any(block.tier == name for block in campus.blocks.values())
    known: Mapping[str, object] = {"zone": campus.zones, "lock": campus.flats}.get(kind, {})
    return name in known


def _served(one: Held) -> str:
    """The resource that a target knows of: of a right which asks for a unit, that unit."""
    return one.resource if one.unit is None else f"{one.resource.partition(':')[0]}:{one.unit}"


def _with_devices(tx: Tx, found: Sequence[Held], targets: Mapping[str, Sequence[str]], moment: Moment) -> list[Held]:
    """The rights as they were known, each with the last word of every target that speaks of it."""
    places = sorted({target for some in targets.values() for target in some})
    last: dict[tuple[str, str, str], Agreement] = {}
    for told in rows.words_of_devices(tx, [one.person for one in found], places, moment.at):
        key = str(json.loads(told.body)["data"]["key"])
        said = _SAID.get(told.kind, DeviceSaid.DIFFERED)
        last[told.person or "", told.target or "", key] = Agreement(told.target or "", key, said, told.at, told.id)
    said_of: dict[tuple[str, str], list[Agreement]] = defaultdict(list)
    for (person, target, _), word in last.items():
        said_of[person, target].append(word)
    return [
        replace(
            _as_known(one, moment.known),
            devices=tuple(word for at in targets[one.resource] for word in said_of[one.person, at]),
        )
        for one in found
    ]


def _as_known(one: Held, known: datetime) -> Held:
    """The right without an end that nobody had told of by then."""
    return replace(one, ended=None, ended_by=None) if one.ended is not None and one.ended > known else one
