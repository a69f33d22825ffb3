"""The messages of a WG panel, seen from the panel: requests are read, replies and events are written.

A message declares where each of its fields lies; nothing here knows a socket, a clock or a state. Only `ProtocolError`
leaves this file. Layout: uhppoted/uhppote-core `messages`; the golden packets of uhppoted/uhppoted-lib-python hold it
to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from ipaddress import IPv4Address
from typing import Annotated, Any, get_args

from devices.wg.layout import (
    ADDRESS,
    BOOL,
    CLOCK_TIME,
    DATE,
    FLAGS4,
    FLAGS7,
    FOUR,
    FRAME_BYTES,
    HHMM,
    INSTANT,
    MAC,
    PIN,
    SHORT_DATE,
    U8,
    U16,
    U32,
    VERSION,
    Layout,
)  # fmt: skip
from devices.wire import ProtocolError

START = 0x17
START_V6_62 = 0x19
MAGIC = 0x55AAAA55
NO_CARD = 0
DELETED_CARD = 0xFFFFFFFF
FIRST_EVENT = 0
LAST_EVENT = 0xFFFFFFFF
EVENT_NONE = 0x00
EVENT_OVERWRITTEN = 0xFF

Flags4 = tuple[bool, bool, bool, bool]
Bytes4 = tuple[int, int, int, int]
Serial = Annotated[int, U32, 4]
Number8 = Annotated[int, U32, 8]
Door8 = Annotated[int, U8, 8]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that says nothing but its function: status, time, listener, controller, counts."""

    serial: Serial


@dataclass(frozen=True, slots=True)
class AskNumber:
    """A request about one number at 8: a card, a slot of the card list, an event."""

    serial: Serial
    number: Number8


@dataclass(frozen=True, slots=True)
class AskDoor:
    """A request about one door, or one time profile, at 8."""

    serial: Serial
    door: Door8


@dataclass(frozen=True, slots=True)
class SetTime:
    """30, and the reply to 30 and 32: the panel's own local time."""

    serial: Serial
    at: Annotated[datetime | None, INSTANT, 8]


@dataclass(frozen=True, slots=True)
class CardFrame:
    """50, and the replies to 5A and 5C. Number 0: none; 0xFFFFFFFF: deleted. Both dates inclusive."""

    serial: Serial
    number: Number8
    opens: Annotated[date | None, DATE, 12]
    closes: Annotated[date | None, DATE, 16]
    doors: Annotated[Bytes4, FOUR, 20]
    pin: Annotated[int, PIN, 24]
    first_card: Annotated[int, U8, 27]


@dataclass(frozen=True, slots=True)
class Sworn:
    """54, 8A, A6, AC, C8: delete all cards, clear profiles, clear and refresh tasks, restore defaults. Without the magic
    word it must not be done."""

    serial: Serial
    magic: Number8


@dataclass(frozen=True, slots=True)
class DoorFrame:
    """80, and the replies to 80 and 82. Mode 1 normally open, 2 normally closed, 3 controlled; delay in seconds."""

    serial: Serial
    door: Door8
    mode: Annotated[int, U8, 9]
    delay_s: Annotated[int, U8, 10]


@dataclass(frozen=True, slots=True)
class ProfileFrame:
    """88, and the reply to 98: dates inclusive, Monday first, three spans of time, the id of a linked profile."""

    serial: Serial
    profile: Door8
    opens: Annotated[date | None, DATE, 9]
    closes: Annotated[date | None, DATE, 13]
    weekdays: Annotated[tuple[bool, ...], FLAGS7, 17]
    start_1: Annotated[time, HHMM, 24]
    end_1: Annotated[time, HHMM, 26]
    start_2: Annotated[time, HHMM, 28]
    end_2: Annotated[time, HHMM, 30]
    start_3: Annotated[time, HHMM, 32]
    end_3: Annotated[time, HHMM, 34]
    linked: Annotated[int, U8, 36]


@dataclass(frozen=True, slots=True)
class ListenerFrame:
    """90, and the reply to 92: where events go, and how often the status is sent there unasked (0: never)."""

    serial: Serial
    address: Annotated[IPv4Address, ADDRESS, 8]
    port: Annotated[int, U16, 12]
    interval_s: Annotated[int, U8, 14]


@dataclass(frozen=True, slots=True)
class SetEventIndex:
    """B2, with the magic word at 12."""

    serial: Serial
    index: Number8
    magic: Annotated[int, U32, 12]


@dataclass(frozen=True, slots=True)
class ModeFrame:
    """84 and A2, and the reply to 86: how anti-passback, or the interlock, is set."""

    serial: Serial
    mode: Door8


@dataclass(frozen=True, slots=True)
class Switch:
    """8E: whether door and button events are recorded."""

    serial: Serial
    on: Annotated[bool, BOOL, 8]


@dataclass(frozen=True, slots=True)
class PasscodesFrame:
    """8C: four codes that open a door by themselves; 0 is none."""

    serial: Serial
    door: Door8
    code_1: Annotated[int, U32, 12]
    code_2: Annotated[int, U32, 16]
    code_3: Annotated[int, U32, 20]
    code_4: Annotated[int, U32, 24]


@dataclass(frozen=True, slots=True)
class AddressFrame:
    """96: the panel's own address; the magic word is at 20, and there is no reply."""

    serial: Serial
    address: Annotated[IPv4Address, ADDRESS, 8]
    netmask: Annotated[IPv4Address, ADDRESS, 12]
    gateway: Annotated[IPv4Address, ADDRESS, 16]
    magic: Annotated[int, U32, 20]


@dataclass(frozen=True, slots=True)
class PcControl:
    """A0: whether a host decides at every swipe."""

    serial: Serial
    magic: Number8
    on: Annotated[bool, BOOL, 12]


@dataclass(frozen=True, slots=True)
class KeypadsFrame:
    """A4: which readers ask for a PIN."""

    serial: Serial
    readers: Annotated[Flags4, FLAGS4, 8]


@dataclass(frozen=True, slots=True)
class TaskFrame:
    """A8: dates inclusive, Monday first, the minute at which it runs; kinds 0 to 12."""

    serial: Serial
    opens: Annotated[date | None, DATE, 8]
    closes: Annotated[date | None, DATE, 12]
    weekdays: Annotated[tuple[bool, ...], FLAGS7, 16]
    start: Annotated[time, HHMM, 23]
    door: Annotated[int, U8, 25]
    kind: Annotated[int, U8, 26]
    more_cards: Annotated[int, U8, 27]


@dataclass(frozen=True, slots=True)
class FirstCardFrame:
    """AA: from when to when a first card changes the mode of a door, to what, and what the mode is otherwise."""

    serial: Serial
    door: Door8
    start: Annotated[time, HHMM, 9]
    active: Annotated[int, U8, 11]
    end: Annotated[time, HHMM, 12]
    inactive: Annotated[int, U8, 14]
    weekdays: Annotated[tuple[bool, ...], FLAGS7, 15]


@dataclass(frozen=True, slots=True)
class Ok:
    """The reply to most writes: byte 8 says whether it was done."""

    serial: Serial
    ok: Annotated[bool, BOOL, 8]


@dataclass(frozen=True, slots=True)
class NumberFrame:
    """The replies to 58 (how many cards) and B4 (event index)."""

    serial: Serial
    number: Number8


@dataclass(frozen=True, slots=True)
class ControllerFrame:
    """The reply to 94."""

    serial: Serial
    address: Annotated[IPv4Address, ADDRESS, 8]
    netmask: Annotated[IPv4Address, ADDRESS, 12]
    gateway: Annotated[IPv4Address, ADDRESS, 16]
    mac: Annotated[bytes, MAC, 20]
    version: Annotated[tuple[int, int], VERSION, 26]
    built: Annotated[date | None, DATE, 28]


@dataclass(frozen=True, slots=True)
class EventFrame:
    """The reply to B0. Type 0: none, 0xFF: overwritten."""

    serial: Serial
    index: Number8
    kind: Annotated[int, U8, 12]
    granted: Annotated[bool, BOOL, 13]
    door: Annotated[int, U8, 14]
    direction: Annotated[int, U8, 15]
    card: Annotated[int, U32, 16]
    at: Annotated[datetime | None, INSTANT, 20]
    reason: Annotated[int, U8, 27]


@dataclass(frozen=True, slots=True)
class StatusFrame:
    """The reply to 20, and the datagram that carries an event: the last event, then the state of the panel."""

    serial: Serial
    index: Number8
    kind: Annotated[int, U8, 12]
    granted: Annotated[bool, BOOL, 13]
    door: Annotated[int, U8, 14]
    direction: Annotated[int, U8, 15]
    card: Annotated[int, U32, 16]
    at: Annotated[datetime | None, INSTANT, 20]
    reason: Annotated[int, U8, 27]
    doors_open: Annotated[Flags4, FLAGS4, 28]
    buttons: Annotated[Flags4, FLAGS4, 32]
    error: Annotated[int, U8, 36]
    system_time: Annotated[time, CLOCK_TIME, 37]
    sequence: Annotated[int, U32, 40]
    info: Annotated[int, U8, 48]
    relays: Annotated[int, U8, 49]
    inputs: Annotated[int, U8, 50]
    system_date: Annotated[date, SHORT_DATE, 51]


Request = (
    Ask | AskNumber | AskDoor | SetTime | CardFrame | Sworn | DoorFrame | ProfileFrame | ListenerFrame | SetEventIndex
    | ModeFrame | Switch | PasscodesFrame | AddressFrame | PcControl | KeypadsFrame | TaskFrame | FirstCardFrame
)  # fmt: skip
Reply = (
    Ok
    | NumberFrame
    | SetTime
    | CardFrame
    | DoorFrame
    | ModeFrame
    | ProfileFrame
    | ListenerFrame
    | ControllerFrame
    | EventFrame
    | StatusFrame
)

STATUS, SET_TIME, GET_TIME, OPEN_DOOR = 0x20, 0x30, 0x32, 0x40
PUT_CARD, DELETE_CARD, DELETE_ALL, COUNT, GET_CARD, CARD_AT = 0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C
SET_DOOR, GET_DOOR, SET_PROFILE, GET_PROFILE = 0x80, 0x82, 0x88, 0x98
SET_PASSBACK, GET_PASSBACK, CLEAR_PROFILES, SET_PASSCODES, SPECIAL_EVENTS = 0x84, 0x86, 0x8A, 0x8C, 0x8E
SET_LISTENER, GET_LISTENER, CONTROLLER, SET_ADDRESS = 0x90, 0x92, 0x94, 0x96
PC_CONTROL, SET_INTERLOCK, SET_KEYPADS, SET_FIRST_CARD = 0xA0, 0xA2, 0xA4, 0xAA
CLEAR_TASKS, ADD_TASK, REFRESH_TASKS, RESTORE = 0xA6, 0xA8, 0xAC, 0xC8
GET_EVENT, SET_EVENT_INDEX, GET_EVENT_INDEX = 0xB0, 0xB2, 0xB4

_REQUESTS: dict[int, type[Request]] = {
    STATUS: Ask, SET_TIME: SetTime, GET_TIME: Ask, OPEN_DOOR: AskDoor,
    PUT_CARD: CardFrame, DELETE_CARD: AskNumber, DELETE_ALL: Sworn, COUNT: Ask, GET_CARD: AskNumber, CARD_AT: AskNumber,
    SET_DOOR: DoorFrame, GET_DOOR: AskDoor, SET_PROFILE: ProfileFrame, GET_PROFILE: AskDoor,
    SET_PASSBACK: ModeFrame, GET_PASSBACK: Ask, CLEAR_PROFILES: Sworn, SET_PASSCODES: PasscodesFrame,
    SPECIAL_EVENTS: Switch, SET_LISTENER: ListenerFrame, GET_LISTENER: Ask, CONTROLLER: Ask, SET_ADDRESS: AddressFrame,
    PC_CONTROL: PcControl, SET_INTERLOCK: ModeFrame, SET_KEYPADS: KeypadsFrame, SET_FIRST_CARD: FirstCardFrame,
    CLEAR_TASKS: Sworn, ADD_TASK: TaskFrame, REFRESH_TASKS: Sworn, RESTORE: Sworn,
    GET_EVENT: AskNumber, SET_EVENT_INDEX: SetEventIndex, GET_EVENT_INDEX: Ask,
}  # fmt: skip
_LAYOUTS: dict[type, Layout[Any]] = {message: Layout(message) for message in {*get_args(Request), *get_args(Reply)}}
_READERS = {function: _LAYOUTS[message].read for function, message in _REQUESTS.items()}


def read_request(frame: bytes) -> tuple[int, Request]:
    """Function code and message of a frame that came to a panel.

    Raises `ProtocolError`: not 64 bytes, not begun with 0x17, a function this panel has not, or a value that is none.
    """
    if len(frame) != FRAME_BYTES:
        raise ProtocolError(f"a frame has {FRAME_BYTES} bytes, not {len(frame)}")
    if frame[0] != START:
        raise ProtocolError(f"a request begins with {START:02x}, not {frame[0]:02x}")
    reader = _READERS.get(frame[1])
    if reader is None:
        raise ProtocolError(f"function {frame[1]:02x} is not known here")
    return frame[1], reader(frame)


def write_reply(function: int, reply: Reply) -> bytes:
    """The frame that answers a request of this function. Raises `ProtocolError` where a value does not fit."""
    return _LAYOUTS[type(reply)].write(reply, function, START)


def write_event(status: StatusFrame, *, v6_62: bool = False) -> bytes:
    """The datagram that tells a listener of an event; firmware 6.62 begins it with 0x19."""
    return _LAYOUTS[StatusFrame].write(status, STATUS, START_V6_62 if v6_62 else START)
