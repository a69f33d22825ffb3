"""Who a call of a gateway is from: its token is signed by the key that it enrolled with, for this hub, just now, and for
this one call."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.contract import Json
from connectors.messages import CLOCK_OFF_S_MAX
from connectors.tokens import ID_CHARS_MAX, TOKEN_S_MAX, Claims, TokenBroken, claimed, named_in, read
from provisioning.alarms.alarms import Alarms
from provisioning.gateways.gateways import GatewayRevoked, Gateways
from provisioning.gateways.seen import Seen
from provisioning.nouns.gateways import Gateway
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Told
from provisioning.operators.logins import Logins
from provisioning.store import gateways as rows
from provisioning.store.alarms import Filter
from provisioning.store.engine import Store
from provisioning.story.story import Story

HOUSE = "house:gateways"

FORGED = (
    "Somebody at {origin} calls as gateway {name}, and does not have its key. Nothing of it counts. Find out who it is;"
    " where the key may be in other hands: foyer gateway revoke {name}"
)
REPEATED = (
    "Somebody at {origin} repeats a call that gateway {name} has made. Nothing of it counts. Find out who hears what the"
    " gateway says; where that may have gone on for long, give it another key: foyer gateway revoke {name}"
)
CALLS_REVOKED = (
    "Gateway {name} was revoked, and still calls, from {origin}. Nothing of it counts. Find the machine, and hand over what"
    " it had: foyer gateway list"
)

STRANGE = (
    "A gateway that this hub does not know calls from {origin}. It may have been enrolled after the backup that was put"
    " back: then it works its doors until its term is over, and is told of nothing that is taken away. Find it; enrol it"
    " anew by a new code, or unplug it: foyer gateway add NAME"
)
OF_STRANGERS = Filter(kind="gateway.unknown")


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


class GatewayCallRepeated(Refusal):
    """This call was made already, and counts once. A gateway signs each call anew; see who repeats what it says."""

    status = 401


class GatewayCallOld(Refusal):
    """This call was signed before the hub was started, at {started}, so nobody knows whether it was made already. The
    gateway calls anew by itself; where that takes longer than a few seconds, set its clock, best by NTP."""

    status = 401


class Credentials:
    """Knows gateways by their tokens, and tells of those that are refused."""

    def __init__(self, store: Store, gateways: Gateways, story: Story, alarms: Alarms) -> None:
        self._store = store
        self._gateways = gateways
        self._story = story
        self._alarms = alarms
        self._refused = Logins()
        self._seen = Seen()
        self._started = store.now()

    def admit(self, token: str, origin: str) -> Gateway:
        """The gateway that signed this token, which counts once. Raises `Unsigned`, `GatewayUnknown`, `GatewayRevoked`,
        `GatewayClockOff`, `GatewayCallRepeated`, `GatewayCallOld`, `TooManyCalls`.

        Opens transactions of its own: what is told of a refusal must outlive it.
        """
        try:
            named = named_in(token)
        except TokenBroken as error:
            raise Unsigned from error
        with self._store.reading() as tx:
            now, found = tx.now, rows.gateway_of(tx, named)
        if found is None:
            self._tell_of_stranger(token, origin, now)
            raise GatewayUnknown
        if found.public_key is None:
            raise Unsigned
        try:
            told = read(token, found.public_key)
            self._believe(told, found, now)
        except (TokenBroken, Unsigned) as error:
            self._tell(found, origin, now, "forged", FORGED)
            raise Unsigned from error
        self._once(told, found, origin, now)
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

    def _once(self, told: Claims, gateway: Gateway, origin: str, now: datetime) -> None:
        if told.issued < int(self._started.timestamp()):
            # Which calls were made before that is known no more.
            raise GatewayCallOld(started=self._started.astimezone(UTC).isoformat(timespec="seconds"))
        if not self._seen.first(gateway.id, told.id, told.ends + CLOCK_OFF_S_MAX, now.timestamp()):
            self._tell(gateway, origin, now, "repeated", REPEATED)
            raise GatewayCallRepeated

    def _tell(self, gateway: Gateway, origin: str, now: datetime, why: str, template: str) -> None:
        count = self._refused.to_tell(None, f"{gateway.id} {why} {origin}", now)
        if not count:
            return
        fields: dict[str, Json] = {"name": gateway.name, "origin": origin}
        data: dict[str, Json] = {"gateway": gateway.id, "why": why, "origin": origin, "count": count}
        with self._store.writing() as tx:
            self._story.tell(tx, Told("gateway.refused", HOUSE, trace=gateway.id, data=data))
            self._alarms.raise_alarm(tx, f"gateway.{why}", template, fields)

    def _tell_of_stranger(self, token: str, origin: str, now: datetime) -> None:
        """Nobody can prove to be a gateway that is not known, so a call is told of only where it says to be for this hub,
        and of all such calls one alarm stands at a time."""
        try:
            told = claimed(token)
        except TokenBroken:
            return
        count = self._refused.to_tell(None, "unknown", now) if told.hub == self._gateways.hub else 0
        if not count:
            return
        data: dict[str, Json] = {
            "gateway": told.gateway[:ID_CHARS_MAX], "why": "unknown", "origin": origin, "count": count,
        }  # fmt: skip
        with self._store.writing() as tx:
            self._story.tell(tx, Told("gateway.refused", HOUSE, data=data))
            if not self._alarms.those(tx, 1, OF_STRANGERS):
                self._alarms.raise_alarm(tx, "gateway.unknown", STRANGE, {"origin": origin})
