"""What a scan of a seat's label shows, and what the story keeps of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from devices.clock import Clock
from provisioning.campus.file import Campus, Office
from provisioning.nouns.told import Actor, Told
from provisioning.space.asks import UnitKind
from provisioning.space.labels import Labels
from provisioning.store import people, units
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

QUIET_S = 60.0
"""A scanner in a loop must not flood the story: one event a seat in this time."""
SEATS_KEPT_MAX = 20_000
SCANNER = Actor("house:scan")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scan shows. `masked` is whose the seat is, as far as anybody may read it (张*); None where it is nobody's,
    or the person was erased. `no` is the staff number, for operators who may see it."""

    seat: str
    office: Office
    masked: str | None
    no: str | None
    held: bool


class Scans:
    """Answers scans."""

    def __init__(self, vault: Vault, story: Story, labels: Labels, clock: Clock) -> None:
        self._vault = vault
        self._story = story
        self._labels = labels
        self._clock = clock
        self._guard = threading.Lock()
        self._last: OrderedDict[str, float] = OrderedDict()

    def seen(self, tx: Tx, campus: Campus, seat: str, signature: str) -> Seen | None:
        """What the label shows; None where it is not ours, or the seat left the campus."""
        if not self._labels.genuine(seat, signature) or seat not in campus.seats:
            return None
        placed = units.placed(tx, UnitKind.SEAT, units=[seat])
        if not placed:
            return Seen(seat, campus.seats[seat], None, None, held=False)
        holder = people.persons(tx, [placed[0].allotment.person])[placed[0].allotment.person]
        private = self._vault.open(tx, holder.id, holder.sealed)
        return Seen(seat, campus.seats[seat], _masked(private and private.get("name")), holder.no, held=True)

    def worth_telling(self, seat: str) -> bool:
        """Whether this scan goes into the story: the first of a seat, and one a minute after that."""
        now = self._clock.monotonic()
        with self._guard:
            last = self._last.get(seat)
            if last is not None and now - last < QUIET_S:
                return False
            self._last[seat] = now
            self._last.move_to_end(seat)
            while len(self._last) > SEATS_KEPT_MAX:
                self._last.popitem(last=False)
            return True

    def tell(self, tx: Tx, seat: str, actor: Actor | None) -> None:
        """Put a scan into the story; `actor` is the operator who scanned, where one had entered."""
        self._story.tell(tx, Told("seat.scanned", (actor or SCANNER).name, data={"unit": seat}))


def _masked(name: object) -> str | None:
    """The first character of a name, and a star for all the rest."""
    text = name.strip() if isinstance(name, str) else ""
    return f"{text[0]}*" if text else None
