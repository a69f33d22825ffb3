"""Named operators and their tokens. Only a token's digest is kept, and it is shown once. The bootstrap operator dies in
the transaction in which the three administrators exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from policies.separation import BOOTSTRAP_ROLES, complete, conflict
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Operator, Told
from provisioning.nouns.words import Language, say
from provisioning.operators.logins import Logins
from provisioning.store import operators as rows
from provisioning.store.engine import Store, Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

BOOTSTRAP = "bootstrap"
HOUSE = "house:operators"
TOKEN_CHARS_MAX = 200
KEPT_ROLES = ("system", "security", "auditor")

_NAME = re.compile(r"[\w][\w.@-]{0,63}")


class Sentence(StrEnum):
    """What else is said of roles, beside the law of `policies.separation`."""

    NO_ROLE = "Name at least one of the roles auditor, hr, security, system."


class TokenRefused(Refusal):
    """This token is not known, or its operator has ended. Ask a system administrator for a new one
    ('foyer operator add'), and put it in the file that --token-file names."""

    status = 401


class NameTaken(Refusal):
    """There is or was an operator {name} already, and a name is never given twice. Choose another name."""

    status = 409


class NameMalformed(Refusal):
    """{name} cannot be an operator's name. Use 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a
    letter or a digit."""


class RolesRefused(Refusal):
    """The roles {roles} cannot be given to one operator. {why}"""

    def __init__(self, *, roles: str, why: str) -> None:
        self._why = why
        super().__init__(roles=roles, why=why)

    def sentence(self, language: Language) -> str:
        """What to tell the person who asked; the reason is a sentence of its own, and is said in the same language."""
        return say(self.template(), language, {**self.fields, "why": say(self._why, language)})


class LastOfRole(Refusal):
    """{name} is the last operator with the role {role}, and without one nobody could do that work. Add another with
    'foyer operator add' first."""

    status = 409


class Operators:
    """Adds, ends and recognises operators; each of these is an event."""

    def __init__(self, vault: Vault, story: Story) -> None:
        self._vault = vault
        self._story = story
        self._logins = Logins()

    def bootstrap(self, tx: Tx) -> str | None:
        """The first operator's token, where there was never an operator yet; else None."""
        if rows.operators(tx, in_force=False):
            return None
        return self._add(tx, BOOTSTRAP, BOOTSTRAP_ROLES, HOUSE, bootstrap=True)

    def enter(self, store: Store, token: str, origin: str) -> Operator:
        """Who shows this token from this address; the story is told of it, refused or not. Raises `TokenRefused`.

        Opens transactions of its own: what is told of a refusal must outlive it.
        """
        with store.reading() as tx:
            now = tx.now
            try:
                operator = self.authenticate(tx, token)
            except TokenRefused:
                operator = None
        name = operator.name if operator else None
        count = self._logins.to_tell(name, origin, now)
        if count:
            with store.writing() as tx:
                kind = "operator.entered" if name else "operator.refused"
                self._story.tell(tx, Told(kind, name or HOUSE, data={"origin": origin, "count": count}))
        if operator is None:
            raise TokenRefused
        return operator

    def authenticate(self, tx: Tx, token: str) -> Operator:
        """Who holds this token. Raises `TokenRefused`. Tells nobody: see `enter`."""
        known = rows.by_token(tx, self._vault.token_digest(token)) if 0 < len(token) <= TOKEN_CHARS_MAX else None
        if known is None or known.ended is not None:
            raise TokenRefused
        return known

    def add(self, tx: Tx, name: str, roles: Iterable[str], actor: Actor) -> str:
        """Add an operator and return the token, which nobody can show again. Once the three administrators exist, the
        bootstrap operator ends. Raises `NameMalformed`, `NameTaken`, `RolesRefused`."""
        wanted = frozenset(roles)
        if not _NAME.fullmatch(name):
            raise NameMalformed(name=name[:80])
        if rows.by_name(tx, name):
            raise NameTaken(name=name)
        why = conflict(wanted) if wanted else Sentence.NO_ROLE
        if why:
            raise RolesRefused(roles=", ".join(sorted(wanted)) or "-", why=why)
        token = self._add(tx, name, wanted, actor.name, bootstrap=False)
        self._end_bootstrap(tx)
        return token

    def end(self, tx: Tx, name: str, actor: Actor) -> None:
        """End an operator at once; ended already is done. Raises `NotFound`, `LastOfRole`."""
        leaving = rows.by_name(tx, name)
        if leaving is None:
            raise NotFound(what="operator", name=name, where="foyer operator list")
        if leaving.ended is not None:
            return
        staying = [one for one in rows.operators(tx, in_force=True) if one.id != leaving.id]
        for role in KEPT_ROLES:
            if role in leaving.roles and not any(role in one.roles for one in staying):
                raise LastOfRole(name=name, role=role)
        self._end(tx, leaving, actor.name, "ended")

    def all(self, tx: Tx) -> list[Operator]:
        """Everybody who is or was an operator, by name."""
        return list(rows.operators(tx, in_force=False))

    def _add(self, tx: Tx, name: str, roles: frozenset[str], actor: str, *, bootstrap: bool) -> str:
        token = tx.ids.token()
        added = Operator(tx.ids.new("opr"), name, roles, bootstrap, tx.now)
        rows.add_operator(tx, added, self._vault.token_digest(token))
        self._story.tell(tx, Told("operator.added", actor, data={"operator": name, "roles": [*sorted(roles)]}))
        return token

    def _end_bootstrap(self, tx: Tx) -> None:
        in_force = rows.operators(tx, in_force=True)
        if complete(one.roles for one in in_force if not one.bootstrap):
            for one in in_force:
                if one.bootstrap:
                    self._end(tx, one, HOUSE, "the three administrators exist")

    def _end(self, tx: Tx, leaving: Operator, actor: str, reason: str) -> None:
        rows.end_operator(tx, leaving.id)
        self._story.tell(tx, Told("operator.ended", actor, data={"operator": leaving.name, "reason": reason}))
