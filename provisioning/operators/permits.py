"""Who may do what: one table. What is not in it, nobody may. System keeps the machine and grants no rights to people;
the auditor reads everything and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Operator

_ALL = frozenset({"hr", "security", "system", "auditor"})
_PEOPLE = frozenset({"hr", "security", "auditor"})
_HR = frozenset({"hr"})
_SECURITY = frozenset({"security"})
_SYSTEM = frozenset({"system"})
_AUDITOR = frozenset({"auditor"})

PERMITS: Mapping[str, frozenset[str]] = {
    "status.read": _ALL,
    "hr.read": _HR | _AUDITOR,
    "hr.import": _HR,
    "sender.read": _SYSTEM | _AUDITOR,
    "sender.write": _SYSTEM,
    "person.read": _PEOPLE,
    "readiness.read": _PEOPLE,
    "why.read": _PEOPLE,
    "grant.read": _PEOPLE,
    "grant.give": _SECURITY,
    "who.read": _SECURITY | _AUDITOR,
    "card.write": _HR | _SECURITY,
    "card.pin": _HR | _SECURITY,
    "revoke": _SECURITY,
    "revocation.read": _PEOPLE,
    "suspend": _SECURITY,
    "condition.read": _ALL,
    "lockdown.order": _SECURITY,
    "fire.order": _HR | _SECURITY | _SYSTEM,
    "fire.clear": _SECURITY,
    "door.open": _SECURITY,
    "door.pair": _SECURITY,
    "act.read": _SECURITY | _AUDITOR,
    "hold.read": _ALL,
    "hold.decide": _HR | _SECURITY | _SYSTEM,
    "hold.batch": _HR | _SECURITY,
    "hold.notices": _HR | _SECURITY,
    "hold.rules": _SECURITY,
    "hold.campus": _SYSTEM,
    "rules.read": _ALL,
    "rules.apply": _SECURITY,
    "campus.read": _ALL,
    "campus.apply": _SYSTEM,
    "targets.read": _ALL,
    "targets.reconcile": _SYSTEM | _SECURITY,
    "gateway.read": _SECURITY | _SYSTEM | _AUDITOR,
    "gateway.write": _SYSTEM,
    "gateway.attest": _SECURITY | _SYSTEM,
    "drift.read": _SECURITY | _SYSTEM | _AUDITOR,
    "alarms.read": _ALL,
    "alarms.acknowledge": _SECURITY | _SYSTEM,
    "hook.read": _SYSTEM | _AUDITOR,
    "hook.write": _SYSTEM,
    "passages.read": _SECURITY | _AUDITOR,
    "passages.forgive": _SECURITY,
    "seat.read": _PEOPLE,
    "seat.write": _HR,
    "seat.labels": _HR,
    "flat.read": _PEOPLE,
    "flat.write": _HR,
    "story.read": _AUDITOR,
    "backup.take": _SYSTEM,
    "era.read": _ALL,
    "era.accept": _SECURITY | _SYSTEM,
    "operator.read": _SYSTEM | _AUDITOR,
    "operator.write": _SYSTEM,
}


class Forbidden(Refusal):
    """{name} may not do this ({action}). It takes the role of {roles}: ask an operator who holds it."""

    status = 403


def permit(operator: Operator | Actor, action: str) -> None:
    """Return where the operator's roles allow the action. Raises `Forbidden`, for an action nobody named, too."""
    allowed = PERMITS.get(action, frozenset())
    if not operator.roles & allowed:
        raise Forbidden(name=operator.name, action=action, roles=", ".join(sorted(allowed)) or "-")
