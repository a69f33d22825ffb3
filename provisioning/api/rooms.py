"""The rooms of the house that the API calls. Whoever builds the house hands it in; the API builds nothing itself."""

from __future__ import annotations

from typing import Protocol

from devices.clock import Clock
from provisioning.alarms.alarms import Alarms
from provisioning.alarms.courier import Courier
from provisioning.alarms.hooks import Hooks
from provisioning.campus.campuses import Campuses
from provisioning.conditions.conditions import Conditions
from provisioning.delivery.delivery import Delivery
from provisioning.gateways.office import Office
from provisioning.grants.eras import Eras
from provisioning.grants.giving import Giving
from provisioning.grants.grants import Grants
from provisioning.grants.proposals import Proposals
from provisioning.grants.revoking import Revoking
from provisioning.grants.rulebook import Rulebook
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
from provisioning.passages.passages import Passages
from provisioning.passages.views import PassageViews
from provisioning.readiness.asof import AsOf
from provisioning.readiness.readiness import Readiness
from provisioning.space.allotments import Allotments
from provisioning.space.labels import Labels
from provisioning.store.engine import Store
from provisioning.story.backups import Backups
from provisioning.story.proofs import Proofs
from provisioning.story.story import Story


class Rooms(Protocol):
    """What the API needs of a house."""

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        ...

    @property
    def ids(self) -> Ids:
        """What makes ids and secrets."""
        ...

    @property
    def store(self) -> Store:
        """The database."""
        ...

    @property
    def story(self) -> Story:
        """The story."""
        ...

    @property
    def alarms(self) -> Alarms:
        """Alarms."""
        ...

    @property
    def hooks(self) -> Hooks:
        """Where alarms are told outside."""
        ...

    @property
    def courier(self) -> Courier:
        """Who tells them there."""
        ...

    @property
    def holds(self) -> Holds:
        """Changes of mind that wait for a second person."""
        ...

    @property
    def campuses(self) -> Campuses:
        """The campus in force."""
        ...

    @property
    def persons(self) -> Persons:
        """People."""
        ...

    @property
    def cards(self) -> Cards:
        """Cards."""
        ...

    @property
    def pins(self) -> Pins:
        """The PINs that go with them."""
        ...

    @property
    def intake(self) -> Intake:
        """HR sheets."""
        ...

    @property
    def notices(self) -> Notices:
        """HR notices that come by themselves."""
        ...

    @property
    def senders(self) -> Senders:
        """Who may send them."""
        ...

    @property
    def operators(self) -> Operators:
        """Who may use the hub."""
        ...

    @property
    def grants(self) -> Grants:
        """Rights, and what follows from them."""
        ...

    @property
    def giving(self) -> Giving:
        """Grants for a set time."""
        ...

    @property
    def readiness(self) -> Readiness:
        """How far things are."""
        ...

    @property
    def asof(self) -> AsOf:
        """What held at some instant."""
        ...

    @property
    def allotments(self) -> Allotments:
        """Seats and flats by an operator's hand."""
        ...

    @property
    def labels(self) -> Labels:
        """Labels for seats."""
        ...

    @property
    def delivery(self) -> Delivery:
        """Targets."""
        ...

    @property
    def office(self) -> Office:
        """Gateways of their own."""
        ...

    @property
    def passages(self) -> Passages:
        """What takes passages in."""
        ...

    @property
    def passage_views(self) -> PassageViews:
        """Passages, and who is inside."""
        ...

    @property
    def rulebook(self) -> Rulebook:
        """The rules in force."""
        ...

    @property
    def proposals(self) -> Proposals:
        """Changes of mind, proposed and decided."""
        ...

    @property
    def revoking(self) -> Revoking:
        """Revocation."""
        ...

    @property
    def conditions(self) -> Conditions:
        """Lockdowns, and releases by fire."""
        ...

    @property
    def loans(self) -> Loans:
        """Cards on loan."""
        ...

    @property
    def backups(self) -> Backups:
        """Backups."""
        ...

    @property
    def eras(self) -> Eras:
        """What a restore began."""
        ...

    @property
    def proofs(self) -> Proofs:
        """Proofs of the story."""
        ...
