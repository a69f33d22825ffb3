"""Cards on panels and on paper: whether they are the same, what one opens more, and which a request is about."""

from __future__ import annotations

import json

from devices.wg import frames
from devices.wg.memory import Card
from devices.wire import ProtocolError


def more(body: str | None, card: Card | None) -> str:
    """In how much a card opens more than was proved: a wider right, or a longer one."""
    if body is None or card is None:
        return "more" if card is not None else "less"
    told = json.loads(body)
    wider = any(now and not then for now, then in zip(card.doors, told["doors"], strict=True))
    closes = None if card.closes is None else card.closes.isoformat()
    longer = closes is not None and closes > told["closes"]
    return "more doors" if wider else "longer" if longer else "no more"


def same(card: Card | None, body: str | None) -> bool:
    if card is None or body is None:
        return card is None and body is None
    told = json.loads(body)
    days = (card.opens and card.opens.isoformat(), card.closes and card.closes.isoformat())
    said = (told["opens"], told["closes"], told["doors"], told["pin"])
    return (*days, list(card.doors), card.pin) == said


def number_in(data: bytes) -> int | None:
    """The card that a request would put or delete."""
    try:
        function, request = frames.read_request(data)
    except ProtocolError:
        return None
    puts_or_deletes = function in (frames.PUT_CARD, frames.DELETE_CARD)
    return request.number if puts_or_deletes and isinstance(request, frames.CardFrame | frames.AskNumber) else None
