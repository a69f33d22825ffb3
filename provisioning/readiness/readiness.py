"""How far things are: needs proved by read-back, and the certificates of revocations. It only reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from policies.facts import asks_for_unit
from policies.says import Said
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.grants.compile import unit_resource
from provisioning.grants.grants import Grants
from provisioning.grants.targets import Serving
from provisioning.nouns.answers import Certificate, CertificateLine, HowReady, LineState, Need, Overview
from provisioning.nouns.late import Lateness, Reach
from provisioning.nouns.people import CardState, Person
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.rights import Grant, NeedState, WantedHeld
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.readiness.late import lateness
from provisioning.store import people as people_store
from provisioning.store import readiness as rows
from provisioning.store import revocations as revocation_rows
from provisioning.store import rights as rights_rows
from provisioning.store import units as unit_rows
from provisioning.store.engine import Tx
from provisioning.store.revocations import RevokedLine

NO_CARD = "no card"
NO_TARGET = "no target"
SUSPENDED = "Security has suspended this person: no card of theirs opens anything until they are resumed."
NO_SEAT = "No seat is free yet: place {place} in the queue."
NO_FLAT = "No flat is free yet: place {place} in the queue, by points."
LAPSED = "An offer was not accepted in time, so who let none pass comes first: place {place} in the queue."
OFFERED = "{unit} is offered until {until}, and waits to be accepted."
WAIVED = "It was given up; an operator can ask for it anew."
QUEUE_MAX = 20_000

_NEVER = datetime.min.replace(tzinfo=UTC)


class Readiness:
    """Answers how ready people are, and what is still open after a revocation."""

    def __init__(self, campuses: Campuses, grants: Grants) -> None:
        self._campuses = campuses
        self._grants = grants

    def of_people(self, tx: Tx, persons: Sequence[Person]) -> HowReady:
        """Every need of these persons, one a grant and target."""
        ids = [person.id for person in persons]
        campus = self._campuses.current(tx)
        cards = people_store.credentials_of(tx, ids)
        records: defaultdict[tuple[str | None, str], list[WantedHeld]] = defaultdict(list[WantedHeld])
        for record in rights_rows.records_of(tx, ids):
            records[record.holder, record.target].append(record)
        grants = [each for each in rights_rows.open_grants(tx, ids) if each.closes is None or each.closes > tx.now]
        ground = _Ground(
            tx=tx,
            campus=campus,
            serving=self._grants.serving(campus),
            nos={person.id: person.no for person in persons},
            with_card={who for who, held in cards.items() if any(card.state is CardState.ACTIVE for card in held)},
            suspended=revocation_rows.suspended(tx, ids),
            records=records,
            units=_units(tx, [each.person for each in grants if asks_for_unit(each.resource)]),
        )
        return _readiness(len(persons), [need for grant in grants for need in _needs(grant, ground)])

    def of_batch(self, tx: Tx, batch: str) -> HowReady:
        """The needs of those whom a batch told of. Raises `NotFound`."""
        if not rows.batch_exists(tx, batch):
            raise NotFound(what="batch", name=batch, where="foyer hr batches")
        return self.of_people(tx, people_store.persons_of_batch(tx, batch))

    def of_day(self, tx: Tx, day: date) -> HowReady:
        """The needs of those who arrive on a day."""
        return self.of_people(tx, people_store.persons_arriving(tx, day))

    def outstanding(self, tx: Tx) -> int:
        """How many records are not as wanted, on any target."""
        return rows.outstanding(tx)

    def overview(self, tx: Tx) -> Overview:
        """The whole campus in a few figures."""
        return rows.overview(tx)

    def late(self, tx: Tx) -> Lateness:
        """What was to be open and was not proved in time: by now, and within the last 24 hours."""
        return lateness(tx, self._grants.serving(self._campuses.current(tx)))

    def reach(self, tx: Tx, target: str) -> Reach:
        """How far the dates reach of what a target was last seen to hold: until then it opens by itself."""
        connector = self._grants.serving(self._campuses.current(tx)).connectors.get(target)
        if connector is None:
            return Reach(None, None)
        ends = map(connector.exposed_until, rows.held_bodies(tx, target))
        dated = sorted(end for end in ends if end > _NEVER)
        return Reach(dated[0], dated[-1]) if dated else Reach(None, None)

    def certificate(self, tx: Tx, revocation: str) -> Certificate:
        """What is proved of a revocation, as things stand. Raises `NotFound`."""
        made = revocation_rows.revocation_by_id(tx, revocation)
        if made is None:
            raise NotFound(what="revocation", name=revocation, where="foyer person show NO")
        person = people_store.persons(tx, [made.person])[made.person]
        kept = revocation_rows.lines_of(tx, revocation)
        now_there = {
            (row.target, row.key): row for row in rights_rows.records_of_keys(tx, sorted({k.key for k in kept}))
        }
        lines = tuple(_line(line, now_there.get((line.target, line.key))) for line in kept)
        settled = not any(line.state is LineState.EXPOSED for line in lines)
        its = (made.kind, made.lifted, made.lifted_by)
        return Certificate(made.id, person.no, made.at, made.operator, made.reason, lines, settled, *its)

    def certificates(self, tx: Tx, person: Person) -> list[Certificate]:
        """Every revocation of a person, the latest first."""
        return [self.certificate(tx, each.id) for each in revocation_rows.revocations_of(tx, person.id)]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all needs of one answer are told from."""

    tx: Tx
    campus: Campus
    serving: Serving
    nos: Mapping[str, str]
    with_card: set[str]
    suspended: set[str]
    records: Mapping[tuple[str | None, str], Sequence[WantedHeld]]
    units: _Units


@dataclass(frozen=True, slots=True)
class _Units:
    """What answers each ask, by (stay, ask), and the place of each allotment that is queued."""

    standing: Mapping[tuple[str, str], Allotment]
    places: Mapping[str, int]


def _units(tx: Tx, persons: Sequence[str]) -> _Units:
    found = unit_rows.allotments_of(tx, sorted(set(persons))) if persons else []
    standing = {(each.stay, each.ask): each for each in found if each.ended is None}
    asks = sorted({(each.kind, each.ask) for each in standing.values() if each.state is AllotmentState.QUEUED})
    places = {
        placed.allotment.id: place
        for kind, ask in asks
        for place, placed in enumerate(unit_rows.queue(tx, kind, QUEUE_MAX, ask), 1)
    }
    return _Units(standing, places)


def _needs(grant: Grant, ground: _Ground) -> list[Need]:
    no, resource = ground.nos[grant.person], grant.resource
    if asks_for_unit(resource):
        allotment = ground.units.standing.get((grant.stay, resource))
        unit = unit_resource(allotment)
        if unit is None:
            return [_need(grant, no, None, NeedState.WAITING, said=_waits(allotment, ground))]
        grant = replace(grant, resource=unit)
    targets = ground.serving.targets_of(grant.resource)
    if not targets:
        return [_need(grant, no, None, NeedState.MISSING, reason=NO_TARGET)]
    if grant.person in ground.suspended and not asks_for_unit(resource):
        return [_need(grant, no, target, NeedState.WAITING, said=Said(SUSPENDED)) for target in targets]
    if grant.person not in ground.with_card and not asks_for_unit(resource):
        return [_need(grant, no, target, NeedState.MISSING, reason=NO_CARD) for target in targets]
    return [
        _on_target(grant, no, target, ground.records.get((grant.person, target), ()), ground.tx) for target in targets
    ]


def _waits(allotment: Allotment | None, ground: _Ground) -> Said:
    if allotment is None:
        return Said(WAIVED)
    if allotment.state is AllotmentState.OFFERED and allotment.offered_until is not None:
        until = allotment.offered_until.astimezone(ground.campus.zone).strftime("%Y-%m-%d %H:%M")
        return Said(OFFERED, (("unit", str(allotment.unit)), ("until", until)))
    template = LAPSED if allotment.lapses else NO_FLAT if allotment.kind == "flat" else NO_SEAT
    return Said(template, (("place", ground.units.places.get(allotment.id, QUEUE_MAX)),))


def _on_target(grant: Grant, no: str, target: str, rows_there: Sequence[WantedHeld], tx: Tx) -> Need:
    standing = [row for row in rows_there if row.wanted is not None and grant.id in row.grants]
    if not standing:
        # Nothing is put down before it may be: past the horizon, or behind another right that a date pair cannot join.
        state = NeedState.WAITING if grant.opens > tx.now else NeedState.WANTED
        return _need(grant, no, target, state)
    worst = min(standing, key=lambda row: _ORDER.index(_state(row)))
    return _need(grant, no, target, _state(worst), worst)


_ORDER = (NeedState.REFUSED, NeedState.WANTED, NeedState.SENT, NeedState.PROVED)


def _state(row: WantedHeld) -> NeedState:
    if not row.dirty and row.held_revision == row.revision:
        return NeedState.PROVED
    if row.refused is not None:
        return NeedState.REFUSED
    return NeedState.WANTED if row.sent is None else NeedState.SENT


def _need(
    grant: Grant,
    no: str,
    target: str | None,
    state: NeedState,
    row: WantedHeld | None = None,
    reason: str | None = None,
    said: Said | None = None,
) -> Need:
    proved = row if row is not None and state is NeedState.PROVED else None
    return Need(
        no=no,
        grant=grant.id,
        resource=grant.resource,
        target=target,
        opens=grant.opens,
        closes=grant.closes,
        state=state,
        at=None if proved is None else proved.proved,
        receipt=None if proved is None else proved.receipt,
        reason=reason if row is None else row.refused or (row.reason if state is not NeedState.PROVED else None),
        said=said,
    )


def _readiness(people: int, needs: Sequence[Need]) -> HowReady:
    counts = Counter(need.state for need in needs)
    counting = len(needs) - counts[NeedState.WAITING]
    percent = round(100 * counts[NeedState.PROVED] / counting, 1) if counting else None
    # Rounding must never say that all is ready while something is not.
    if percent == 100.0 and counts[NeedState.PROVED] < counting:
        percent = 99.9
    return HowReady(people, tuple(needs), {state: counts[state] for state in NeedState}, percent)


def _line(line: RevokedLine, row: WantedHeld | None) -> CertificateLine:
    if line.receipt is not None:
        return CertificateLine(line.target, line.key, LineState.PROVED_GONE, line.proved, line.receipt, None, None)
    # A later grant, to this person on their return, say, has put something else in its place, and that is proved.
    if row is not None and row.wanted is not None and row.held_revision > line.revision:
        return CertificateLine(line.target, line.key, LineState.SUPERSEDED, row.proved, row.receipt, None, None)
    reason = None if row is None else row.reason
    return CertificateLine(line.target, line.key, LineState.EXPOSED, None, None, line.exposed_until, reason)
