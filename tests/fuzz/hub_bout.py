"""Every verb of the hub's client against a panel that lies: only the errors of the wire come out, and nothing is believed
that a check could have seen through: another serial, another function, another card, door, profile or event."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from ipaddress import IPv4Address
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from devices.clock import SetClock
from devices.wg.backfill import Anew, Cursor, Gap, backfill
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.panel import CardEntry, DoorMode, FirstCard, Listener, Panel, PanelEvent, Task, TaskKind, TimeProfile
from devices.wire import DeviceError, WireError
from tests.fuzz.breach import Breach
from tests.fuzz.forge import CARDS, DOORS, FRAME_BYTES, Forger
from tests.fuzz.liar import Liar

SERIAL = 405419896
HOST = "127.79.2.1"
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2027, 3, 2, 2, 0, tzinfo=UTC)
TIMEOUT_S = 0.01
HONEST_TIMEOUT_S = 10.0
ARRIVAL_S = 0.001
FRESH_EVERY = 50
ARRIVAL_STEPS = 5
PATIENCE_S = 30.0
EVENTS_MAX = 40
ASKED_MAX = 1_000
"""No call may ask more of a panel that holds a handful of everything."""
FIRST_DAY, LAST_DAY = date(2027, 1, 1), date(2027, 12, 31)
WEEK = (True, True, True, True, True, False, False)

_UNJUDGED = ("backfill", "set_address")
"""Backfill asks anew what nobody answered, and judges by itself here."""

Judge = Callable[[Any, bytes], bool]


@dataclass(frozen=True, slots=True)
class Verb:
    """A call, and whether what it returned is what a reply says."""

    name: str
    call: Callable[[Panel], Awaitable[Any]]
    judge: Judge = lambda _, reply: reply[8] != 0


async def hub_bout(seed: str, rounds: int) -> Counter[str]:
    """So many lies, one call after another; what was counted. Raises `Breach`."""
    dice = Random(seed)
    emulator = WgEmulator(Identity(SERIAL, address=IPv4Address(HOST)), SetClock(START), SHANGHAI)
    liar = Liar(emulator, Forger(SERIAL, dice, bytes((127, 79))), dice)
    address = "{}:{}".format(*await liar.listen(HOST))
    counts: Counter[str] = Counter()
    panels, patient = (
        [
            Panel(SERIAL, address, timeout_s=timeout_s, tries_max=1, zone=SHANGHAI, transport=transport)
            for transport in ("udp", "udp", "udp", "tcp")
        ]
        for timeout_s in (TIMEOUT_S, HONEST_TIMEOUT_S)
    )
    with closing(liar), ExitStack() as stack:
        for panel in (*panels, *patient):
            stack.enter_context(closing(panel))
        while counts["lies"] < rounds:
            for _ in range(dice.randrange(3)):
                emulator.swipe(dice.choice(CARDS), dice.choice(DOORS))
            # What an earlier lie left at a socket may spoil the next answer, so an honest one comes to a socket of its own.
            liar.truthful = dice.random() < 0.1
            panel = dice.choice(patient if liar.truthful else panels)
            for _ in range(ARRIVAL_STEPS):
                await asyncio.sleep(0)  # a question whose answer lay there already may still be on its way
            liar.talk.begin()
            verb = _verb(dice)
            counts["calls"] += 1
            counts[verb.name] += 1
            counts[await _tried(verb, panel, liar)] += 1
            counts["lies"] += liar.talk.lies
            if liar.truthful or dice.random() < 0.5:
                panel.close()
            if counts["calls"] % FRESH_EVERY == 0:
                for each in panels:
                    each.close()
                liar.talk.said.clear()
    return counts


async def _tried(verb: Verb, panel: Panel, liar: Liar) -> str:
    talk = liar.talk
    try:
        async with asyncio.timeout(PATIENCE_S):
            result = await verb.call(panel)
    except DeviceError:
        return "refused"
    except WireError as error:
        if liar.truthful and not talk.silences:
            raise _breach(verb, liar, f"raised {error!r} for nothing") from error
        return "errors"
    except Exception as error:
        raise _breach(verb, liar, f"raised {error!r}") from error
    if len(talk.asked) > ASKED_MAX:
        raise _breach(verb, liar, f"asked {len(talk.asked)} times")
    if verb.name in _UNJUDGED:
        # An address is told, and answered by nobody: let it arrive before the next call.
        await asyncio.sleep(ARRIVAL_S)
        return "believed"
    for who, request in talk.asked:
        if not any(_answers(reply, request) for reply in talk.said[who]):
            raise _breach(verb, liar, f"believed what answers nothing that was asked ({request.hex()})")
    who, request = talk.asked[-1]
    if not any(verb.judge(result, reply) for reply in talk.said[who] if _answers(reply, request)):
        raise _breach(verb, liar, f"returned {result}, which nobody said")
    return "believed"


def _answers(reply: bytes, request: bytes) -> bool:
    whole = len(reply) == FRAME_BYTES and reply[0] == 0x17
    return whole and reply[1] == request[1] and reply[4:8] == SERIAL.to_bytes(4, "little")


def _breach(verb: Verb, liar: Liar, what: str) -> Breach:
    asked = [request for _, request in liar.talk.asked]
    said = [each for who in dict.fromkeys(who for who, _ in liar.talk.asked) for each in liar.talk.said[who]]
    return Breach(f"{verb.name} {what}", [*asked, *said])


def _verb(dice: Random) -> Verb:
    return dice.choice(_VERBS)(dice)


def _u32(reply: bytes, at: int) -> int:
    return int.from_bytes(reply[at : at + 4], "little")


def _is_card(found: CardEntry | None, reply: bytes, number: int | None) -> bool:
    told = _u32(reply, 8)
    if found is None:
        return told == 0 or (number is None and told == 0xFFFFFFFF)
    first = sum(1 << door for door in range(4) if reply[27] >> door & 1)
    same = (found.number, found.doors, found.pin) == (told, tuple(reply[20:24]), int.from_bytes(reply[24:27], "little"))
    return same and found.first_card == first and number in (None, told)


def _is_event(found: PanelEvent | None, reply: bytes, index: int) -> bool:
    if found is None or found.overwritten:
        return reply[12] == (0 if found is None else 0xFF)
    told = _u32(reply, 8), reply[12], reply[13] != 0, reply[14], _u32(reply, 16), reply[27]
    same = (found.index, found.kind, found.granted, found.door, found.card, found.reason) == told
    return same and (index in (0, 0xFFFFFFFF) or found.index == index)


def _is_clock(found: datetime, reply: bytes) -> bool:
    return found.astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S") == reply[8:15].hex()


def _is_profile(found: TimeProfile | None, reply: bytes, number: int) -> bool:
    if found is None:
        return reply[8] == 0
    week = tuple(day != 0 for day in reply[17:24])
    return (found.number, found.weekdays, found.linked) == (reply[8], week, reply[36]) and found.number == number


async def _cards(panel: Panel) -> list[int]:
    found = [entry.number async for entry in panel.cards()]
    if len(set(found)) != len(found):
        raise AssertionError(f"the same card came twice: {found}")
    return found


async def _backfill(panel: Panel, index: int) -> None:
    newest = index
    async for told in backfill(panel, Cursor(index), events_max=EVENTS_MAX):
        if isinstance(told, Anew):
            newest = 0
        elif isinstance(told, Gap):
            if told.first != newest + 1 or told.last < told.first:
                raise AssertionError(f"{told} came after {newest}")
            newest = told.last
        else:
            if told.index != newest + 1 or told.overwritten:
                raise AssertionError(f"{told} came after {newest}")
            newest = told.index


def _card_verb(dice: Random) -> Verb:
    number = dice.choice(CARDS)
    return Verb("card", lambda panel: panel.card(number), lambda found, reply: _is_card(found, reply, number))


def _slot_verb(dice: Random) -> Verb:
    index = dice.randrange(1, 10)
    return Verb("card_at", lambda panel: panel.card_at(index), lambda found, reply: _is_card(found, reply, None))


def _put_verb(dice: Random) -> Verb:
    entry = CardEntry(
        dice.choice(CARDS), FIRST_DAY, LAST_DAY, (1, 0, 2, 254), dice.choice((0, 7531)), dice.choice((0, 5))
    )
    return Verb("put", lambda panel: panel.put(entry))


def _delete_verb(dice: Random) -> Verb:
    number = dice.choice(CARDS)
    return Verb("delete", lambda panel: panel.delete(number))


def _door_verb(dice: Random) -> Verb:
    door = dice.choice(DOORS)

    def is_door(found: DoorMode, reply: bytes) -> bool:
        return (door, found.mode, found.delay_s) == tuple(reply[8:11])

    if dice.random() < 0.5:
        return Verb("door", lambda panel: panel.door(door), is_door)
    return Verb("set_door", lambda panel: panel.set_door(door, DoorMode(3, 7)), is_door)


def _open_verb(dice: Random) -> Verb:
    door = dice.choice(DOORS)
    return Verb("open_door", lambda panel: panel.open_door(door))


def _event_verb(dice: Random) -> Verb:
    index = dice.choice((0, 0xFFFFFFFF, 1, 2, 3, dice.randrange(1, 60)))
    return Verb("event", lambda panel: panel.event(index), lambda found, reply: _is_event(found, reply, index))


def _backfill_verb(dice: Random) -> Verb:
    index = dice.choice((0, 0, 1, 7, 90))
    return Verb("backfill", lambda panel: _backfill(panel, index))


def _profile_verb(dice: Random) -> Verb:
    number = dice.choice((2, 3, 4))
    if dice.random() < 0.5:
        return Verb(
            "profile", lambda panel: panel.profile(number), lambda found, reply: _is_profile(found, reply, number)
        )
    linked = dice.choice((0, 0, 2))
    profile = TimeProfile(number, FIRST_DAY, LAST_DAY, WEEK, ((time(8), time(12)),), 0 if number == 2 else linked)
    return Verb("set_profile", lambda panel: panel.set_profile(profile))


def _first_card_verb(dice: Random) -> Verb:
    first = FirstCard(time(8), time(18), 1, dice.choice((2, 3, 4)), WEEK)
    return Verb("set_first_card", lambda panel: panel.set_first_card(2, first))


def _tasks_verb(dice: Random) -> Verb:
    tasks = [
        Task(TaskKind(dice.randrange(13)), 1, FIRST_DAY, LAST_DAY, WEEK, time(9)) for _ in range(dice.randrange(3))
    ]
    return Verb("set_tasks", lambda panel: panel.set_tasks(tasks))


def _passback_verb(dice: Random) -> Verb:
    if dice.random() < 0.5:
        return Verb("anti_passback", lambda panel: panel.anti_passback(), lambda found, reply: found == reply[8])
    return Verb("set_anti_passback", lambda panel: panel.set_anti_passback(2))


def _listener_verb(dice: Random) -> Verb:
    listener = Listener(IPv4Address("127.79.9.9"), 60001, 0)
    if dice.random() < 0.5:
        return Verb("set_listener", lambda panel: panel.set_listener(listener))
    return Verb(
        "listener",
        lambda panel: panel.listener(),
        lambda found, reply: (
            (found.address.packed, found.port.to_bytes(2, "little"), found.interval_s)
            == (reply[8:12], reply[12:14], reply[14])
        ),
    )


def _plain(name: str, call: Callable[[Panel], Awaitable[Any]], judge: Judge | None = None) -> Callable[[Random], Verb]:
    verb = Verb(name, call) if judge is None else Verb(name, call, judge)
    return lambda _: verb


_VERBS: list[Callable[[Random], Verb]] = [
    _card_verb, _slot_verb, _put_verb, _delete_verb, _door_verb, _open_verb, _event_verb, _backfill_verb, _profile_verb,
    _first_card_verb, _tasks_verb, _passback_verb, _listener_verb,
    _plain("identity", lambda panel: panel.identity(), lambda found, _: found.serial == SERIAL),
    _plain("time", lambda panel: panel.time(), _is_clock),
    _plain("set_time", lambda panel: panel.set_time(START), _is_clock),
    _plain("count", lambda panel: panel.count(), lambda found, reply: found == _u32(reply, 8)),
    _plain("cards", _cards, lambda *_: True),
    _plain("status", lambda panel: panel.status(), lambda found, reply: (
        (found.event_index, found.relays, found.inputs) == (_u32(reply, 8), reply[49], reply[50])
    )),
    _plain("event_index", lambda panel: panel.event_index(), lambda found, reply: found == _u32(reply, 8)),
    _plain("set_event_index", lambda panel: panel.set_event_index(1), lambda found, reply: found == (reply[8] != 0)),
    _plain("clear_profiles", lambda panel: panel.clear_profiles()),
    _plain("set_interlock", lambda panel: panel.set_interlock(4)),
    _plain("set_keypads", lambda panel: panel.set_keypads((True, False, True, False))),
    _plain("set_passcodes", lambda panel: panel.set_passcodes(3, [12345, 999_999])),
    _plain("set_pc_control", lambda panel: panel.set_pc_control(on=False)),
    _plain("record_special_events", lambda panel: panel.record_special_events(on=True)),
    _plain("restore_defaults", lambda panel: panel.restore_defaults()),
    _plain("set_address", lambda panel: panel.set_address(IPv4Address("192.168.1.9"), IPv4Address("255.255.255.0"))),
]  # fmt: skip
