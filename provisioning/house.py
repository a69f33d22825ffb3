"""One hub, joined: every room of it by name, and how it is kept going. `compose` builds it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectors.ears import Ears
from connectors.edge import Edge
from connectors.gateway import Gateway
from devices.clock import Clock
from provisioning.alarms.alarms import Alarms
from provisioning.alarms.courier import Courier
from provisioning.alarms.hooks import Hooks
from provisioning.alarms.watch import Watch
from provisioning.campus.campuses import Campuses
from provisioning.conditions.conditions import Conditions
from provisioning.conditions.exempt import Exempt
from provisioning.delivery.delivery import Delivery
from provisioning.gateways.office import Office
from provisioning.grants.eras import Eras
from provisioning.grants.fixtures import Fixtures
from provisioning.grants.giving import Giving
from provisioning.grants.grants import Grants
from provisioning.grants.proposals import Proposals
from provisioning.grants.revoking import Revoking
from provisioning.grants.rulebook import Rulebook
from provisioning.grants.timer import Timer
from provisioning.holds.holds import Holds
from provisioning.identity.cards import Cards
from provisioning.identity.loans import Loans
from provisioning.identity.persons import Persons
from provisioning.identity.pins import Pins
from provisioning.intake.intake import Intake
from provisioning.intake.notices import Notices
from provisioning.intake.webhook import Senders
from provisioning.nouns.ids import Ids
from provisioning.operators.operators import Operators
from provisioning.passages.keeping import Keeping
from provisioning.passages.lines import OwnLines
from provisioning.passages.passages import Passages
from provisioning.passages.views import PassageViews
from provisioning.readiness.asof import AsOf
from provisioning.readiness.readiness import Readiness
from provisioning.settings import Settings
from provisioning.space.allotments import Allotments
from provisioning.space.labels import Labels
from provisioning.space.scans import Scans
from provisioning.space.space import Space
from provisioning.store.engine import Store
from provisioning.story.backups import Backups
from provisioning.story.proofs import Proofs
from provisioning.story.sealer import Sealer
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

Hop = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What passages take: who hears them, takes them in, answers for them, and forgets them."""

    ears: Ears
    passages: Passages
    views: PassageViews
    keeping: Keeping


@dataclass(frozen=True, slots=True)
class Guarding:
    """What security orders: conditions of zones, who is let in all the same, loans of cards, and what ends them in time."""

    conditions: Conditions
    exempt: Exempt
    loans: Loans
    endings: Watch


@dataclass(frozen=True, slots=True)
class House:
    """Every room of one hub, joined."""

    settings: Settings
    clock: Clock
    ids: Ids
    hop: Hop
    store: Store
    vault: Vault
    story: Story
    proofs: Proofs
    sealer: Sealer
    backups: Backups
    eras: Eras
    alarms: Alarms
    hooks: Hooks
    courier: Courier
    watch: Watch
    holds: Holds
    campuses: Campuses
    operators: Operators
    persons: Persons
    cards: Cards
    pins: Pins
    intake: Intake
    notices: Notices
    senders: Senders
    rulebook: Rulebook
    space: Space
    allotments: Allotments
    labels: Labels
    scans: Scans
    grants: Grants
    fixtures: Fixtures
    guarding: Guarding
    giving: Giving
    proposals: Proposals
    revoking: Revoking
    timer: Timer
    delivery: Delivery
    office: Office
    gateway: Gateway
    edge: Edge
    lines: OwnLines
    hearing: Hearing
    readiness: Readiness
    asof: AsOf

    @property
    def conditions(self) -> Conditions:
        """Lockdowns, and releases by fire."""
        return self.guarding.conditions

    @property
    def loans(self) -> Loans:
        """Cards on loan."""
        return self.guarding.loans

    @property
    def passages(self) -> Passages:
        """What takes passages in."""
        return self.hearing.passages

    @property
    def passage_views(self) -> PassageViews:
        """Passages, and who is inside."""
        return self.hearing.views

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the house going: gateway, timers, sealer, watch and courier, until told to stop. A part that breaks stops
        all."""
        async with asyncio.TaskGroup() as parts:
            for part in (self.gateway.run(stop), self.timer.run(stop), self.sealer.run(stop, self.hop)):
                parts.create_task(part)
            for part in (self.watch.run(stop), self.courier.run(stop), self.guarding.endings.run(stop)):
                parts.create_task(part)
            edge = self.edge.run(stop, self.lines, self.gateway.back, self.gateway.away)
            for part in (self.hearing.ears.run(stop), self.hearing.keeping.run(stop), edge):
                parts.create_task(part)
