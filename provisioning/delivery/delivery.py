"""Keeps wanted and held together: takes in what gateways report of their targets, and tells the story of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.contract import Done, Fingerprint, Json
from connectors.desk import Found, Report
from connectors.waits import PARKED_S, reach_s
from provisioning.alarms.alarms import Alarms
from provisioning.delivery.acts import Acts
from provisioning.delivery.outcomes import noted, receipt, told_before
from provisioning.delivery.readings import Difference, differences, read_every_s
from provisioning.nouns.answers import Drift, TargetState
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.rights import DriftKind, WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.store import delivery as rows
from provisioning.store import drifts, revocations
from provisioning.store.delivery import Noted
from provisioning.store.engine import Tx
from provisioning.store.rights import Wish, wish
from provisioning.story.story import Story

READ_SPREAD_S = 60
READ_REST_S = 1.0
READ_AGAIN_S = 60.0
ALARM_AFTER_TRIES = 3
ACKNOWLEDGED_S = 6 * 3600.0
"""So old may be what a target acknowledged and cannot show: then it is sent again."""
CLOCK_OFF_S, CLOCK_DRIFTED_S = 2.0, 10.0
KEYS_NAMED_MAX = 5

DRIFTED = {
    DriftKind.FOREIGN: (
        "{target} held {count} that nobody wants there: {keys}. They are being taken away; find out who put them there."
    ),
    DriftKind.ALTERED: (
        "{target} held {count} that differ from what was proved there: {keys}. They are being put right; find out who"
        " changed them."
    ),
    DriftKind.MISSING: (
        "{target} lacked {count} that were proved there: {keys}. They are being put back; find out who took them away."
    ),
}
CLOCK_DRIFTED = (
    "The clock of {target} was off by more than {seconds} s, and was set. Until then its doors may have opened and shut at"
    " the wrong time; if it comes again, have its battery looked at."
)
ANOTHER = "Another device, or one that lost its memory, answers as {target}. All its records are put there again."
UNREACHED = "{target} cannot be reached. {why} What it holds stays as it is until it answers; see: foyer targets"
PARKED = "The work on {target} stands still. {why} It is tried again by itself."


class Delivery:
    """What gateways report, taken into the store."""

    def __init__(self, story: Story, alarms: Alarms, gateway: str) -> None:
        self._story = story
        self._alarms = alarms
        self._gateway = gateway
        self.acts = Acts(story, gateway)

    def told_by(self, gateway: str) -> Delivery:
        """The same, for what another gateway reports."""
        return Delivery(self._story, self._alarms, gateway)

    def report(self, tx: Tx, told: Mapping[str, Sequence[Report]]) -> None:
        """Take in outcomes, by target; receipts go into the story, and onto the revocations that waited for them."""
        known = [each for target, reports in told.items() for each in _known(tx, target, reports)]
        said = [receipt(row, report, self._gateway) for report, row, _ in known]
        events = iter(self._story.tell(tx, *(one for one in said if one is not None)))
        changed: list[Noted] = []
        for (report, row, attempts), one in zip(known, said, strict=True):
            event = None if one is None else next(events)
            changed.append(noted(row, attempts, report, tx.now, event))
            if event is not None and isinstance(report.outcome, Done) and row.wanted is None:
                revocations.prove_lines(tx, row.target, row.key, row.revision, event)
        rows.note(tx, changed)
        drifts.right_drifts(tx, told)

    def introduce(self, tx: Tx, target: str, fingerprint: Fingerprint) -> bool:
        """Note who answered; True where it is not the one that was there before, or has lost its memory."""
        before = rows.outward(tx, target)
        known = None if before.identity is None else Fingerprint(before.identity, before.counter or 0)
        another = known is not None and not fingerprint.continues(known)
        back = before.unreachable is not None
        if another:
            lost = rows.forget_held(tx, target)
            self._alarms.raise_alarm(tx, "target.another", ANOTHER, {"target": target}, target=target)
            data: dict[str, Json] = {"identity": fingerprint.identity, "records": lost}
            self._story.tell(tx, Told("target.another", self._gateway, target=target, data=data))
        if back:
            self._story.tell(tx, Told("target.back", self._gateway, target=target))
        if fingerprint.off_s is not None and abs(fingerprint.off_s) > CLOCK_OFF_S:
            self._clock_was_off(tx, target, fingerprint.off_s, known_before=known is not None and not another)
        # One that comes and goes is not read from end to end each time that it comes.
        again = tx.now if another or before.read is None else max(tx.now, before.read + timedelta(seconds=READ_AGAIN_S))
        rows.reached(tx, target, fingerprint, again if another or back else None)
        return another

    def read_on(self, tx: Tx, target: str, found: int) -> None:
        """Note how far a full reading has come; it goes on after a rest, so that no panel is flooded."""
        rows.read_on(tx, target, found, tx.now + timedelta(seconds=READ_REST_S))

    def missing(self, tx: Tx, target: str, found: Sequence[Found], started: datetime) -> list[str]:
        """The keys that this full reading would show to be missing."""
        shown = differences(rows.records_at(tx, target), {each.key: each.body for each in found}, started)
        return [each.key for each in shown if each.kind is DriftKind.MISSING]

    def reconciled(self, tx: Tx, target: str, found: Sequence[Found], started: datetime) -> int:
        """Take in a full reading: what differs is drift, an alarm, and work."""
        shown = differences(rows.records_at(tx, target), {each.key: each.body for each in found}, started)
        rows.read_through(tx, target, tx.now + timedelta(seconds=read_every_s(len(found)) + _spread(target)))
        drifts.send_again(tx, target, tx.now - timedelta(seconds=ACKNOWLEDGED_S))
        if not shown:
            return 0
        for kind in DriftKind:
            self._drifted(tx, target, kind, [each for each in shown if each.kind is kind])
        ranks = {each.key: each.rank for each in found}
        drifts.add_foreign(tx, target, {each.key: each.found or "" for each in shown if each.row is None}, ranks)
        drifts.note_found(tx, target, {each.key: each.found for each in shown if each.row is not None})
        wish(tx, [_righting(each.row, each.kind) for each in shown if each.row is not None])
        return len(shown)

    def away(self, tx: Tx, target: str, keys: Sequence[str]) -> None:
        """Have what was proved under these keys put there again, since it does not work now. Nobody took it away, so it is
        no drift; why it does not work is what comes of the try."""
        found = [row for row, _ in rows.records_under(tx, target, keys).values()]
        proved = [row for row in found if row.wanted is not None and not row.dirty]
        wish(tx, [_righting(row, DriftKind.MISSING) for row in proved])

    def release(self, tx: Tx, target: str, epoch: int, unreachable: str | None, parked: str | None) -> None:
        """End a claim. A target out of reach waits twice as long each time; a fault of ours waits a fixed while."""
        due = None
        if unreachable is not None:
            due = self._out_of_reach(tx, target, unreachable)
        elif parked is not None:
            due = tx.now + timedelta(seconds=PARKED_S)
            self._alarms.raise_alarm(tx, "target.parked", PARKED, {"target": target, "why": parked}, target=target)
        rows.give_back(tx, target, epoch, due=due)

    def ask_reading(self, tx: Tx, target: str, actor: Actor) -> None:
        """Have a target read in full now. Raises `NotFound`."""
        if not rows.ask_reading(tx, target):
            raise NotFound(what="target", name=target, where="foyer targets")
        self._story.tell(tx, Told("target.reading-asked", actor.name, target=target))

    def targets(self, tx: Tx) -> list[TargetState]:
        """How every target fares."""
        return rows.target_states(tx)

    def target(self, tx: Tx, id_: str) -> TargetState:
        """How one target fares. Raises `NotFound`."""
        found = rows.target_states(tx, id_)
        if not found:
            raise NotFound(what="target", name=id_, where="foyer targets")
        return found[0]

    def drifts(self, tx: Tx, limit: int, *, open_only: bool = False) -> list[Drift]:
        """What readings have shown, the latest first."""
        return drifts.drifts(tx, limit, open_only=open_only)

    def _clock_was_off(self, tx: Tx, target: str, off_s: float, *, known_before: bool) -> None:
        """It was set as soon as it was seen. One that is new here was never set before, so it has not drifted."""
        data: dict[str, Json] = {"off_ms": round(off_s * 1000)}
        self._story.tell(tx, Told("target.clock-set", self._gateway, target=target, data=data))
        if abs(off_s) > CLOCK_DRIFTED_S and known_before:
            fields: dict[str, Json] = {"target": target, "seconds": round(CLOCK_DRIFTED_S)}
            self._alarms.raise_alarm(tx, "drift.clock", CLOCK_DRIFTED, fields, target=target)

    def _out_of_reach(self, tx: Tx, target: str, why: str) -> datetime:
        before = rows.outward(tx, target)
        attempts = before.attempts + 1
        if before.unreachable is None:
            self._story.tell(tx, Told("target.unreachable", self._gateway, target=target, data={"why": why}))
        if attempts == ALARM_AFTER_TRIES:
            fields: dict[str, Json] = {"target": target, "why": why}
            self._alarms.raise_alarm(tx, "target.unreachable", UNREACHED, fields, target=target)
        rows.out_of_reach(tx, target, why, before.unreachable_since or tx.now, attempts)
        return tx.now + timedelta(seconds=reach_s(attempts - 1, urgent=rows.urgent_waits(tx, target)))

    def _drifted(self, tx: Tx, target: str, kind: DriftKind, shown: Sequence[Difference]) -> None:
        if not shown:
            return
        keys = ", ".join(each.key for each in shown[:KEYS_NAMED_MAX]) + (" …" if len(shown) > KEYS_NAMED_MAX else "")
        fields: dict[str, Json] = {"target": target, "count": len(shown), "keys": keys}
        alarm = self._alarms.raise_alarm(tx, f"drift.{kind.value}", DRIFTED[kind], fields, target=target)
        kept = [
            Drift(tx.ids.new("drf"), target, each.key, kind, each.found, each.proved, tx.now, None) for each in shown
        ]
        drifts.add_drifts(tx, kept, alarm)
        told = [
            Told(
                f"drift.{kind.value}",
                self._gateway,
                person=None if each.row is None else each.row.holder,
                target=target,
                data={"key": each.key, "found": each.found, "proved": each.proved},
            )
            for each in shown
        ]
        self._story.tell(tx, *told)


def _known(tx: Tx, target: str, reports: Sequence[Report]) -> Iterator[tuple[Report, WantedHeld, int]]:
    """Those outcomes that say something new of a record that there is; with the record, and the tries made on it."""
    found = rows.records_under(tx, target, [report.key for report in reports])
    for report in reports:
        if report.key in found and not told_before(found[report.key][0], report):
            yield (report, *found[report.key])


def _righting(row: WantedHeld, kind: DriftKind) -> Wish:
    urgent = kind is DriftKind.FOREIGN
    return Wish(
        row.target, row.key, row.holder, row.wanted, row.revision + 1, row.rank, row.grants, urgent, fresh=False
    )


def _spread(target: str) -> int:
    """Readings of different targets fall on different seconds, so that no network carries them all at once."""
    return zlib.crc32(target.encode()) % READ_SPREAD_S
