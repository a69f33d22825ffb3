"""The story: every decision, delivery, refusal and login, written in the transaction that made it. If it cannot be
written, neither is what it tells of. What is personal in it is sealed before it is hashed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Json, canonical
from provisioning.nouns.told import Event, Told
from provisioning.store import story as rows
from provisioning.store.engine import Tx
from provisioning.story.tree import leaf_hash
from provisioning.vault.vault import Vault

WAKES = "story"
ANCHORS = "story/anchor"
"""Topics: that something was told; that it must be under a signed checkpoint, outside the database too, at once."""

OPENING = frozenset({"stay.announced", "card.assigned", "grant.given", "operator.added", "notice.taken"}) | {
    "gateway.added", "gateway.enrolled", "gateway.silent", "gateway.back", "gateway.refused",
}  # fmt: skip
TAKING = (
    "person.", "stay.", "card.", "grant.", "notice.", "operator.", "sender.", "hold.", "rules.", "campus.", "condition.",
    "gateway.",
)  # fmt: skip
"""What is told of these subjects may take something away, save what only opens: a restored database must not be able to
forget it, so it is copied outside at once, not within the minute."""


class Story:
    """Writes events, each with its leaf hash; the sealer gives them their places afterwards."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def tell(self, tx: Tx, *told: Told) -> list[int]:
        """Write these in one statement; their ids, in order. `private` needs a `person` whose row is there."""
        if not told:
            return []
        at = tx.now.isoformat(timespec="microseconds")
        sealed = self._sealed(tx, told)
        ids = rows.add_events(tx, [_row(tx, at, one, sealed.get(place)) for place, one in enumerate(told)])
        tx.wake(WAKES)
        if any(one.kind.startswith(TAKING) and one.kind not in OPENING for one in told):
            tx.wake(ANCHORS)
        return ids

    def private(self, tx: Tx, event: Event) -> dict[str, Json] | None:
        """What was sealed in an event, for who may see it; None where nothing was, or the person is erased."""
        sealed = json.loads(event.body).get("sealed")
        if sealed is None or event.person is None:
            return None
        return self._vault.open(tx, event.person, base64.b64decode(sealed))

    def _sealed(self, tx: Tx, told: Sequence[Told]) -> dict[int, str]:
        places = [place for place, one in enumerate(told) if one.private]
        if not places:
            return {}
        sealed = self._vault.seal_all(tx, [(_owner(told[place]), told[place].private) for place in places])
        return {place: base64.b64encode(one).decode() for place, one in zip(places, sealed, strict=True)}


def told_in(body: bytes) -> Mapping[str, Json]:
    """What an event's body says, as it was hashed: at, kind, actor, person, target, trace, data, sealed."""
    return json.loads(body)


def _owner(told: Told) -> str:
    if told.person is None:
        raise ValueError(f"{told.kind}: what is private needs a person to whom it belongs")
    return told.person


def _row(tx: Tx, at: str, told: Told, sealed: str | None) -> dict[str, Any]:
    columns = {
        "kind": told.kind,
        "actor": told.actor,
        "person": told.person,
        "target": told.target,
        "trace": told.trace,
    }
    body: dict[str, Json] = {**columns, "at": at, "data": dict(told.data)}
    if sealed is not None:
        body["sealed"] = sealed
    encoded = canonical(body).encode()
    return {**columns, "at": tx.now, "body": encoded, "leaf": leaf_hash(encoded)}
