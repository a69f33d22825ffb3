"""What holds for a zone just now: a lockdown, or a release by fire. It is wanted state like any other: the doors follow
through the fixtures of their targets, over schedules and holidays, and are as they were before once it is released. So it
outlives every restart, and who has not been read back as set is listed until it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from connectors.contract import Json
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus, Door, TargetSpec
from provisioning.conditions.groups import groups
from provisioning.delivery.acts import PAIR, Acts
from provisioning.nouns.conditions import Condition, ConditionKind, DoorAct, DoorLine, DoorProof, InForce
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.rights import WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.store import conditions as rows
from provisioning.store import rights
from provisioning.store.engine import Tx
from provisioning.story.story import ANCHORS, Story

REASON_CHARACTERS_MAX = 500
LISTED_MAX = 500
EXPOSED_S = 30.0
"""A door that is not proved shut so long after it was ordered is worth waking somebody."""
FIRE_INPUT = "The fire input of {target} was closed."
FIRE_ORDERED = "fire"
TIME_OVER = Actor("house:conditions")
STILL_OPEN = (
    "Zone {zone} is under lockdown, and not all of its doors are proved shut. See which, and have somebody stand there:"
    " foyer lockdown list"
)

BURNS = "It is released for fire, which wins over a lockdown."

Restate = Callable[[Tx], object]
"""Has every target's settings say what holds now, ahead of other work."""


class ConditionReason(Refusal):
    """A lockdown needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT"""


class OpenReason(Refusal):
    """Who opens a door from afar says why, in 1 to {most} characters, for the story to keep. Give a reason: --reason TEXT"""


class ConditionUntil(Refusal):
    """A lockdown cannot end at {until}, which is not ahead. Correct --until, or leave it out: then it holds until somebody
    releases it."""


class PairReason(Refusal):
    """Who pairs a reader says why, in 1 to {most} characters, for the story to keep. Give a reason: --reason TEXT"""


class NoReader(Refusal):
    """Door {door} has no such reader on a serial line, so there is nothing to pair. See its target {target}: foyer campus
    show"""

    status = 409


class ZoneDoorless(Refusal):
    """No door of the campus belongs to zone {zone}, so nothing would be shut. See the zones: foyer campus show"""


class LockdownTwice(Refusal):
    """Zone {zone} is under lockdown already, since {since}, by {by}. Release it first, to order it otherwise: foyer lockdown
    release {zone}"""

    status = 409


class NotInForce(Refusal):
    """Nothing of this kind holds for zone {zone}. See what does: foyer lockdown list"""

    status = 409


class Conditions:
    """Orders conditions, releases them, and tells how far their doors follow."""

    def __init__(self, story: Story, alarms: Alarms, campuses: Campuses, acts: Acts, restate: Restate) -> None:
        self._story = story
        self._acts = acts
        self._alarms = alarms
        self._campuses = campuses
        self._restate = restate

    def lock(
        self, tx: Tx, zone: str, reason: str, actor: Actor, exempt: Sequence[str] = (), until: datetime | None = None
    ) -> InForce:
        """Shut every door of a zone, save for those who are exempt; `until` is a wall-clock time of the site.

        Raises `NotFound`, `ZoneDoorless`, `ConditionReason`, `ConditionUntil`, `LockdownTwice`, and as `groups` does.
        """
        campus = self._zoned(tx, zone)
        told = " ".join(reason.split())
        if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
            raise ConditionReason(most=REASON_CHARACTERS_MAX)
        ends = None if until is None else until.replace(tzinfo=campus.zone).astimezone(UTC)
        if ends is not None and ends <= tx.now:
            raise ConditionUntil(until=until)
        standing = rows.in_force(tx, ConditionKind.LOCKDOWN, zone)
        if standing:
            since = standing[0].since.astimezone(campus.zone).isoformat(sep=" ", timespec="minutes")[:16]
            raise LockdownTwice(zone=zone, since=since, by=standing[0].operator)
        made = self._begin(tx, ConditionKind.LOCKDOWN, zone, told, actor, groups(exempt, campus), ends)
        self._restate(tx)
        return self._shown(tx, made, campus)

    def free(self, tx: Tx, zone: str, actor: Actor, reason: str = "") -> InForce:
        """Release every door of a zone for fire. It never asks, and where that holds already nothing changes. Raises
        `NotFound`, `ZoneDoorless`."""
        campus = self._zoned(tx, zone)
        standing = rows.in_force(tx, ConditionKind.FIRE, zone)
        if standing:
            return self._shown(tx, standing[0], campus)
        told = " ".join(reason.split())[:REASON_CHARACTERS_MAX] or FIRE_ORDERED
        made = self._begin(tx, ConditionKind.FIRE, zone, told, actor)
        self._restate(tx)
        return self._shown(tx, made, campus)

    def fire(self, tx: Tx, target: str, actor: Actor) -> tuple[str, ...]:
        """A target told of fire: every zone of its doors is released, so that the same way out is open on all panels.
        Returns the zones that were not yet. Raises nothing: a release is not the place to doubt."""
        campus = self._campuses.current(tx)
        standing = {each.zone for each in rows.in_force(tx, ConditionKind.FIRE)}
        spec = next((each for each in campus.targets if each.id == target), None)
        zones = () if spec is None else sorted({zone for door in spec.doors for zone in door.zones} - standing)
        for zone in zones:
            self._begin(tx, ConditionKind.FIRE, zone, FIRE_INPUT.format(target=target), actor)
        if zones:
            self._restate(tx)
        return tuple(zones)

    def release(self, tx: Tx, kind: ConditionKind, zone: str, actor: Actor) -> InForce:
        """Have the doors of a zone be as they were. Raises `NotInForce`."""
        standing = rows.in_force(tx, kind, zone)
        if not standing:
            raise NotInForce(zone=zone)
        self._end(tx, standing, actor)
        return self._shown(tx, rows.condition_by_id(tx, standing[0].id) or standing[0], self._campuses.current(tx))

    def release_over(self, tx: Tx) -> int:
        """Release whatever its own time has ended; returns how many."""
        over = rows.over(tx)
        if over:
            self._end(tx, over, TIME_OVER)
        return len(over)

    def open_door(self, tx: Tx, door: str, actor: Actor, reason: str, within_s: float) -> DoorAct:
        """Have a door opened once, ahead of all other work, lockdown or not. Raises `NotFound`, `OpenReason`."""
        told = " ".join(reason.split())
        if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
            raise OpenReason(most=REASON_CHARACTERS_MAX)
        target, found = self._placed(tx, door)
        return self._acts.order(tx, target.id, door, key_of(found), actor, told, within_s)

    def pair_reader(
        self, tx: Tx, door: str, actor: Actor, reason: str, within_s: float, *, way_out: bool = False
    ) -> DoorAct:
        """Have a door's reader on a serial line given a key of its own, once; `way_out` the reader by which people leave.
        Raises `NotFound`, `PairReason`, `NoReader`."""
        told = " ".join(reason.split())
        if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
            raise PairReason(most=REASON_CHARACTERS_MAX)
        target, found = self._placed(tx, door)
        address = reader_of(target, found, way_out=way_out)
        if address is None:
            raise NoReader(door=door, target=target.id)
        return self._acts.order(tx, target.id, door, f"reader:{address}", actor, told, within_s, kind=PAIR)

    def show(self, tx: Tx, id_: str) -> InForce:
        """One condition. Raises `NotFound`."""
        found = rows.condition_by_id(tx, id_)
        if found is None:
            raise NotFound(what="condition", name=id_, where="foyer lockdown list --all")
        return self._shown(tx, found, self._campuses.current(tx))

    def listed(self, tx: Tx, kind: ConditionKind, *, everything: bool = False) -> list[InForce]:
        """Conditions of a kind, the latest first: those in force, and those released whose doors are not all proved to be as
        before; or everything."""
        campus = self._campuses.current(tx)
        shown = [self._shown(tx, each, campus) for each in rows.latest(tx, LISTED_MAX) if each.kind is kind]
        return [each for each in shown if everything or each.condition.released is None or not each.settled]

    def warn(self, tx: Tx) -> None:
        """Raise an alarm for each lockdown that was ordered a while ago and of which some door is not proved shut."""
        for each in self.unwarned(tx):
            rows.note_warned(tx, each.id)
            self._alarms.raise_alarm(tx, "lockdown.exposed", STILL_OPEN, {"zone": each.zone})

    def unwarned(self, tx: Tx) -> list[Condition]:
        """The lockdowns that were ordered a while ago, of which some door is not proved shut, and nobody was told."""
        old = rows.lockdowns_unwarned(tx, tx.now - timedelta(seconds=EXPOSED_S))
        return [each for each in old if not self._shown(tx, each, self._campuses.current(tx)).settled]

    def _placed(self, tx: Tx, door: str) -> tuple[TargetSpec, Door]:
        """A door of the campus in force, and its target. Raises `NotFound`."""
        for target in self._campuses.current(tx).targets:
            for each in target.doors:
                if each.id == door:
                    return target, each
        raise NotFound(what="door", name=door, where="foyer campus show")

    def _zoned(self, tx: Tx, zone: str) -> Campus:
        campus = self._campuses.current(tx)
        if zone not in campus.zones:
            raise NotFound(what="zone", name=zone, where="foyer campus show")
        if not any(True for _ in doors_of(campus, zone)):
            raise ZoneDoorless(zone=zone)
        return campus

    def _begin(
        self,
        tx: Tx,
        kind: ConditionKind,
        zone: str,
        reason: str,
        actor: Actor,
        exempt: tuple[str, ...] = (),
        until: datetime | None = None,
    ) -> Condition:
        made = Condition(tx.ids.new("cnd"), kind, zone, exempt, actor.name, reason, tx.now, until)
        rows.add_condition(tx, made)
        data: dict[str, Json] = {
            "condition": made.id, "zone": zone, "exempt": list(exempt), "reason": reason,
            "until": None if until is None else until.isoformat(),
        }  # fmt: skip
        self._tell(tx, f"condition.{kind.value}", actor, made.id, data)
        return made

    def _end(self, tx: Tx, standing: Iterable[Condition], actor: Actor) -> None:
        for each in standing:
            rows.release(tx, each.id, actor.name)
            data: dict[str, Json] = {"condition": each.id, "what": each.kind.value, "zone": each.zone}
            self._tell(tx, "condition.released", actor, each.id, data)
        self._restate(tx)

    def _tell(self, tx: Tx, kind: str, actor: Actor, trace: str, data: dict[str, Json]) -> None:
        self._story.tell(tx, Told(kind, actor.name, trace=trace, data=data))
        # A restored database must not be able to forget it.
        tx.wake(ANCHORS)
        tx.wake("conditions")

    def _shown(self, tx: Tx, condition: Condition, campus: Campus) -> InForce:
        places = [(target.id, door) for target, door in doors_of(campus, condition.zone)]
        records = {
            (row.target, row.key): row
            for row in rights.records_of_keys(tx, sorted({key_of(door) for _, door in places}))
        }
        away = rows.reach_of(tx, sorted({target for target, _ in places}))
        _, freed = rows.zones_in_force(tx)
        lines: list[DoorLine] = []
        for target, door in places:
            row = records.get((target, key_of(door)))
            overruled = condition.kind is ConditionKind.LOCKDOWN and not freed.isdisjoint(door.zones)
            if overruled and condition.released is None:
                lines.append(DoorLine(door.id, target, key_of(door), DoorProof.EXPOSED, None, None, BURNS, None))
            else:
                # What is as a device is delivered has no record, so a release may leave none.
                stands = row is not None and row.wanted is not None if condition.released is None else True
                lines.append(_line(target, door, row, away.get(target), stands=stands))
        return InForce(condition, tuple(lines))


def doors_of(campus: Campus, zone: str) -> Iterable[tuple[TargetSpec, Door]]:
    """The doors of a zone, each with its target, in the order of the campus file."""
    return ((target, door) for target in campus.targets for door in target.doors if zone in door.zones)


def key_of(door: Door) -> str:
    """The key under which a target keeps how a door is driven."""
    return f"door:{door.number}"


def reader_of(target: TargetSpec, door: Door, *, way_out: bool = False) -> int | None:
    """The address of a door's reader on its target's serial line; None where it has none."""
    told = target.settings.get("doors")
    of_door = (
        [one for one in told if isinstance(one, dict) and one.get("id") == door.id] if isinstance(told, list) else []
    )
    address = of_door[0].get("exit" if way_out else "reader") if of_door else None
    return address if isinstance(address, int) else None


def _line(
    target: str, door: Door, row: WantedHeld | None, away: tuple[str, datetime] | None, *, stands: bool
) -> DoorLine:
    if stands and (row is None or not row.dirty):
        at, receipt = (None, None) if row is None else (row.proved, row.receipt)
        return DoorLine(door.id, target, key_of(door), DoorProof.PROVED, at, receipt, None, None)
    why, since = (None if row is None else row.refused or row.reason, None) if away is None else away
    return DoorLine(door.id, target, key_of(door), DoorProof.EXPOSED, None, None, why, since)
