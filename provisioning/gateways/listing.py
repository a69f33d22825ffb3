"""What a gateway is told: its own targets, and what is new of their records. Nothing of another gateway's targets is in it,
and no name: records say only what their devices hold."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from connectors.contract import Fingerprint
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
SETTINGS_KEPT = 10_000
"""So many targets' settings are kept as they were read."""
NOTHING = Upto(seq=0, key="", fresh=True)
"""Where a gateway stands that knows nothing of a target."""


class Listing:
    """Tells gateways what is theirs."""

    def __init__(self, campuses: Campuses, vault: Vault, hub: str) -> None:
        self._vault = vault
        self._campuses = campuses
        self._hub = hub

    def listed(self, tx: Tx, gateway: Gateway, asked: Asked) -> Listed:
        """Its targets, save those of which it has all, and up to `most` tasks, oldest news first."""
        latest = eras.latest(tx)
        era = 0 if latest is None else latest.id
        have: Mapping[str, Upto] = asked.have if asked.era == era else {}
        left = asked.most
        targets: list[TargetTold] = []
        tasks: list[TaskTold] = []
        owned = rows.owned(tx, gateway.id)
        zone = self._campuses.zone(tx)
        listeners: Mapping[str, str] = {} if zone is None else self._campuses.current(tx).listeners
        more = False
        for one in owned:
            have_here = have.get(one.id, NOTHING)
            listen = listeners.get(one.id)
            stamp = _stamp(one, zone, listen, tx.now)
            has_all = _has_all(one, have_here)
            if has_all and have_here.stamp == stamp and not _said_again(one, tx.now):
                continue
            found: list[News] = [] if has_all else _news(tx, one, have_here, left + 1)
            told = found[:left]
            upto = Upto(seq=one.seq, key=LAST, fresh=False, stamp=stamp)
            if len(found) > left:
                more = True
                seq, key = (told[-1].seq, told[-1].key) if told else (have_here.seq, have_here.key)
                upto = Upto(seq=seq, key=key, fresh=have_here.fresh, stamp=stamp)
            left -= len(told)
            tasks += (_task(one.id, each) for each in told)
            targets.append(_target(one, upto, zone or "UTC", listen, tx.now))
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


@lru_cache(maxsize=SETTINGS_KEPT)
def _settings(text: str) -> Mapping[str, Any]:
    """Settings as they are stored. Nobody changes what is handed out here."""
    return json.loads(text)


def _asks_for_pins(one: Owned) -> bool:
    doors = _settings(one.settings).get("doors") if one.kind in LINES else None
    return any(isinstance(door, dict) and door.get("pin") for door in doors) if isinstance(doors, list) else False


def _stamp(one: Owned, zone: str | None, listen: str | None, now: datetime) -> int:
    """Names what a gateway is told of a target beside its records. Should two states ever share a number, the next renewal
    of the term tells them apart."""
    said_again = (_reads(one, now), one.heir is not None)
    return zlib.crc32(repr((one.kind, one.settings, one.epoch, one.term_until, zone, listen, said_again)).encode())


def _has_all(one: Owned, have: Upto) -> bool:
    return (have.seq, have.key, have.fresh) == (one.seq, LAST, False)


def _reads(one: Owned, now: datetime) -> bool:
    return one.active and one.read_due is not None and one.read_due <= now


def _said_again(one: Owned, now: datetime) -> bool:
    """What the gateway is to do beside its tasks is said until it is done."""
    return one.heir is not None or _reads(one, now)


def _news(tx: Tx, one: Owned, have: Upto, most: int) -> list[News]:
    """Up to `most` records that have changed since; who knows nothing yet needs only those that are not as wanted."""
    since = rows.owed_since if have.fresh else rows.news_since
    return since(tx, one.id, have.seq, have.key, most)


def _target(one: Owned, upto: Upto, zone: str, listen: str | None, now: datetime) -> TargetTold:
    return TargetTold(
        id=one.id,
        kind=one.kind,
        settings=_settings(one.settings),
        upto=upto,
        epoch=one.epoch,
        # One that it is to let go before it was ever told of it has no term.
        term_until=one.term_until or now,
        fingerprint=None if one.identity is None else Fingerprint(one.identity, one.counter or 0),
        read_due=_reads(one, now),
        leaving=one.heir is not None,
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
