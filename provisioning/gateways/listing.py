"""What a gateway is told: its own targets, and what is new of their records. Nothing of another gateway's targets is in it,
and no name: records say only what their devices hold."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.messages import Asked, Listed, TargetTold, TaskTold, Upto
from provisioning.campus.campuses import Campuses
from provisioning.nouns.gateways import LINES, Gateway
from provisioning.store import conditions, eras
from provisioning.store import gateways as rows
from provisioning.store.engine import Tx
from provisioning.store.gateways import News, Owned
from provisioning.vault.vault import Vault

LAST = "\U0010ffff"
"""Sorts behind every key."""
NOTHING = Upto(seq=0, key="", fresh=True)
"""Where a gateway stands that knows nothing of a target."""


class Listing:
    """Tells gateways what is theirs."""

    def __init__(self, campuses: Campuses, vault: Vault, hub: str) -> None:
        self._vault = vault
        self._campuses = campuses
        self._hub = hub

    def listed(self, tx: Tx, gateway: Gateway, asked: Asked) -> Listed:
        """All its targets, and up to `most` tasks, oldest news first."""
        latest = eras.latest(tx)
        era = 0 if latest is None else latest.id
        have = asked.have if asked.era == era else {}
        left = asked.most
        targets: list[TargetTold] = []
        tasks: list[TaskTold] = []
        owned = rows.owned(tx, gateway.id)
        zone = self._campuses.zone(tx)
        listeners = {} if zone is None else self._campuses.current(tx).listeners
        more = False
        for one in owned:
            have_here = have.get(one.id, NOTHING)
            found = _news(tx, one, have_here, left + 1)
            told = found[:left]
            if len(found) > left:
                more = True
                upto = Upto(seq=told[-1].seq, key=told[-1].key, fresh=have_here.fresh) if told else have_here
            else:
                upto = Upto(seq=one.seq, key=LAST, fresh=False)
            left -= len(told)
            tasks += (_task(one.id, each) for each in told)
            targets.append(_target(one, upto, zone or "UTC", listeners.get(one.id), tx.now))
        known = {one.id for one in owned}
        return Listed(
            hub=self._hub,
            era=era,
            now=tx.now,
            unsettled=latest is not None and latest.settled is None,
            targets=tuple(targets),
            tasks=tuple(tasks),
            gone=tuple(sorted(set(asked.have) - known)),
            more=more,
            acts=bool(conditions.acts_of_gateway(tx, gateway.id)),
            # Where no door asks for a PIN, nobody needs what PINs are compared by.
            pin_key=self._vault.pin_key().hex() if any(map(_asks_for_pins, owned)) else None,
        )


def _asks_for_pins(one: Owned) -> bool:
    doors = one.settings.get("doors") if one.kind in LINES else None
    return any(isinstance(door, dict) and door.get("pin") for door in doors) if isinstance(doors, list) else False


def _news(tx: Tx, one: Owned, have: Upto, most: int) -> list[News]:
    """Up to `most` records that have changed since; who knows nothing yet needs only those that are not as wanted."""
    if (have.seq, have.key, have.fresh) == (one.seq, LAST, False):
        return []
    since = rows.owed_since if have.fresh else rows.news_since
    return since(tx, one.id, have.seq, have.key, most)


def _target(one: Owned, upto: Upto, zone: str, listen: str | None, now: datetime) -> TargetTold:
    return TargetTold(
        id=one.id,
        kind=one.kind,
        settings=one.settings,
        upto=upto,
        epoch=one.epoch,
        # One that it is to let go before it was ever told of it has no term.
        term_until=one.term_until or now,
        fingerprint=one.fingerprint,
        read_due=one.read_due,
        leaving=one.leaving,
        zone=zone,
        listen=listen,
    )


def _task(target: str, one: News) -> TaskTold:
    return TaskTold(
        target=target,
        key=one.key,
        revision=one.revision,
        body=one.wanted,
        rank=one.rank,
        grants=one.grants,
        urgent=one.urgent,
        first=one.revision == 1 and one.wanted is not None,
        due=None if one.due is None else one.due.astimezone(UTC),
        dirty=one.dirty,
        waits=one.waits,
    )
