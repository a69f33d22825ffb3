"""How far things are: needs proved by read-back, and the certificates of revocations. It only reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from provisioning.campus.campuses import Campuses
from provisioning.grants.grants import Grants
from provisioning.grants.targets import Serving
from provisioning.nouns.answers import Certificate, CertificateLine, HowReady, LineState, Need, Overview
from provisioning.nouns.people import CardState, Person
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.rights import Grant, NeedState, WantedHeld
from provisioning.store import people as people_store
from provisioning.store import readiness as rows
from provisioning.store import revocations as revocation_rows
from provisioning.store import rights as rights_rows
from provisioning.store.engine import Tx
from provisioning.store.revocations import RevokedLine

NO_CARD = "no card"
NO_TARGET = "no target"


class Readiness:
    """Answers how ready people are, and what is still open after a revocation."""

    def __init__(self, campuses: Campuses, grants: Grants) -> None:
        self._campuses = campuses
        self._grants = grants

    def of_people(self, tx: Tx, persons: Sequence[Person]) -> HowReady:
        """Every need of these persons, one a grant and target."""
        ids = [person.id for person in persons]
        nos = {person.id: person.no for person in persons}
        serving = self._grants.serving(self._campuses.current(tx))
        cards = people_store.credentials_of(tx, ids)
        with_card = {who for who, held in cards.items() if any(card.state is CardState.ACTIVE for card in held)}
        records: dict[tuple[str | None, str], list[WantedHeld]] = defaultdict(list)
        for record in rights_rows.records_of(tx, ids):
            records[record.holder, record.target].append(record)
        needs = [
            need
            for grant in rights_rows.open_grants(tx, ids)
            if grant.closes is None or grant.closes > tx.now
            for need in _needs(
                grant, nos[grant.person], has_card=grant.person in with_card, serving=serving, records=records, tx=tx
            )
        ]
        return _readiness(len(persons), needs)

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
        return Certificate(made.id, person.no, made.at, made.operator, made.reason, lines, settled)

    def certificates(self, tx: Tx, person: Person) -> list[Certificate]:
        """Every revocation of a person, the latest first."""
        return [self.certificate(tx, each.id) for each in revocation_rows.revocations_of(tx, person.id)]


def _needs(
    grant: Grant,
    no: str,
    *,
    has_card: bool,
    serving: Serving,
    records: dict[tuple[str | None, str], list[WantedHeld]],
    tx: Tx,
) -> list[Need]:
    targets = serving.by_resource.get(grant.resource, ())
    if not targets:
        return [_need(grant, no, None, NeedState.MISSING, reason=NO_TARGET)]
    if not has_card:
        return [_need(grant, no, target, NeedState.MISSING, reason=NO_CARD) for target in targets]
    return [_on_target(grant, no, target, records.get((grant.person, target), []), tx) for target in targets]


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
