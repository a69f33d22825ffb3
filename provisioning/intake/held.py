"""What of a sheet or of a sender's notices waits for a second person: the plan that is shown of it. One function makes it
when it is put to wait and again when it is let go, so that a plan which has changed is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from connectors.contract import Json, canonical
from provisioning.holds.holds import Waits
from provisioning.identity.arrivals import Plan, Sway
from provisioning.nouns.minds import HoldKind
from provisioning.nouns.people import Notice, StayState

Held = Sequence[tuple[Notice, Plan]]


def waits(kind: HoldKind, name: str, held: Held, batch: str | None = None) -> Waits:
    """What is to wait: the notices that are held, each with what taking it would do now."""
    in_order = sorted(held, key=lambda one: (one[0].line or 0, one[0].id))
    rows: list[Json] = [_row(notice, plan) for notice, plan in in_order]
    told: dict[str, Json] = {"rows": rows}
    more, less = swayed(plan for _, plan in held)
    return Waits(kind, name, more, less, told, hashlib.sha256(canonical(told).encode()).hexdigest(), batch=batch)


def swayed(plans: Iterable[Plan]) -> tuple[int, int]:
    """How many gain and how many lose."""
    sways = [plan.sways for plan in plans]
    return sways.count(Sway.MORE), sways.count(Sway.LESS)


def _row(notice: Notice, plan: Plan) -> Json:
    stays = plan.settled.rows.values() if plan.settled else ()
    revoked = [stay.ended or stay.created for stay in stays if stay.state is StayState.REVOKED]
    return {
        "notice": notice.id,
        "line": notice.line,
        "no": plan.person.no if plan.person else None,
        "kind": notice.kind.value,
        "effect": plan.effect.value,
        "sways": plan.sways.value,
        "fields": list(plan.fields),
        "refused": plan.refusal.code() if plan.refusal else None,
        "revoked": max(revoked).isoformat() if revoked else None,
    }
