"""Gateways of their own: added with a code that is used once, known from then on by a key of their own, and revoked. Each of
these is an event."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta

from connectors.contract import Json
from connectors.messages import Enrolled, Enrolment, secret_of
from provisioning.alarms.alarms import Alarms
from provisioning.nouns.gateways import EMBEDDED, Gateway
from provisioning.nouns.ids import RandomBytes
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import gateways as rows
from provisioning.store import news
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

SECRET_BYTES = 20
CODE_HOURS = 24
TERM_DAYS = 3
HEARD_S = 20.0
"""So often at most is it noted that a gateway was heard: it asks more often than that matters."""
SILENT_S = 180.0
"""A gateway asks for its list each minute, also where nothing has changed."""
LOOK_AT = "foyer gateway list"

UNHEARD = (
    "Gateway {name} is not heard from. It goes on by what it has until its term is over, and what is taken away meanwhile"
    " reaches none of its targets. Look at its machine and at its line to the hub."
)
OUT_OF_HEARING = "Its gateway is not heard from. Look at the gateway's machine and at its line to the hub."

_NAME = re.compile(r"[\w][\w.@-]{0,63}")


class GatewayNameTaken(Refusal):
    """There is or was a gateway {name} already, and a name is never given twice. Choose another name."""

    status = 409


class GatewayNameMalformed(Refusal):
    """{name} cannot be a gateway's name. Use 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter
    or a digit."""


class BadCode(Refusal):
    """This is no code of a gateway of this hub. Take the code as it was shown, whole; a new one: foyer gateway add NAME"""

    status = 401


class CodeUsed(Refusal):
    """This code was used already, and enrols nobody a second time. Somebody may have taken it: see when, and which gateway,
    by foyer gateway list. A new one: foyer gateway add NAME"""

    status = 409


class CodeOver(Refusal):
    """This code held until {until}, and enrols nobody any more. A new one: foyer gateway add NAME"""

    status = 409


class GatewayRevoked(Refusal):
    """The credential of gateway {name} was revoked by {by} on {at}. It enrols anew with a new code, if a system
    administrator gives one: foyer gateway add NAME"""

    status = 401


class Gateways:
    """Adds, enrols, revokes and finds gateways, and notes when they are heard.

    `hub` names this house for its gateways, `certificate` is the SHA-256 of the certificate that it shows (None: none), and
    `term` how long a gateway may go on without it.
    """

    def __init__(
        self,
        story: Story,
        alarms: Alarms,
        vault: Vault,
        random_bytes: RandomBytes,
        hub: str,
        *,
        term: timedelta = timedelta(days=TERM_DAYS),
        certificate: str | None = None,
    ) -> None:
        self._story = story
        self._alarms = alarms
        self._vault = vault
        self._random_bytes = random_bytes
        self._certificate = certificate
        self._term = term
        self.hub = hub

    def add(self, tx: Tx, name: str, actor: Actor) -> tuple[Gateway, str]:
        """Add a gateway; it, and the code which nobody can show again. Raises `GatewayNameMalformed`,
        `GatewayNameTaken`."""
        if not _NAME.fullmatch(name) or name == EMBEDDED:
            raise GatewayNameMalformed(name=name[:80])
        if rows.gateway_called(tx, name) is not None:
            raise GatewayNameTaken(name=name)
        secret = base64.b32encode(self._random_bytes(SECRET_BYTES)).decode()
        until = tx.now + timedelta(hours=CODE_HOURS)
        added = Gateway(tx.ids.new("gtw"), name, actor.name, tx.now, until)
        rows.add_gateway(tx, added, self._digest(secret))
        self._tell(tx, "gateway.added", added, actor.name, {"code_until": until.isoformat()})
        return added, secret if self._certificate is None else f"{secret}.{self._certificate}"

    def enrol(self, tx: Tx, asked: Enrolment) -> Enrolled:
        """A gateway comes with its code, and its key is the one from now on. The same gateway may say it again, for an
        answer may be lost. Raises `BadCode`, `CodeUsed`, `CodeOver`, `GatewayRevoked`."""
        found = rows.gateway_with(tx, self._digest(secret_of(asked.code)))
        if found is None:
            raise BadCode
        self.check(found)
        if found.public_key not in (None, asked.public_key):
            raise CodeUsed
        if found.code_until <= tx.now:
            raise CodeOver(until=found.code_until.isoformat(timespec="seconds"))
        if found.public_key is None:
            new = {"public_key": asked.public_key, "software": asked.software, "enrolled": tx.now, "heard": tx.now}
            rows.change(tx, found.id, **new)
            key = hashlib.sha256(asked.public_key.encode()).hexdigest()
            self._tell(tx, "gateway.enrolled", found, found.actor, {"key_sha256": key, "software": asked.software})
        return Enrolled(gateway=found.id, hub=self.hub, term_s=self._term.total_seconds())

    def check(self, gateway: Gateway) -> None:
        """Return where a gateway is in force. Raises `GatewayRevoked`."""
        if gateway.revoked is not None:
            at = gateway.revoked.isoformat(timespec="seconds")
            raise GatewayRevoked(name=gateway.name, by=gateway.revoked_by, at=at)

    def revoke(self, tx: Tx, name: str, actor: Actor) -> Gateway:
        """The next call of a gateway is refused; revoked already is done. What it has stays its own until it is handed to
        another, for it may work it until its term is over. Raises `NotFound`."""
        found = self.get(tx, name)
        if found.revoked is None:
            rows.change(tx, found.id, revoked=tx.now, revoked_by=actor.name)
            owned: list[Json] = [*sorted(rows.epochs(tx, found.id))]
            self._tell(tx, "gateway.revoked", found, actor.name, {"targets": owned})
            tx.wake(news.GATEWAY + found.id)
        return self.get(tx, found.id)

    def get(self, tx: Tx, name: str) -> Gateway:
        """The gateway of this name or id. Raises `NotFound`."""
        found = rows.gateway_called(tx, name)
        if found is None:
            raise NotFound(what="gateway", name=name, where=LOOK_AT)
        return found

    def all(self, tx: Tx) -> list[Gateway]:
        """Every gateway, by name."""
        return rows.gateways(tx)

    def hear(self, tx: Tx, gateway: Gateway) -> None:
        """A gateway asks for its list: its terms begin anew, and who thought it silent or unplugged was wrong."""
        rows.change(tx, gateway.id, heard=tx.now, silent=None, attested=[])
        rows.renew_terms(tx, gateway.id, tx.now + self._term)
        if gateway.silent is not None:
            rows.reach_again(tx, gateway.id, OUT_OF_HEARING)
            self._tell(tx, "gateway.back", gateway, gateway.actor)
            self._alarms.settle(tx, "gateway.silent", _who(gateway), Actor(gateway.actor))
        if gateway.attested:
            self._tell(tx, "gateway.attestation-void", gateway, gateway.actor, {"by": list(gateway.attested)})

    def unheard(self, tx: Tx, gateway: Gateway) -> bool:
        """Whether what `hear` would write is not there yet."""
        lately = gateway.heard is not None and tx.now - gateway.heard < timedelta(seconds=HEARD_S)
        return not lately or gateway.silent is not None or bool(gateway.attested) or rows.untold(tx, gateway.id)

    def needed(self, tx: Tx) -> bool:
        """Whether some gateway has fallen silent."""
        return bool(self._silent(tx))

    def act(self, tx: Tx) -> None:
        """Say which gateways have fallen silent: nobody knows what happens at their targets."""
        for each in self._silent(tx):
            rows.change(tx, each.id, silent=tx.now)
            rows.unreach(tx, each.id, OUT_OF_HEARING)
            self._tell(tx, "gateway.silent", each, "house:gateways")
            self._alarms.raise_alarm(tx, "gateway.silent", UNHEARD, _who(each))

    def _silent(self, tx: Tx) -> list[Gateway]:
        return rows.fallen_silent(tx, tx.now - timedelta(seconds=SILENT_S))

    def _digest(self, secret: str) -> bytes:
        return self._vault.token_digest(secret.upper())

    def _tell(self, tx: Tx, kind: str, gateway: Gateway, actor: str, more: dict[str, Json] | None = None) -> None:
        data: dict[str, Json] = {"gateway": gateway.id, "name": gateway.name, **(more or {})}
        self._story.tell(tx, Told(kind, actor, trace=gateway.id, data=data))


def _who(gateway: Gateway) -> dict[str, Json]:
    return {"name": gateway.name}
