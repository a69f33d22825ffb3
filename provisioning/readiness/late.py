"""Which openings are late, and which came late. It only reads, and never more than a bounded number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from policies.facts import asks_for_unit
from provisioning.grants.targets import Serving
from provisioning.nouns.late import Late, Lateness
from provisioning.nouns.rights import Grant
from provisioning.store import readiness as rows
from provisioning.store import rights as rights_rows
from provisioning.store.engine import Tx
from provisioning.store.readiness import Opening
from provisioning.story.story import told_in

LATE_MAX = 500
"""Openings listed at most, of each sort."""
BACK = timedelta(hours=24)


def lateness(tx: Tx, serving: Serving) -> Lateness:
    """What is late by now, and what was proved late within the last 24 hours."""
    owing = rows.openings_not_proved(tx, LATE_MAX)
    came = rows.openings_proved(tx, tx.now - BACK, LATE_MAX)
    late_now = [_late(each, tx) for each in _really(tx, owing, serving)]
    late_then = [_late(each, tx) for each in _really(tx, came, serving)]
    return Lateness(
        tuple(sorted(late_now, key=lambda late: (late.since, late.no, late.target, late.key))),
        tuple(late_then),
        len(owing) == LATE_MAX or len(came) == LATE_MAX,
    )


def _really(tx: Tx, openings: Sequence[Opening], serving: Serving) -> Iterable[Opening]:
    """Without what was open there all along: the proof before this one gave the same resource at the time, and the record
    only had to be written anew (a date rolled forward, say, or another rule says the same)."""
    mine = [each for each in openings if _serves(each, serving)]
    before = {each: rows.receipt_before(tx, each) for each in mine}
    named = {each: _grants_in(body) for each, body in before.items() if body is not None}
    grants = {
        grant.id: grant
        for grant in rights_rows.grants_by_ids(tx, sorted({id_ for ids in named.values() for id_ in ids}))
    }
    for each in mine:
        earlier = [grants[id_] for id_ in named.get(each, ()) if id_ in grants]
        if not any(_gave(grant, each) for grant in earlier):
            yield each


def _serves(each: Opening, serving: Serving) -> bool:
    # A seat's record stands on the grant that asks: which unit it is, the record's own key says.
    return asks_for_unit(each.resource) or each.target in serving.targets_of(each.resource)


def _gave(grant: Grant, each: Opening) -> bool:
    if grant.id == each.grant:
        return True
    return grant.resource == each.resource and (grant.closes is None or grant.closes >= each.since)


def _grants_in(body: bytes) -> tuple[str, ...]:
    data = told_in(body)["data"]
    named = data.get("grants") if isinstance(data, dict) else None
    return tuple(each for each in named if isinstance(each, str)) if isinstance(named, list) else ()


def _late(each: Opening, tx: Tx) -> Late:
    until = each.proved or tx.now
    seconds = max(0, round((until - each.since).total_seconds()))
    return Late(
        each.no, each.grant, each.resource, each.target, each.key, each.since, each.proved, seconds,
        None if each.proved else each.reason,
    )  # fmt: skip
