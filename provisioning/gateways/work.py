"""What gateways report of their own targets: taken in as the hub's own gateway's is, under the gateway's name. Nothing of a
target that is another's by now is taken."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract import Outcome
from connectors.desk import Passed, Report
from connectors.messages import CLOCK_OFF_S_MAX, ActTold, Introducing, Outcomes, Reach, Reading
from provisioning.delivery.delivery import Delivery
from provisioning.delivery.outcomes import shows_gone
from provisioning.gateways.handing import Handing
from provisioning.nouns.gateways import Gateway
from provisioning.nouns.refusals import Refusal
from provisioning.store import conditions
from provisioning.store import gateways as rows
from provisioning.store.engine import Store, Tx

_log = logging.getLogger(__name__)


class Work:
    """Takes in what gateways report of their targets."""

    def __init__(self, delivery: Delivery, handing: Handing) -> None:
        self._delivery = delivery
        self._handing = handing

    def report(self, store: Store, gateway: Gateway, told: Sequence[Outcomes]) -> list[str]:
        """Take in outcomes; the targets of which nothing was taken, since they are another's by now, or what was said of
        them made us stumble: their gateway asks for them anew, and no other target suffers."""
        try:
            with store.writing(urgent=any(shows_gone(each.reports) for each in told)) as tx:
                return self._taken(tx, gateway, told)
        except Refusal:
            raise
        except Exception:  # noqa: BLE001 - each is tried alone below
            _log.exception("outcomes of %s could not be taken in together; each target's are tried alone", gateway.name)
        return [target for each in told for target in self._alone(store, gateway, each)]

    def _alone(self, store: Store, gateway: Gateway, told: Outcomes) -> list[str]:
        try:
            with store.writing() as tx:
                return self._taken(tx, gateway, [told])
        except Refusal:
            raise
        except Exception:  # noqa: BLE001 - what is wrong with one target holds up no other
            _log.exception("outcomes of %s at %s could not be taken in", told.target, gateway.name)
            return [told.target]

    def _taken(self, tx: Tx, gateway: Gateway, told: Sequence[Outcomes]) -> list[str]:
        """Take in outcomes, save those of targets that are another's by now: these."""
        own = rows.epochs(tx, gateway.id)
        mine: dict[str, list[Report]] = {}
        for each in told:
            if own.get(each.target) == each.epoch:
                mine.setdefault(each.target, []).extend(_not_ahead(report, tx.now) for report in each.reports)
        self._by(gateway).report(tx, mine)
        return [each.target for each in told if own.get(each.target) != each.epoch]

    def introduce(self, tx: Tx, gateway: Gateway, told: Introducing) -> bool:
        """Take in who answered; whether it is a new incarnation. Raises `NotYours`."""
        self._handing.fence(tx, gateway, told.target, told.epoch)
        return self._by(gateway).introduce(tx, told.target, told.fingerprint)

    def reading(self, tx: Tx, gateway: Gateway, told: Reading) -> int:
        """Take in a full reading; how many drifts it showed. Raises `NotYours`."""
        self._handing.fence(tx, gateway, told.target, told.epoch)
        return self._by(gateway).reconciled(tx, told.target, told.found, _surely_before(told.started))

    def missing(self, tx: Tx, gateway: Gateway, told: Reading) -> list[str]:
        """The keys that it would show to be missing. Raises `NotYours`."""
        self._handing.fence(tx, gateway, told.target, told.epoch)
        return self._by(gateway).missing(tx, told.target, told.found, _surely_before(told.started))

    def reach(self, tx: Tx, gateway: Gateway, told: Reach) -> None:
        """Take in how a visit ended, how far a reading has come, or what does not work. Raises `NotYours`."""
        self._handing.fence(tx, gateway, told.target, told.epoch)
        if told.found is not None:
            self._by(gateway).read_on(tx, told.target, told.found)
        elif told.away:
            self._by(gateway).away(tx, told.target, told.away)
        else:
            self._by(gateway).release(tx, told.target, told.epoch, told.unreachable, told.parked)

    def acts(self, tx: Tx, gateway: Gateway, asked: Mapping[str, int]) -> tuple[ActTold, ...]:
        """What is to be done at most once at those of these targets that are the gateway's."""
        waiting = sorted(conditions.acts_of_gateway(tx, gateway.id))
        mine = [at for at in waiting if at in asked and rows.has(tx, gateway.id, at, asked[at])]
        return tuple(ActTold(target=at, act=each) for at in mine for each in self._delivery.acts.waiting(tx, at))

    def begin(self, tx: Tx, gateway: Gateway, target: str, epoch: int, act: str) -> bool:
        """Note that an act leaves now; False where it must not. Raises `NotYours`."""
        self._handing.fence(tx, gateway, target, epoch)
        return self._by(gateway).acts.begin(tx, target, act)

    def acted(self, tx: Tx, gateway: Gateway, act: str, outcome: Outcome) -> None:
        """Take in what came of an act that was begun at one of the gateway's targets. Raises `NotFound`, `NotYours`."""
        self._handing.check(tx, gateway, self._delivery.acts.act(tx, act).target)
        self._by(gateway).acts.acted(tx, act, outcome)

    def mine(self, tx: Tx, gateway: Gateway, told: Sequence[Passed]) -> list[Passed]:
        """Those passages that are of the gateway's own targets."""
        own = rows.epochs(tx, gateway.id)
        return [one for one in told if one.target in own]

    def _by(self, gateway: Gateway) -> Delivery:
        return self._delivery.told_by(gateway.actor)


def _not_ahead(report: Report, now: datetime) -> Report:
    """A gateway's clock may be a little ahead; nothing is proved later than now."""
    return report if report.at <= now else replace(report, at=now)


def _surely_before(started: datetime) -> datetime:
    """What was touched while a reading ran proves nothing, and the gateway's clock may be off."""
    return started - timedelta(seconds=CLOCK_OFF_S_MAX)
