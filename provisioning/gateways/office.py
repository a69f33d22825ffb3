"""All that the hub has for gateways of their own, in one place for whoever joins the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.delivery.delivery import Delivery
from provisioning.gateways.bells import Bells
from provisioning.gateways.credentials import Credentials
from provisioning.gateways.gateways import Gateways
from provisioning.gateways.handing import Handing
from provisioning.gateways.listing import Listing
from provisioning.gateways.work import Work
from provisioning.nouns.ids import RandomBytes
from provisioning.store.engine import Store
from provisioning.story.story import Story
from provisioning.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Office:
    """Who gateways are, what they have, what they are told, and what they report."""

    gateways: Gateways
    credentials: Credentials
    handing: Handing
    listing: Listing
    work: Work
    bells: Bells

    @classmethod
    def opened(
        cls,
        store: Store,
        story: Story,
        alarms: Alarms,
        vault: Vault,
        random_bytes: RandomBytes,
        delivery: Delivery,
        campuses: Campuses,
        hub: str,
        *,
        term: timedelta,
        certificate: str | None,
    ) -> Office:
        """Of one hub, of this name; what `term` and `certificate` are, `Gateways` says."""
        gateways = Gateways(story, alarms, vault, random_bytes, hub, term=term, certificate=certificate)
        handing = Handing(story, gateways, campuses)
        return cls(
            gateways,
            Credentials(store, gateways, story, alarms),
            handing,
            Listing(campuses, vault, hub),
            Work(delivery, handing),
            Bells(store),
        )
