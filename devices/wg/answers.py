"""What a WG panel answers to each function that it knows, as a table; None is silence. Here are time, cards, events and
listener; how doors are driven is in `rule_answers.py`.

Behaviour: uhppoted/uhppote-simulator `simulator/UT0311L04`. Its own bug of making a second record of a card when a hole
lies before the first is left out. What becomes of a PIN above 999999: its `NOTES.md`, seen on a real panel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices.wg import frames, reasons
from devices.wg.body import Body
from devices.wg.frames import Reply, Request
from devices.wg.memory import Card, Event
from devices.wg.rule_answers import RULE_ANSWERS
from devices.wg.state import DOORS, Listener, card_line, listener_line

PIN_MAX = 999_999
YEAR_MAX = 9998
"""A clock that stood in the last year that has a number could not go on to the next day."""
_PIN_KEPT = 0x0FFFFF
_PIN_ZEROED_MAX = 0x100000


def answer(body: Body, function: int, request: Request) -> Reply | None:
    """The reply to a request that is meant for this panel. Raises OSError where it could not be remembered."""
    return _ANSWERS[function](body, request)


def _set_time(body: Body, request: frames.SetTime) -> Reply:
    if request.at is not None and request.at.year <= YEAR_MAX:
        body.set_local_time(request.at)
    return _time(body)


def _time(body: Body) -> Reply:
    return frames.SetTime(body.serial, body.local_time())


def _open_door(body: Body, request: frames.AskDoor) -> Reply | None:
    if request.door not in DOORS:
        return None
    body.unlock(request.door, by_order=True)
    card, reason = reasons.CARD_OF_REMOTE_OPEN, reasons.REMOTE_OPEN
    body.happened(reasons.KIND_DOOR, granted=True, door=request.door, card=card, reason=reason)
    return frames.Ok(body.serial, True)


def _put_card(body: Body, request: frames.CardFrame) -> Reply:
    number = request.number
    if number in (frames.NO_CARD, frames.DELETED_CARD) or request.opens is None or request.closes is None:
        return frames.Ok(body.serial, False)
    held = body.state.cards.get(number)
    if held is None and (body.full or not body.state.cards.has_room(number)):
        return frames.Ok(body.serial, False)
    pin = request.pin if request.pin <= PIN_MAX else _mangled(request.pin)
    card = Card(number, request.opens, request.closes, request.doors, pin, request.first_card)
    if held != card:
        body.remember(card_line(card))
    return frames.Ok(body.serial, True)


def _mangled(pin: int) -> int:
    return 0 if pin <= _PIN_ZEROED_MAX else pin & _PIN_KEPT


def _delete_card(body: Body, request: frames.AskNumber) -> Reply:
    held = body.state.cards.get(request.number) is not None
    if held:
        body.remember({"op": "delete", "number": request.number})
    return frames.Ok(body.serial, held)


def _delete_all(body: Body, request: frames.Sworn) -> Reply | None:
    if request.magic != frames.MAGIC:
        return None
    body.remember({"op": "clear"})
    return frames.Ok(body.serial, True)


def _count(body: Body) -> Reply:
    return frames.NumberFrame(body.serial, len(body.state.cards))


def _card(body: Body, request: frames.AskNumber) -> Reply:
    return _card_frame(body, body.state.cards.get(request.number), frames.NO_CARD)


def _card_at(body: Body, request: frames.AskNumber) -> Reply:
    if not body.state.cards.has_slot(request.number):
        return _card_frame(body, None, frames.NO_CARD)
    return _card_frame(body, body.state.cards.at(request.number), frames.DELETED_CARD)


def _card_frame(body: Body, card: Card | None, absent: int) -> Reply:
    if card is None:
        return frames.CardFrame(body.serial, absent, None, None, (0, 0, 0, 0), 0, 0)
    return frames.CardFrame(body.serial, card.number, card.opens, card.closes, card.doors, card.pin, card.first_card)


def _set_listener(body: Body, request: frames.ListenerFrame) -> Reply:
    body.remember(listener_line(Listener(request.address, request.port, request.interval_s)))
    return frames.Ok(body.serial, True)


def _listener(body: Body) -> Reply:
    listener = body.state.listener
    return frames.ListenerFrame(body.serial, listener.address, listener.port, listener.interval_s)


def _controller(body: Body) -> Reply:
    told, network = body.identity, body.network()
    return frames.ControllerFrame(
        told.serial, network.address, network.netmask, network.gateway, told.mac, told.version, told.built
    )


def _event(body: Body, request: frames.AskNumber) -> Reply:
    events, index = body.state.events, request.number
    if events.first is None or events.last is None:
        return _no_event(body, frames.EVENT_NONE)
    if index == frames.FIRST_EVENT:
        return _event_frame(body, events.first)
    if index == frames.LAST_EVENT:
        return _event_frame(body, events.last)
    event = events.get(index)
    if event is None:
        return _no_event(body, frames.EVENT_OVERWRITTEN if index < events.first.index else frames.EVENT_NONE)
    return _event_frame(body, event)


def _no_event(body: Body, kind: int) -> Reply:
    return frames.EventFrame(body.serial, 0, kind, False, 0, 0, 0, None, 0)


def _event_frame(body: Body, event: Event) -> Reply:
    return frames.EventFrame(
        body.serial, event.index, event.kind, event.granted, event.door, event.direction, event.card, event.at,
        event.reason,
    )  # fmt: skip


def _set_event_index(body: Body, request: frames.SetEventIndex) -> Reply | None:
    if request.magic != frames.MAGIC:
        return None
    last = body.state.events.last
    known = request.index == 0 or (last is not None and request.index <= last.index)
    changes = known and request.index != body.state.event_index
    if changes:
        body.remember({"op": "event-index", "index": request.index})
    return frames.Ok(body.serial, changes)


def _event_index(body: Body) -> Reply:
    return frames.NumberFrame(body.serial, body.state.event_index)


_ANSWERS: dict[int, Callable[[Body, Any], Reply | None]] = {
    frames.STATUS: lambda body, _: body.status(),
    frames.SET_TIME: _set_time,
    frames.GET_TIME: lambda body, _: _time(body),
    frames.OPEN_DOOR: _open_door,
    frames.PUT_CARD: _put_card,
    frames.DELETE_CARD: _delete_card,
    frames.DELETE_ALL: _delete_all,
    frames.COUNT: lambda body, _: _count(body),
    frames.GET_CARD: _card,
    frames.CARD_AT: _card_at,
    frames.SET_LISTENER: _set_listener,
    frames.GET_LISTENER: lambda body, _: _listener(body),
    frames.CONTROLLER: lambda body, _: _controller(body),
    frames.GET_EVENT: _event,
    frames.SET_EVENT_INDEX: _set_event_index,
    frames.GET_EVENT_INDEX: lambda body, _: _event_index(body),
    **RULE_ANSWERS,
}
