"""Who asks, in which language, of which house: what every route is handed before it does anything."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from provisioning.api.problems import language_asked
from provisioning.api.rooms import Rooms
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Operator
from provisioning.nouns.words import Language, say
from provisioning.operators.permits import permit
from provisioning.store.engine import Store, Tx

ZONE_HEADER = "Foyer-Zone"
"""Names the campus's time zone on every answer, so that a reader can be shown its own days and hours."""

_bearer = HTTPBearer(auto_error=False, description="An operator's token, as `foyer operator add` showed it once")


class TokenMissing(Refusal):
    """This needs an operator's token, and none was given. Send it as: Authorization: Bearer TOKEN"""

    status = 401


@dataclass(frozen=True, slots=True)
class Asker:
    """An operator who may do what the route does, and the language to answer in."""

    operator: Operator
    language: Language

    @property
    def actor(self) -> Actor:
        """The operator as the story names them."""
        return Actor(self.operator.name, self.operator.roles)

    def say(self, template: str, **fields: object) -> str:
        """A sentence in the asker's language."""
        return say(template, self.language, fields)


async def rooms_of(request: Request) -> Rooms:
    """The house behind this app. It waits for nothing; but whatever is not async is sent to a thread, which costs more
    than all that it does."""
    return request.app.state.rooms


House = Annotated[Rooms, Depends(rooms_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def may(action: str) -> Any:
    """A dependency: the operator of the token, if their roles allow the action; else 401 or 403."""
    return Depends(_admit(action))


@contextmanager
def act(store: Store, *, dry_run: bool, urgent: bool = False) -> Generator[Tx]:
    """A transaction for an act, ahead of all others where it is `urgent`. A dry run takes the same way, and then nothing of
    it is kept and nobody is woken."""
    with store.rehearsing() if dry_run else store.writing(urgent=urgent) as tx:
        yield tx


def _admit(action: str) -> Callable[..., Asker]:
    def admit(request: Request, response: Response, rooms: House, credentials: Credentials) -> Asker:
        if credentials is None:
            raise TokenMissing
        origin = request.client.host if request.client else "-"
        operator = rooms.operators.enter(rooms.store, credentials.credentials, origin)
        permit(operator, action)
        with rooms.store.reading() as tx:
            zone = rooms.campuses.zone(tx)
        if zone is not None:
            response.headers[ZONE_HEADER] = zone
        return Asker(operator, language_asked(request.headers))

    return admit
