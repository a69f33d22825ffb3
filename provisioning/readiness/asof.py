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
UNIT_KINDS = ("seat", "flat")
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
        meant = _meant(word, campus, serves)
        if meant.unit is not None:
            found = [
                one
                for person, ask in rows.asks_of_unit(tx, *meant.unit, moment.at)
                for one in rows.held_at(tx, moment, resources=[ask], persons=[person], after=after, limit=limit)
            ]
        else:
            found = rows.held_at(tx, moment, resources=meant.resources, after=after, limit=limit)
        return _with_devices(tx, found, {one.resource: meant.targets for one in found}, moment)

    def of_person(self, tx: Tx, person: Person, moment: Moment, resource: str | None) -> list[Held]:
        """What a person had. Raises `NoCampus`, `KnownLater`."""
        _check(tx, moment)
        _, serves = self._campus(tx, moment.at)
        resources = [] if resource is None else [resource]
        found = rows.held_at(tx, moment, resources=resources, persons=[person.id], limit=RIGHTS_MAX)
        targets = {one.resource: serves.targets_of(_served(one)) for one in found}
        return _with_devices(tx, found, targets, moment)

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


def _meant(word: str, campus: Campus, serves: Serving) -> _Meant:
    kind, _, name = word.partition(":")
    units: Mapping[str, object] = {"seat": campus.seats, "flat": campus.flats}.get(kind, {})
    if name in units:
        return _Meant((), serves.targets_of(word), (kind, name))
    for target in campus.targets:
        for door in target.doors:
            if door.id == word:
                return _Meant(tuple(f"zone:{zone}" for zone in door.zones), (target.id,))
    targets = serves.targets_of(word)
    if not targets and kind not in UNIT_KINDS:
        raise NotFound(what="door, zone or unit", name=word, where="foyer campus show")
    return _Meant((word,), targets)


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
