"""What the hub answers when it is asked how far things are: readiness, certificates, why, targets, drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policies.explain import Finding
from policies.says import Said
from provisioning.nouns.people import Stay
from provisioning.nouns.rights import DriftKind, Grant, NeedState, RevocationKind
from provisioning.nouns.units import Allotment


@dataclass(frozen=True, slots=True)
class Need:
    """One grant on one target: how far it has come, and the receipt where it is proved. What asks for a unit is shown as
    the unit, once one is held; `said` is what it waits for until then."""

    no: str
    grant: str
    resource: str
    target: str | None
    opens: datetime
    closes: datetime | None
    state: NeedState
    at: datetime | None = None
    receipt: int | None = None
    reason: str | None = None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class HowReady:
    """How ready some people are. `percent` is proved needs of all that count; None where none counts yet."""

    people: int
    needs: tuple[Need, ...]
    counts: Mapping[NeedState, int]
    percent: float | None


class LineState(StrEnum):
    """What is known of one revoked record on one target."""

    PROVED_GONE = "proved_gone"
    SUPERSEDED = "superseded"
    EXPOSED = "exposed"


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One record that the revoked person had on a target. `exposed_until` is when the device itself would shut them out."""

    target: str
    key: str
    state: LineState
    at: datetime | None
    receipt: int | None
    exposed_until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof of a revocation, or of a suspension until it is lifted, a line per record; `settled` once none is
    exposed."""

    id: str
    no: str
    at: datetime
    operator: str
    reason: str
    lines: tuple[CertificateLine, ...]
    settled: bool
    kind: RevocationKind = RevocationKind.REVOKED
    lifted: datetime | None = None
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class StayWhy:
    """What the rules say of one stay, what is granted to it, and the units that answer what it asks for."""

    stay: Stay
    findings: tuple[Finding, ...]
    grants: tuple[Grant, ...]
    units: tuple[Allotment, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetState:
    """How a target fares: what it owes, when it was last seen and read, why it cannot be reached, and whose it is: which
    gateway has it (None: the hub's own), to whom it is being handed, until when it may be worked without the hub."""

    id: str
    kind: str
    name: Mapping[str, str]
    building: str
    active: bool
    records: int
    dirty: int
    refused: int
    seen: datetime | None
    read: datetime | None
    due: datetime | None
    unreachable: str | None
    unreachable_since: datetime | None
    reading_since: datetime | None
    reading_found: int | None
    gateway: str | None
    heir: str | None
    term_until: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that a target held without anybody wanting it, or lacked though it was proved."""

    id: str
    target: str
    key: str
    kind: DriftKind
    found: str | None
    proved: str | None
    at: datetime
    righted: datetime | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What an act did, or would do: people, targets, grants and records gained and lost."""

    people: int
    targets: int
    grants_gained: int
    grants_lost: int
    records_written: int
    records_erased: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole campus in a few figures: people, targets, and records by how far they have come."""

    people: int
    targets: int
    unreachable: int
    wanted: int
    proved: int
    sent: int
    refused: int
    going: int
    alarms: int
