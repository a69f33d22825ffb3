"""What `foyer run` does at the emulated readers of serial lines: it has those that hold no key yet given theirs, as whoever
mounts readers would, and walks through one serial door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from provisioning.cli.door import SAID, UNDER_WAY, settled
from provisioning.cli.errand import Errand
from provisioning.cli.hub import Hub, at

REASON = "emulated readers begin without a key"
WITHIN_S = 30
TRIES_MAX = 10
"""A line that its gateway does not drive yet refuses; it does soon after the start."""
PAUSE_S = 0.5
SWIPES_MAX = 4
"""What is read within a second of a reader's return opens nothing, so that people swipe again just after a start."""


@dataclass(frozen=True, slots=True)
class _Reader:
    door: str
    way_out: bool


class Readers:
    """The emulated readers of the campus in force."""

    def __init__(self, errand: Errand, hub: Hub, stopped: Callable[[], bool]) -> None:
        from devices.campus import read

        self._screen = errand.screen
        self._hub = hub
        self._stopped = stopped
        self._targets = _lines(read(hub.get("/campus")["text"], "campus").value)

    def pair(self) -> None:
        """Have every reader that holds no key given one; says how many, and which had none in the end."""
        waiting = list(self._unpaired())
        failed: dict[_Reader, dict[str, Any]] = {}
        count = len(waiting)
        for _ in range(TRIES_MAX):
            made = {reader: self._order(reader) for reader in waiting}
            came = {reader: settled(self._hub, act) for reader, act in made.items()}
            failed = {reader: act for reader, act in came.items() if act["state"] != "done"}
            waiting = list(failed)
            if not waiting or self._stopped():
                break
            time.sleep(PAUSE_S)
        if count > len(failed):
            self._screen.say("{count} emulated readers were given keys of their own.", count=count - len(failed))
        for act in failed.values():
            if act["state"] not in UNDER_WAY and not self._stopped():
                self._screen.say(SAID["pair", act["state"]], door=act["door"], said=act["said"])

    def walk_through(self, card: int, door: str) -> None:
        """Hold a card to the reader of a serial door, and say what came of it."""
        from devices.clock import SystemClock

        target, number = next(
            (target, each["number"])
            for target in self._targets
            for each in target["settings"]["doors"]
            if each["id"] == door
        )
        clock = SystemClock()
        for _ in range(SWIPES_MAX):
            began = clock.monotonic()
            came = _act(target, "swipe", card=card, door=number)
            if came is not None and came["open"]:
                self._screen.say(
                    "Card {card} opened door {door} on serial line {line}: its gateway decided, {ms} ms after the swipe.",
                    card=card, door=door, line=target["settings"]["line"],
                    ms=round((clock.monotonic() - began) * 1000),
                )  # fmt: skip
                return
            time.sleep(PAUSE_S)
        self._screen.say(
            "Card {card} did not open door {door} on its serial line. See: foyer targets", card=card, door=door
        )

    def _unpaired(self) -> Iterator[_Reader]:
        for target in self._targets:
            looked = _act(target, "look") or {"readers": []}
            doors = {each["number"]: each["id"] for each in target["settings"]["doors"]}
            yield from (_Reader(doors[each["door"]], each["exit"]) for each in looked["readers"] if not each["paired"])

    def _order(self, reader: _Reader) -> dict[str, Any]:
        told = {"reason": REASON, "within_s": WITHIN_S, "way_out": reader.way_out}
        return self._hub.post(at("doors", reader.door, "pair"), None, told)


def _lines(campus: dict[str, Any]) -> list[dict[str, Any]]:
    """The emulated serial lines of a campus file that have a control port."""
    return [
        target
        for target in campus.get("targets", [])
        if target.get("kind") == "osdp" and (target.get("emulate") or {}).get("control")
    ]


def _act(target: dict[str, Any], what: str, **told: Any) -> dict[str, Any] | None:
    """What came of an act at an emulated line; None where it does not answer."""
    from devices.wg.control import act
    from devices.wire import WireError

    try:
        return asyncio.run(act(target["emulate"]["control"], what, **told))
    except WireError:
        return None
