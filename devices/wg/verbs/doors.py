"""The doors of a panel: how each is driven, who may pass beside the cards, and the one act of opening.

Mode, delay and anti-passback can be read back. Interlock, keypads, passcodes, first card and PC control have no getter:
of these a yes means that the panel acknowledged it, once, and no more (uhppoted/uhppote-core `messages` has no request
that would ask). So whoever wants them to hold sends them again from time to time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from uhppoted.structs import DoorMode as Driven
from uhppoted.structs import FirstCard as Wire
from uhppoted.structs import Weekdays

from devices.wg.verbs.asking import Asking, Four, Week, check_minute, check_week, checked_door
from devices.wire import DeviceError, ProtocolError

NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED, FIRST_CARD_ONLY = 1, 2, 3, 4
DELAY_MAX_S = 255
INTERLOCKS = (0, 1, 2, 3, 4, 8)
"""None; doors 1 and 2; 2 and 3; 1 and 2 as well as 3 and 4; 1, 2 and 3; all four (uhppoted, `set_interlock`)."""
ANTI_PASSBACK_MAX = 4
"""0 none; 1 (1:2), (3:4); 2 (1,3):(2,4); 3 1:(2,3); 4 1:(2,3,4) (uhppoted, `set_antipassback`)."""
PASSCODES_MAX = 4
PASSCODE_MAX = 999_999
PC_CONTROL_S = 30
"""A panel under PC control that hears nothing from its host for so long decides by itself again."""


@dataclass(frozen=True, slots=True)
class DoorMode:
    """How a door is driven: 1 normally open, 2 normally closed, 3 controlled; and how long it stays unlocked."""

    mode: int
    delay_s: int


@dataclass(frozen=True, slots=True)
class FirstCard:
    """From `begins` to `ends`, on `weekdays`, a card with that door's first-card bit puts the door into mode `active`;
    otherwise it is in mode `inactive`, which may also be 4: only first cards pass. No weekday: never."""

    begins: time
    ends: time
    active: int
    inactive: int
    weekdays: Week


class DoorVerbs(Asking):
    """What a panel can be told and asked about its doors."""

    async def door(self, door: int) -> DoorMode:
        """How a door, 1 to 4, is driven."""
        told = await self._ask(self._client.get_door_control, checked_door(door))
        return self._mode_of(told, door)

    async def set_door(self, door: int, mode: DoorMode) -> DoorMode:
        """Drive a door like this; returns how it is driven now. Readable by `door`."""
        if mode.mode not in (NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED) or not 0 <= mode.delay_s <= DELAY_MAX_S:
            raise DeviceError(f"a panel's door has mode 1, 2 or 3 and a delay up to {DELAY_MAX_S} s, not {mode}")
        told = await self._ask(self._client.set_door_control, checked_door(door), mode.mode, mode.delay_s)
        return self._mode_of(told, door)

    async def open_door(self, door: int) -> None:
        """Unlock a door once, for its delay. An act: it is sent once, and never again by itself.

        Raises `Unreachable` where nothing was sent, so the door stays as it is; `DeviceError` where the panel says no;
        `MayHaveActed` where it was sent and no answer told: the door may have opened, or may yet, by a late datagram.
        """
        await self._act(f"open door {door}", self._client.open_door, checked_door(door))

    async def anti_passback(self) -> int:
        """Between which readers a card must go in turn: 0 to 4, see `ANTI_PASSBACK_MAX`."""
        return (await self._ask(self._client.get_antipassback)).antipassback

    async def set_anti_passback(self, mode: int) -> None:
        """Have cards go in turn. Readable by `anti_passback`."""
        if not 0 <= mode <= ANTI_PASSBACK_MAX:
            raise DeviceError(f"anti-passback has modes 0 to {ANTI_PASSBACK_MAX}, not {mode}")
        self._agreed(await self._ask(self._client.set_antipassback, mode), "set its anti-passback")

    async def set_interlock(self, mode: int) -> None:
        """Which doors are never open at one time: one of `INTERLOCKS`. Acknowledged only."""
        if mode not in INTERLOCKS:
            raise DeviceError(f"an interlock is one of {', '.join(map(str, INTERLOCKS))}, not {mode}")
        await self._acknowledged("set its interlock", self._client.set_interlock, mode)

    async def set_keypads(self, readers: Four) -> None:
        """Which readers, 1 to 4, take what is typed. Acknowledged only."""
        if len(readers) != 4:
            raise DeviceError(f"a panel has 4 readers, not {len(readers)}")
        await self._acknowledged("set its keypads", self._client.activate_keypads, *readers)

    async def set_passcodes(self, door: int, codes: Sequence[int]) -> None:
        """The codes, up to 4, that open a door without a card, over all restrictions; none: no code opens it.

        Acknowledged only. Above 999999 a panel has no code, and a client that is asked for one disables it in silence
        (uhppoted/uhppote-core `set_door_passcodes.go`), so it never leaves.
        """
        if len(codes) > PASSCODES_MAX or not all(1 <= code <= PASSCODE_MAX for code in codes):
            raise DeviceError(f"a door takes up to {PASSCODES_MAX} passcodes, each from 1 to {PASSCODE_MAX}")
        all_four = (*codes, *[0] * (PASSCODES_MAX - len(codes)))
        await self._acknowledged(
            f"set the passcodes of door {door}", self._client.set_door_passcodes, checked_door(door), *all_four
        )

    async def set_first_card(self, door: int, first: FirstCard) -> None:
        """Have a door wait for its first card. Acknowledged only.

        It counts from the next refresh of the task list on (uhppoted, `set_firstcard`), which is sent, too.
        """
        check_minute(first.begins)
        check_minute(first.ends)
        check_week(first.weekdays)
        if first.ends < first.begins:
            raise DeviceError(f"a panel's day has no span from {first.begins} to {first.ends}")
        if not NORMALLY_OPEN <= first.active <= CONTROLLED or not NORMALLY_OPEN <= first.inactive <= FIRST_CARD_ONLY:
            raise DeviceError(f"a first card has modes 1 to 3, and 1 to 4 else, not {first.active}, {first.inactive}")
        told = Wire(
            first.begins, first.ends, Driven(first.active), Driven(first.inactive), Weekdays(*first.weekdays)
        )  # fmt: skip
        await self._acknowledged(
            f"set the first card of door {door}", self._client.set_firstcard, checked_door(door), told
        )
        await self._acknowledged("refresh its tasks", self._client.refresh_tasklist)

    async def set_pc_control(self, *, on: bool) -> None:
        """Have the panel leave decisions to its host, which must be heard within every `PC_CONTROL_S`. Acknowledged
        only; and it ends by itself."""
        await self._acknowledged("set PC control", self._client.set_pc_control, on)

    def _mode_of(self, told: Any, door: int) -> DoorMode:
        if told.door != door:
            raise ProtocolError(f"{self} was asked about door {door} and told of door {told.door}")
        return DoorMode(told.mode, told.delay)
