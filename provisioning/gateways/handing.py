"""Who has which target. A target changes hands only when nobody works it any more: it was let go, its term is over, or two
people attest that its gateway is unplugged. Until then nobody else claims it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from connectors.contract import Json
from connectors.messages import CLOCK_OFF_S_MAX
from provisioning.campus.campuses import Campuses
from provisioning.gateways.gateways import SILENT_S, Gateways
from provisioning.nouns.gateways import EMBEDDED, Assigned, Because, Gateway
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import gateways as rows
from provisioning.store import news
from provisioning.store.engine import Tx
from provisioning.story.story import Story

TERM_MARGIN_S = 2.0 * CLOCK_OFF_S_MAX
"""A gateway ends its term by its own clock."""
ATTESTING = 2
HOUSE = Actor("house:gateways")


class NotYours(Refusal):
    """{target} is another gateway's by now, or was set anew since. Ask for the list again."""

    status = 409


class GatewayNotThere(Refusal):
    """Gateway {name} cannot be given anything: it was never enrolled, or was revoked. See: foyer gateway list"""

    status = 409


class GatewayHeard(Refusal):
    """Gateway {name} was heard from {seconds} s ago, so it is not unplugged. Unplug it and wait {wait} s, or wait until it
    has let go by itself."""

    status = 409


class NothingToAttest(Refusal):
    """Gateway {name} has nothing that is being handed over. Say first who is to have it: foyer gateway hand WHAT --to ID"""

    status = 409


class AttestedAlready(Refusal):
    """{name} has attested this already. It takes two people: now another one runs foyer gateway attest"""

    status = 409


class Handing:
    """Hands targets from one gateway to another."""

    def __init__(self, story: Story, gateways: Gateways, campuses: Campuses) -> None:
        self._story = story
        self._campuses = campuses
        self._gateways = gateways

    def hand(self, tx: Tx, what: str, to: str, actor: Actor) -> list[Assigned]:
        """Have a target, or all of a building, of a site or of a gateway, worked by another gateway, or by the hub's own
        (`EMBEDDED`); how they stand now. What is being handed to somebody else goes to this one instead. Raises
        `NotFound`, `GatewayNotThere`."""
        heir = None if to == EMBEDDED else self._taker(tx, to).id
        meant = self._meant(tx, what)
        keeping = [one.target for one in meant if one.gateway == heir and one.heir is not None]
        passing = [one.target for one in meant if one.gateway != heir]
        rows.set_heir(tx, keeping, None)
        rows.set_heir(tx, passing, heir or EMBEDDED)
        data: dict[str, Json] = {"to": heir or EMBEDDED}
        told = [Told("gateway.handing", actor.name, target=at, trace=heir, data=data) for at in (*keeping, *passing)]
        self._story.tell(tx, *told)
        self.act(tx)
        return rows.assigned(tx, [one.target for one in meant])

    def let_go(self, tx: Tx, gateway: Gateway, target: str, epoch: int) -> None:
        """A gateway says that it works this target no more. Raises `NotYours`."""
        self.fence(tx, gateway, target, epoch)
        (found,) = rows.assigned(tx, [target])
        if found.heir is None:
            raise NotYours(target=target)
        self._give(tx, [found], Because.HANDED, Actor(gateway.actor))

    def part(self, tx: Tx, target: str) -> None:
        """The hub's own gateway keeps the doors of this line no more: if it is being handed over, it changes hands."""
        mine = [one for one in rows.assigned(tx, [target]) if one.gateway is None and one.heir is not None]
        free = [one for one in mine if one.lease is None or one.lease <= tx.now]
        self._give(tx, free, Because.FREE, HOUSE)

    def fence(self, tx: Tx, gateway: Gateway, target: str, epoch: int) -> None:
        """Return where a gateway has a target by the assignment of this epoch. Raises `NotYours`."""
        if not rows.has(tx, gateway.id, target, epoch):
            raise NotYours(target=target)

    def check(self, tx: Tx, gateway: Gateway, target: str) -> None:
        """Return where a gateway has a target, by whichever assignment. Raises `NotYours`."""
        if target not in rows.epochs(tx, gateway.id):
            raise NotYours(target=target)

    def attest(self, tx: Tx, name: str, actor: Actor) -> Gateway:
        """Say that a gateway is unplugged; once two people have, what is being handed from it changes hands.

        Raises `NotFound`, `NothingToAttest`, `GatewayHeard`, `AttestedAlready`.
        """
        gateway = self._gateways.get(tx, name)
        passing = [one for one in rows.assigned(tx) if one.gateway == gateway.id and one.heir is not None]
        if not passing:
            raise NothingToAttest(name=gateway.name)
        if gateway.heard is not None and tx.now - gateway.heard < timedelta(seconds=SILENT_S):
            ago = (tx.now - gateway.heard).total_seconds()
            raise GatewayHeard(name=gateway.name, seconds=round(ago), wait=round(SILENT_S - ago))
        if actor.name in gateway.attested:
            raise AttestedAlready(name=actor.name)
        by = (*gateway.attested, actor.name)
        self._story.tell(tx, Told("gateway.attested", actor.name, trace=gateway.id, data={"gateway": gateway.id}))
        enough = len(by) >= ATTESTING
        rows.change(tx, gateway.id, attested=[] if enough else list(by))
        if enough:
            self._give(tx, passing, Because.ATTESTED, actor, by)
        return self._gateways.get(tx, gateway.id)

    def assigned(self, tx: Tx) -> list[Assigned]:
        """Who has which target, by id."""
        return rows.assigned(tx)

    def needed(self, tx: Tx) -> bool:
        """Whether something that is being handed over is free."""
        return bool(self._ripe(tx))

    def act(self, tx: Tx) -> None:
        """What is free changes hands."""
        ripe = self._ripe(tx)
        over = [one for one in ripe if one.gateway is not None and one.term_until is not None]
        self._give(tx, over, Because.TERM, HOUSE)
        self._give(tx, [one for one in ripe if one not in over], Because.FREE, HOUSE)

    def _ripe(self, tx: Tx) -> list[Assigned]:
        return rows.ripe(tx, tx.now - timedelta(seconds=TERM_MARGIN_S))

    def _taker(self, tx: Tx, name: str) -> Gateway:
        found = self._gateways.get(tx, name)
        if found.enrolled is None or found.revoked is not None:
            raise GatewayNotThere(name=found.name)
        return found

    def _meant(self, tx: Tx, what: str) -> list[Assigned]:
        every = rows.assigned(tx)
        site = self._buildings(tx, what)
        found = [one for one in every if one.target == what] or [one for one in every if one.building in site]
        if not found and (owner := rows.gateway_called(tx, what)) is not None:
            found = [one for one in every if one.gateway == owner.id]
        if not found:
            raise NotFound(what="target, building, site or gateway with targets", name=what, where="foyer targets")
        return found

    def _buildings(self, tx: Tx, what: str) -> set[str]:
        """A building, or those of a site."""
        sites = self._campuses.current(tx).sites
        return {each.id for site in sites for each in site.buildings if what in (each.id, site.id)}

    def _give(
        self, tx: Tx, those: Iterable[Assigned], because: Because, actor: Actor, attested: Sequence[str] = ()
    ) -> None:
        told: list[Told] = []
        for one in those:
            to = None if one.heir == EMBEDDED else one.heir
            rows.give(tx, one, to, because)
            data: dict[str, Json] = {
                "to": to or EMBEDDED, "before": one.gateway or EMBEDDED, "because": because.value,
                "attested_by": list(attested),
            }  # fmt: skip
            told.append(Told("gateway.handed", actor.name, target=one.target, trace=to or one.gateway, data=data))
        self._story.tell(tx, *told)
        if told:
            tx.wake(news.GATEWAYS)
