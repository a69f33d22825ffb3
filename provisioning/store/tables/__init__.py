"""The hub's tables, a module for each subject; whoever queries finds them all here."""

from provisioning.store.tables.chronicle import checkpoint, era, event
from provisioning.store.tables.edge import drift, record, target
from provisioning.store.tables.house import alarm, campus_version, lease, operator, rules_version
from provisioning.store.tables.kinds import EPOCH, MICROSECOND, Instant, RowId, Words, metadata
from provisioning.store.tables.minds import change_of_mind, hold
from provisioning.store.tables.people import batch, credential, notice, person, person_key, sender, stay
from provisioning.store.tables.rights import grant, revocation, revocation_line
from provisioning.store.tables.units import allotment, closure

__all__ = [
    "EPOCH",
    "MICROSECOND",
    "Instant",
    "RowId",
    "Words",
    "alarm",
    "allotment",
    "batch",
    "campus_version",
    "change_of_mind",
    "checkpoint",
    "closure",
    "credential",
    "drift",
    "era",
    "event",
    "grant",
    "hold",
    "lease",
    "metadata",
    "notice",
    "operator",
    "person",
    "person_key",
    "record",
    "revocation",
    "revocation_line",
    "rules_version",
    "sender",
    "stay",
    "target",
]
