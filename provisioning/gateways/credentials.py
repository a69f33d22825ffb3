"""Who a call of a gateway is from: its token is signed by the key that it enrolled with, for this hub, just now."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import Json
from connectors.messages import CLOCK_OFF_S_MAX
from connectors.tokens import TOKEN_S_MAX, Claims, TokenBroken, named_in, read
from provisioning.alarms.alarms import Alarms
from provisioning.gateways.gateways import GatewayRevoked, Gateways
from provisioning.nouns.gateways import Gateway
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Told
from provisioning.operators.logins import Logins
from provisioning.store import gateways as rows
from provisioning.store.engine import Store
from provisioning.story.story import Story

HOUSE = "house:gateways"

FORGED = (
    "Somebody at {origin} calls as gateway {name}, and does not have its key. Nothing of it counts. Find out who it is;"
    " where the key may be in other hands: foyer gateway revoke {name}"
)
CALLS_REVOKED = (
    "Gateway {name} was revoked, and still calls, from {origin}. Nothing of it counts. Find the machine, and hand over what"
    " it had: foyer gateway list"
)


class Unsigned(Refusal):
    """This call bears no token of a gateway of this hub, or another key signed it. Look whether the gateway's data folder is
    its own; it enrols anew by a new code: foyer gateway add NAME"""

    status = 401


class GatewayUnknown(Refusal):
    """This hub knows no such gateway: it is another hub, or one whose backup is older than the gateway. Enrol anew by a new
    code: foyer gateway add NAME"""

    status = 401


class GatewayClockOff(Refusal):
    """The clock of this gateway is {seconds} s off the hub's, which shows {now}. Set it, best by NTP; then the gateway goes
    on by itself."""

    status = 401


class Credentials:
    """Knows gateways by their tokens, and tells of those that are refused."""

    def __init__(self, store: Store, gateways: Gateways, story: Story, alarms: Alarms) -> None:
        self._store = store
        self._gateways = gateways
        self._story = story
        self._alarms = alarms
        self._refused = Logins()

    def admit(self, token: str, origin: str) -> Gateway:
        """The gateway that signed this token. Raises `Unsigned`, `GatewayUnknown`, `GatewayRevoked`, `GatewayClockOff`.

        Opens transactions of its own: what is told of a refusal must outlive it.
        """
        try:
            named = named_in(token)
        except TokenBroken as error:
            raise Unsigned from error
        with self._store.reading() as tx:
            now, found = tx.now, rows.gateway_of(tx, named)
        if found is None:
            raise GatewayUnknown
        if found.public_key is None:
            raise Unsigned
        try:
            self._believe(read(token, found.public_key), found, now)
        except (TokenBroken, Unsigned) as error:
            self._tell(found, origin, now, "forged", FORGED)
            raise Unsigned from error
        try:
            self._gateways.check(found)
        except GatewayRevoked:
            self._tell(found, origin, now, "revoked", CALLS_REVOKED)
            raise
        return found

    def _believe(self, told: Claims, gateway: Gateway, now: datetime) -> None:
        if told.gateway != gateway.id or told.hub != self._gateways.hub:
            raise Unsigned
        off_s = told.issued - now.timestamp()
        if abs(off_s) > CLOCK_OFF_S_MAX + TOKEN_S_MAX * (off_s < 0):
            raise GatewayClockOff(seconds=round(off_s), now=now.astimezone(UTC).isoformat(timespec="seconds"))
        late = now.timestamp() > told.ends + CLOCK_OFF_S_MAX
        if late or told.ends - told.issued > TOKEN_S_MAX or told.begins - now.timestamp() > CLOCK_OFF_S_MAX:
            raise Unsigned

    def _tell(self, gateway: Gateway, origin: str, now: datetime, why: str, template: str) -> None:
        count = self._refused.to_tell(None, f"{gateway.id} {why} {origin}", now)
        if not count:
            return
        fields: dict[str, Json] = {"name": gateway.name, "origin": origin}
        data: dict[str, Json] = {"gateway": gateway.id, "why": why, "origin": origin, "count": count}
        with self._store.writing() as tx:
            self._story.tell(tx, Told("gateway.refused", HOUSE, trace=gateway.id, data=data))
            self._alarms.raise_alarm(tx, f"gateway.{why}", template, fields)
