"""What a panel answers when it is told how to drive its doors: modes, profiles, tasks, first cards, keypads, and the rest
that is set once and then holds.

Behaviour, replies without the magic word included: uhppoted/uhppote-simulator `simulator/UT0311L04`. Nobody has tried 96
or C8 on a real panel there: that C8 takes profiles and tasks, too, is ours. First cards and tasks wait for a refresh
(uhppoted's Ada library, `Set_First_Card`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from ipaddress import IPv4Address
from typing import Any

from devices.wg import frames, reasons
from devices.wg.body import Body
from devices.wg.decision import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN, PROFILE_FIRST, PROFILE_LAST, Profile
from devices.wg.frames import Reply
from devices.wg.passback import INTERLOCK_MODES, PASSBACK_MODES
from devices.wg.state import (
    DOORS,
    Codes,
    DoorSetting,
    Network,
    Rules,
    door_line,
    network_line,
    profile_line,
    rules_line,
    timetable_line,
)
from devices.wg.timetable import BUTTON_ON, FIRST_CARD_ONLY, TASKS_MAX, FirstCard, Task

_NO_PROFILE = Profile(None, None, (False,) * 7, ((time(), time()),) * 3, 0)
_UNSET = Network(IPv4Address(0), IPv4Address("255.255.255.0"), IPv4Address(0))


def _set_door(body: Body, request: frames.DoorFrame) -> Reply | None:
    if request.door not in DOORS or request.mode not in (NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED):
        return None
    body.remember(door_line(request.door, DoorSetting(request.mode, request.delay_s)))
    body.timetable.more_recent(request.door)
    if request.mode == NORMALLY_CLOSED:
        body.locks.lock(request.door)
    return _door_frame(body, request.door)


def _door(body: Body, request: frames.AskDoor) -> Reply | None:
    return _door_frame(body, request.door) if request.door in DOORS else None


def _door_frame(body: Body, door: int) -> Reply:
    return frames.DoorFrame(body.serial, door, body.set_mode(door), body.state.doors[door].delay_s)


def _set_profile(body: Body, request: frames.ProfileFrame) -> Reply:
    if not PROFILE_FIRST <= request.profile <= PROFILE_LAST or request.opens is None or request.closes is None:
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


def _clear_profiles(body: Body, request: frames.Sworn) -> Reply:
    if request.magic != frames.MAGIC:
        return frames.Ok(body.serial, False)
    body.remember({"op": "clear-profiles"})
    return frames.Ok(body.serial, True)


def _set_passback(body: Body, request: frames.ModeFrame) -> Reply:
    done = request.mode in PASSBACK_MODES
    if done:
        _told(body, passback=request.mode)
        body.passback.forget()
    return frames.Ok(body.serial, done)


def _passback(body: Body) -> Reply:
    return frames.ModeFrame(body.serial, body.state.rules.passback)


def _set_interlock(body: Body, request: frames.ModeFrame) -> Reply:
    done = request.mode in INTERLOCK_MODES
    if done:
        _told(body, interlock=request.mode)
    return frames.Ok(body.serial, done)


def _special_events(body: Body, request: frames.Switch) -> Reply:
    _told(body, special_events=request.on)
    return frames.Ok(body.serial, True)


def _set_keypads(body: Body, request: frames.KeypadsFrame) -> Reply:
    _told(body, keypads=request.readers)
    return frames.Ok(body.serial, True)


def _set_passcodes(body: Body, request: frames.PasscodesFrame) -> Reply:
    done = request.door in DOORS
    if done:
        codes: list[Codes] = list(body.state.rules.passcodes)
        codes[request.door - 1] = (request.code_1, request.code_2, request.code_3, request.code_4)
        _told(body, passcodes=tuple(codes))
    return frames.Ok(body.serial, done)


def _told(body: Body, **changes: Any) -> None:
    rules: Rules = replace(body.state.rules, **changes)
    if rules != body.state.rules:
        body.remember(rules_line(rules))


def _pc_control(body: Body, request: frames.PcControl) -> Reply:
    sworn = request.magic == frames.MAGIC
    if sworn:
        body.obey(on=request.on)
    return frames.Ok(body.serial, sworn)


def _clear_tasks(body: Body, request: frames.Sworn) -> Reply:
    if request.magic != frames.MAGIC:
        return frames.Ok(body.serial, False)
    if body.state.tasks:
        body.remember(timetable_line((), body.state.first_cards))
    body.waiting_tasks = []
    body.timetable.refresh((), body.local_time())
    return frames.Ok(body.serial, True)


def _add_task(body: Body, request: frames.TaskFrame) -> Reply:
    if (
        request.door not in DOORS
        or request.kind > BUTTON_ON
        or request.opens is None
        or request.closes is None
        or len(body.state.tasks) + len(body.waiting_tasks) >= TASKS_MAX
    ):
        return frames.Ok(body.serial, False)
    body.waiting_tasks.append(
        Task(
            request.kind, request.door, request.opens, request.closes, request.weekdays, request.start,
            request.more_cards,
        )
    )  # fmt: skip
    return frames.Ok(body.serial, True)


def _set_first_card(body: Body, request: frames.FirstCardFrame) -> Reply:
    done = request.door in DOORS and request.active < FIRST_CARD_ONLY and request.inactive <= FIRST_CARD_ONLY
    if done:
        body.waiting_first[request.door] = FirstCard(
            request.start, request.end, request.active, request.inactive, request.weekdays
        )
    return frames.Ok(body.serial, done)


def _refresh(body: Body, request: frames.Sworn) -> Reply:
    if request.magic != frames.MAGIC:
        return frames.Ok(body.serial, False)
    body.refresh()
    return frames.Ok(body.serial, True)


def _set_address(body: Body, request: frames.AddressFrame) -> None:
    """The panel only says that it moved: it goes on answering where it is served."""
    if request.magic == frames.MAGIC:
        body.remember(network_line(Network(request.address, request.netmask, request.gateway)))


def _restore(body: Body, request: frames.Sworn) -> Reply:
    if request.magic != frames.MAGIC:
        return frames.Ok(body.serial, False)
    body.remember(network_line(_UNSET) | {"op": "restore"})
    body.lose_power()
    body.happened(reasons.KIND_ALARM, granted=False, door=0, card=0, reason=reasons.RESET)
    return frames.Ok(body.serial, True)


RULE_ANSWERS: dict[int, Callable[[Body, Any], Reply | None]] = {
    frames.SET_DOOR: _set_door,
    frames.GET_DOOR: _door,
    frames.SET_PASSBACK: _set_passback,
    frames.GET_PASSBACK: lambda body, _: _passback(body),
    frames.SET_PROFILE: _set_profile,
    frames.GET_PROFILE: _profile,
    frames.CLEAR_PROFILES: _clear_profiles,
    frames.SET_PASSCODES: _set_passcodes,
    frames.SPECIAL_EVENTS: _special_events,
    frames.SET_ADDRESS: _set_address,
    frames.PC_CONTROL: _pc_control,
    frames.SET_INTERLOCK: _set_interlock,
    frames.SET_KEYPADS: _set_keypads,
    frames.CLEAR_TASKS: _clear_tasks,
    frames.ADD_TASK: _add_task,
    frames.SET_FIRST_CARD: _set_first_card,
    frames.REFRESH_TASKS: _refresh,
    frames.RESTORE: _restore,
}
