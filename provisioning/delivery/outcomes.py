"""What an outcome makes of a record. Pure: rows and reports in, rows and story out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.contract import Done, Json, Later, Proof, Refused
from connectors.desk import Report
from connectors.waits import REFUSED_AGAIN_S, later_s
from provisioning.nouns.rights import WantedHeld
from provisioning.nouns.told import Told
from provisioning.store.delivery import Noted


def noted(row: WantedHeld, attempts: int, report: Report, now: datetime, receipt: int | None) -> Noted:
    """The record after a report; `receipt` is the event that tells of it. An outcome of another revision tells what is
    held, and clears nothing."""
    outcome = report.outcome
    if isinstance(outcome, Done) and report.revision == row.revision:
        return _done(row, report, outcome.proof, receipt)
    as_it_was = _as_it_was(row, attempts, now)
    if report.seen:
        as_it_was = as_it_was._replace(known=True, held=report.held, seen=report.at)
    if report.revision != row.revision or isinstance(outcome, Done):
        return as_it_was
    if isinstance(outcome, Later):
        return _later(as_it_was, report, outcome, now)
    due = now + timedelta(seconds=REFUSED_AGAIN_S)
    return as_it_was._replace(refused=outcome.reason, reason=None, due=due, attempts=attempts + 1, sent=report.at)


def told_before(row: WantedHeld, report: Report) -> bool:
    """Whether this was taken in already: a gateway says it again where the answer was lost on the way."""
    done = isinstance(report.outcome, Done) and not row.dirty
    return done and row.revision == row.held_revision == report.revision


def shows_gone(reports: Iterable[Report]) -> bool:
    """Whether something is gone by now: whoever had it taken away waits for that."""
    return any(each.seen and each.held is None and isinstance(each.outcome, Done) for each in reports)


def receipt(row: WantedHeld, report: Report, gateway: str) -> Told | None:
    """What the story says of an outcome; None where it says nothing new."""
    if report.revision != row.revision:
        return None
    data: dict[str, Json] = {"key": row.key, "revision": row.revision, "grants": list(row.grants)}
    match report.outcome:
        case Done(proof):
            kind = "record.gone" if row.wanted is None else "record.proved"
            data |= {"held": report.held if report.seen else row.wanted, "proof": proof, "read": report.at.isoformat()}
        case Refused(reason) if row.refused != reason:
            kind = "record.refused"
            data |= {"reason": reason}
        case _:
            return None
    return Told(kind, gateway, person=row.holder, target=row.target, data=data)


def _done(row: WantedHeld, report: Report, proof: Proof, receipt: int | None) -> Noted:
    return Noted(
        target=row.target,
        key=row.key,
        dirty=False,
        urgent=False,
        due=None,
        attempts=0,
        known=True,
        held=report.held if report.seen else row.wanted,
        held_revision=row.revision,
        seen=report.at if report.seen else row.seen,
        sent=row.sent,
        proved=report.at,
        proof=proof,
        receipt=receipt,
        refused=None,
        reason=None,
    )


def _later(before: Noted, report: Report, later: Later, now: datetime) -> Noted:
    if later.unreachable:
        # The target as a whole waits; its records are due as soon as it answers.
        return before._replace(reason=later.reason)
    wait_s, attempts = later_s(later, before.attempts)
    due = now + timedelta(seconds=wait_s)
    return before._replace(reason=later.reason, due=due, attempts=attempts, sent=report.at)


def _as_it_was(row: WantedHeld, attempts: int, now: datetime) -> Noted:
    return Noted(
        target=row.target,
        key=row.key,
        dirty=row.dirty,
        urgent=row.urgent,
        due=now if row.dirty else None,
        attempts=attempts,
        known=row.known,
        held=row.held,
        held_revision=row.held_revision,
        seen=row.seen,
        sent=row.sent,
        proved=row.proved,
        proof=row.proof,
        receipt=row.receipt,
        refused=row.refused,
        reason=row.reason,
    )
