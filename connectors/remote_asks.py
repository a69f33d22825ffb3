"""What a gateway far from the hub must ask the hub itself, and cannot do without an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from connectors.desk import Found
from connectors.messages import ACT_BEGUN, MISSING, Beginning, Go, MissingKeys, Reading
from connectors.remote_line import HubTroubled, Line, NotTaken

NOT_SENT = (
    "Its gateway asked the hub whether it may still be done, and had no answer: so nothing was sent. Order it again once the"
    " gateway is in touch with the hub."
)
NEWCOMER = (
    "Another device answers there, or one that lost its memory, and only the hub can say what it is to hold. It is asked as"
    " soon as it can be reached."
)


class Asks(Protocol):
    """What a desk asks of the hub itself. Raises `HubAway`."""

    async def missing(self, target: str, epoch: int, found: Sequence[Found], started: datetime) -> Sequence[str]:
        """The keys that a full reading would show to be missing."""
        ...

    async def act_begun(self, target: str, epoch: int, act: str) -> bool:
        """Whether an act may leave."""
        ...


class HubAsks:
    """Asks by the line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def missing(self, target: str, epoch: int, found: Sequence[Found], started: datetime) -> Sequence[str]:
        """The keys that a full reading would show to be missing. Raises `HubAway`."""
        message = Reading(target=target, epoch=epoch, started=started, found=tuple(found))
        try:
            return (await self._line.call(MISSING, message, MissingKeys)).keys
        except NotTaken as error:
            raise HubTroubled(url=self._line.url, why=error.fields["why"]) from error

    async def act_begun(self, target: str, epoch: int, act: str) -> bool:
        """Whether an act may leave. Raises `HubAway`."""
        try:
            return (await self._line.call(ACT_BEGUN, Beginning(target=target, epoch=epoch, act=act), Go)).go
        except NotTaken:
            return False
