"""The hub's tables, a module for each subject; whoever queries finds them all here."""

from provisioning.store.tables.chronicle import checkpoint, era, event
from provisioning.store.tables.conditions import act, condition
from provisioning.store.tables.edge import drift, record, schedule, target
from provisioning.store.tables.gateways import assignment, gateway
from provisioning.store.tables.house import alarm, campus_version, hook, hook_message, lease, operator, rules_version
from provisioning.store.tables.kinds import EPOCH, MICROSECOND, Instant, RowId, Words, metadata
from provisioning.store.tables.minds import change_of_mind, hold
from provisioning.store.tables.passages import forgiven, passage, passage_cursor
from provisioning.store.tables.people import batch, credential, notice, person, person_key, sender, stay
from provisioning.store.tables.rights import grant, revocation, revocation_line
from provisioning.store.tables.units import allotment, closure

__all__ = [
    "EPOCH",
    "MICROSECOND",
    "Instant",
    "RowId",
    "Words",
    "act",
    "alarm",
    "allotment",
    "assignment",
    "batch",
    "campus_version",
    "change_of_mind",
    "checkpoint",
    "closure",
    "condition",
    "credential",
    "drift",
    "era",
    "event",
    "forgiven",
    "gateway",
    "grant",
    "hold",
    "hook",
    "hook_message",
    "lease",
    "metadata",
    "notice",
    "operator",
    "passage",
    "passage_cursor",
    "person",
    "person_key",
    "record",
    "revocation",
    "revocation_line",
    "rules_version",
    "schedule",
    "sender",
    "stay",
    "target",
]
