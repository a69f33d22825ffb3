"""Gateways of their own: processes at sites, each of which owns its site's wires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EMBEDDED = "embedded"
"""What the hub's own gateway is called where targets are handed over."""

LINES = frozenset({"osdp"})
"""Kinds of targets whose records lie with the gateway itself: another gateway holds nothing of them."""


class GatewayState(StrEnum):
    """How a gateway stands with the hub."""

    AWAITED = "awaited"
    HEARD = "heard"
    UNHEARD = "silent"
    REVOKED = "revoked"


class Because(StrEnum):
    """What made a target somebody else's: it was free, was let go, its term was over, or two people attested."""

    FREE = "free"
    HANDED = "handed"
    TERM = "term"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway. Its code may be used until `code_until`; from then on it is known by its public key. `attested` are
    those who say that it is unplugged."""

    id: str
    name: str
    operator: str
    created: datetime
    code_until: datetime
    public_key: str | None = None
    software: str | None = None
    enrolled: datetime | None = None
    revoked: datetime | None = None
    revoked_by: str | None = None
    heard: datetime | None = None
    silent: datetime | None = None
    attested: tuple[str, ...] = ()

    @property
    def state(self) -> GatewayState:
        """In a word."""
        if self.revoked is not None:
            return GatewayState.REVOKED
        if self.enrolled is None:
            return GatewayState.AWAITED
        return GatewayState.UNHEARD if self.silent is not None else GatewayState.HEARD

    @property
    def actor(self) -> str:
        """Its name in the story."""
        return f"gateway:{self.id}"


@dataclass(frozen=True, slots=True)
class Assigned:
    """Which gateway has a target (None: the hub's own), and to whom it is being handed (None: nobody)."""

    target: str
    kind: str
    building: str
    active: bool
    gateway: str | None
    heir: str | None
    term_until: datetime | None
    lease: datetime | None
