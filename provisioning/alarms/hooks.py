"""Where alarms are told outside the hub: places, each with a level and a secret of its own to sign with."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from provisioning.alarms.posting import Network, checked
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import hooks as rows
from provisioning.store.engine import Tx
from provisioning.store.hooks import Hook
from provisioning.story.story import Story
from provisioning.vault.signatures import secret_text
from provisioning.vault.vault import Vault

HOOKS_MAX = 20
SECRET_BYTES = 32


class HooksEnough(Refusal):
    """There are {most} hooks in force, and no more are kept. Remove one that nobody reads: foyer alarms hook list"""

    status = 409


class HookThere(Refusal):
    """Alarms are told at {place} already, by the hook {id}. Remove that one first, or name another address."""

    status = 409


class Hooks:
    """Adds and removes hooks."""

    def __init__(self, vault: Vault, story: Story, allowed: Sequence[Network] = ()) -> None:
        self._vault = vault
        self._story = story
        self._allowed = allowed

    def all(self, tx: Tx) -> list[Hook]:
        """Every hook in force, the oldest first."""
        return rows.hooks(tx)

    def get(self, tx: Tx, id_: str) -> Hook:
        """One of them. Raises `NotFound`."""
        found = rows.hook_of(tx, id_)
        if found is None:
            raise NotFound(what="hook", name=id_, where="foyer alarms hook list")
        return found

    def waiting(self, tx: Tx) -> dict[str, int]:
        """How many messages wait, by hook; a hook where none waits is not named."""
        return rows.waiting(tx)

    def add(self, tx: Tx, url: str, level: int, actor: Actor) -> tuple[Hook, str]:
        """A new hook, and its secret, which is shown this once. Raises `HookUrl`, `HookAddress`, `HookThere`,
        `HooksEnough`."""
        checked(url, self._allowed)
        present = rows.hooks(tx)
        for each in present:
            if each.url == url:
                raise HookThere(place=place_of(url), id=each.id)
        if len(present) >= HOOKS_MAX:
            raise HooksEnough(most=HOOKS_MAX)
        id_, secret = tx.ids.new("hok"), tx.ids.random_bytes(SECRET_BYTES)
        hook = Hook(id_, url, level, self._vault.seal_secret(id_, secret), actor.name, tx.now)
        rows.add_hook(tx, hook)
        self._tell(tx, "hook.added", hook, actor)
        return hook, secret_text(secret)

    def remove(self, tx: Tx, id_: str, actor: Actor) -> int:
        """Tell nothing there any more; returns how many messages were still waiting. Raises `NotFound`."""
        hook = self.get(tx, id_)
        left = rows.end_hook(tx, id_)
        self._tell(tx, "hook.removed", hook, actor)
        return left

    def secret(self, hook: Hook) -> str:
        """What a hook's messages are signed with."""
        return secret_text(self._vault.open_secret(hook.id, hook.sealed))

    def _tell(self, tx: Tx, kind: str, hook: Hook, actor: Actor) -> None:
        data = {"hook": hook.id, "place": place_of(hook.url), "level": hook.level}
        self._story.tell(tx, Told(kind, actor.name, data=data))


def place_of(url: str) -> str:
    """A URL without its path, in which there may be a secret of the receiver's."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
