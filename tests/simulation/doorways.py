"""What doors are set to, under storm: a door that is proved locked opens to nobody, one that is released opens again, and no
card names hours that its panel does not have. Judged from the panels' own memory, beside the book."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from devices.wg import frames
from devices.wg.decision import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN
from devices.wg.emulator import WgEmulator
from devices.wg.served import ServedPanel
from devices.wg.state import DELAY_S, DOORS
from tests.simulation.book import Book
from tests.simulation.campus import Ground
from tests.simulation.network import Address

FORGETFUL_S = 120.0
"""A late copy may put a card onto a panel that has lost its memory since; it is found by the next look at who answers."""
ALWAYS = 1


class Doorways:
    """Looks at doors and hours."""

    def __init__(self, ground: Ground, panels: Mapping[str, ServedPanel]) -> None:
        self._ground = ground
        self._panels = panels
        self._addresses = {ground.address(name): name for name in panels}
        self._asked: Counter[str] = Counter()
        self._begun: dict[str, frozenset[str]] = dict.fromkeys(panels, frozenset())

    def opened(self, book: Book, target: str, door: int) -> str | None:
        """What is wrong with a door that has opened; None: nothing."""
        line = book.line(target, f"door:{door}")
        if line is None or line.dirty or line.wanted is None or not line.receipt:
            return None
        if json.loads(line.wanted)["mode"] != NORMALLY_CLOSED:
            return None
        return f"door {door} of {target} opened, which receipt {line.receipt} proves locked"

    def losing(self, book: Book) -> None:
        """The book is about to be lost: what was begun by it stays begun."""
        self._begun = {target: known | book.acts_begun(target) for target, known in self._begun.items()}

    def asked(self, book: Book, address: Address, data: bytes) -> str | None:
        """What is wrong with a request that leaves for a panel; None: nothing. One order opens a door once at most."""
        if data[1] != frames.OPEN_DOOR:
            return None
        target = self._addresses[address]
        self._asked[target] += 1
        begun = len(self._begun[target] | book.acts_begun(target))
        if self._asked[target] <= begun:
            return None
        return f"{target} is told for the {self._asked[target]}. time to open a door, by {begun} orders"

    def stands_open(self, book: Book, target: str, door: int) -> str | None:
        """What is wrong with a door that stands open to everybody; None: nothing."""
        line = book.line(target, f"door:{door}")
        if not book.read_since_restore(target):
            return None
        if line is not None and (line.dirty or (line.wanted and json.loads(line.wanted)["mode"] == NORMALLY_OPEN)):
            return None
        return f"door {door} of {target} stands open to everybody, and nothing says so: {line and line.wanted}"

    def groundless(self, target: str) -> str | None:
        """A card that names hours which its panel does not have, and is let in at all of them; None: there is none."""
        panel = self._panels[target].emulator
        for card in panel.cards():
            missing = [n for n in (card.doors if card else ()) if n > ALWAYS and not _has(panel, n)]
            if card is not None and missing:
                return f"card {card.number} on {target} names the hours {missing}, which the panel does not have"
        return None

    def unlike(self, book: Book) -> Iterator[str]:
        """Doors and hours that are not as wanted, or still as in a lockdown that is over."""
        ordered = book.anything_ordered()
        for target, panel in self._panels.items():
            for door in DOORS:
                line = book.line(target, f"door:{door}")
                told = None if line is None or line.wanted is None else json.loads(line.wanted)
                wanted = (CONTROLLED, DELAY_S) if told is None else (told["mode"], told["delay"])
                held = panel.emulator.state.doors[door]
                if held.mode != CONTROLLED and not ordered:
                    yield f"door {door} of {target} is {held}, though no zone is locked down or released any more"
                if (held.mode, held.delay_s) != wanted:
                    yield f"door {door} of {target} is {held}; the book says {line}"


def _has(panel: WgEmulator, number: int) -> bool:
    """Whether a profile is there, with all that it links to."""
    seen: set[int] = set()
    while number > ALWAYS and number not in seen:
        seen.add(number)
        profile = panel.state.profiles.get(number)
        if profile is None:
            return False
        number = profile.linked
    return True
