"""What a WG panel answers to each function that it knows, as a table; None is silence.

Behaviour: uhppoted/uhppote-simulator `simulator/UT0311L04`. Its own bug of making a second record of a card when a hole
lies before the first is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

from devices.wg import decision, frames
from devices.wg.body import Body
from devices.wg.decision import Profile
from devices.wg.frames import Reply, Request
from devices.wg.memory import Card, Event
from devices.wg.state import DOORS, DoorSetting, Listener, card_line, door_line, listener_line, profile_line

PIN_MAX = 999_999
_NO_PROFILE = Profile(None, None, (False,) * 7, ((time(), time()),) * 3, 0)


def answer(body: Body, function: int, request: Request) -> Reply | None:
    """The reply to a request that is meant for this panel. Raises OSError where it could not be remembered."""
    return _ANSWERS[function](body, request)


def _set_time(body: Body, request: frames.SetTime) -> Reply:
    if request.at is not None:
        body.set_local_time(request.at)
    return _time(body)


def _time(body: Body) -> Reply:
    return frames.SetTime(body.serial, body.local_time())


def _open_door(body: Body, request: frames.AskDoor) -> Reply | None:
    if request.door not in DOORS:
        return None
    body.unlock(request.door)
    body.happened(decision.KIND_DOOR, granted=True, door=request.door, card=0, reason=decision.REMOTE_OPEN)
    return frames.Ok(body.serial, True)


def _put_card(body: Body, request: frames.CardFrame) -> Reply:
    number = request.number
    if number in (frames.NO_CARD, frames.DELETED_CARD) or request.opens is None or request.closes is None:
        return frames.Ok(body.serial, False)
    held = body.state.cards.get(number)
    if held is None and (body.full or not body.state.cards.has_room(number)):
        return frames.Ok(body.serial, False)
    # What firmware makes of a PIN above 999999 is not written anywhere, only that it is no longer that PIN.
    pin = request.pin % (PIN_MAX + 1)
    card = Card(number, request.opens, request.closes, request.doors, pin, request.first_card)
    if held != card:
        body.remember(card_line(card))
    return frames.Ok(body.serial, True)


def _delete_card(body: Body, request: frames.AskNumber) -> Reply:
    held = body.state.cards.get(request.number) is not None
    if held:
        body.remember({"op": "delete", "number": request.number})
    return frames.Ok(body.serial, held)


def _delete_all(body: Body, request: frames.Erase) -> Reply | None:
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


def _set_door(body: Body, request: frames.DoorFrame) -> Reply | None:
    if request.door not in DOORS or request.mode not in (1, 2, 3):
        return None
    body.remember(door_line(request.door, DoorSetting(request.mode, request.delay_s)))
    return _door_frame(body, request.door)


def _door(body: Body, request: frames.AskDoor) -> Reply | None:
    return _door_frame(body, request.door) if request.door in DOORS else None


def _door_frame(body: Body, door: int) -> Reply:
    setting = body.state.doors[door]
    return frames.DoorFrame(body.serial, door, setting.mode, setting.delay_s)


def _set_profile(body: Body, request: frames.ProfileFrame) -> Reply:
    if not 2 <= request.profile <= 254 or request.opens is None or request.closes is None:
        return frames.Ok(body.serial, False)
    spans = (
        (request.start_1, request.end_1),
        (request.start_2, request.end_2),
        (request.start_3, request.end_3),
    )
    profile = Profile(request.opens, request.closes, request.weekdays, spans, request.linked)
    body.remember(profile_line(request.profile, profile))
    return frames.Ok(body.serial, True)


def _profile(body: Body, request: frames.AskDoor) -> Reply:
    held = body.state.profiles.get(request.door)
    number, profile = (0, _NO_PROFILE) if held is None else (request.door, held)
    first, second, third = profile.spans
    return frames.ProfileFrame(
        body.serial, number, profile.opens, profile.closes, profile.weekdays, *first, *second, *third, profile.linked
    )


def _set_listener(body: Body, request: frames.ListenerFrame) -> Reply:
    body.remember(listener_line(Listener(request.address, request.port, request.interval_s)))
    return frames.Ok(body.serial, True)


def _listener(body: Body) -> Reply:
    listener = body.state.listener
    return frames.ListenerFrame(body.serial, listener.address, listener.port, listener.interval_s)


def _controller(body: Body) -> Reply:
    told = body.identity
    return frames.ControllerFrame(
        told.serial, told.address, told.netmask, told.gateway, told.mac, told.version, told.built
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
    frames.SET_DOOR: _set_door,
    frames.GET_DOOR: _door,
    frames.SET_PROFILE: _set_profile,
    frames.GET_PROFILE: _profile,
    frames.SET_LISTENER: _set_listener,
    frames.GET_LISTENER: lambda body, _: _listener(body),
    frames.CONTROLLER: lambda body, _: _controller(body),
    frames.GET_EVENT: _event,
    frames.SET_EVENT_INDEX: _set_event_index,
    frames.GET_EVENT_INDEX: lambda body, _: _event_index(body),
}
