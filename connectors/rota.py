"""When each of a far gateway's targets has work. That is asked many times a second, also where tens of thousands of tasks
wait; so it is remembered, and looked up only for the targets at which something changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from connectors import kept_work
from connectors.kept_file import KeptFile
from connectors.kept_work import Waiting
from devices.clock import Clock

REMEMBERED_S_MAX = 5.0
"""After so long all of it is looked up: whoever gave up waiting for a write to end has said nothing of it."""


class Rota:
    """What is on the file, as far as it says when there is work."""

    def __init__(self, file: KeptFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._known: dict[str, Waiting] = {}
        self._stale: set[str] = set()
        self._until = clock.monotonic()

    def changed(self, targets: Iterable[str]) -> None:
        """Something was written of these: said once that is on the file."""
        self._stale.update(targets)

    def due(self, now: float, busy: Collection[str], called: Collection[str], *, urgent_only: bool) -> list[Waiting]:
        """The targets with work that is due, urgent ones first, save those that are busy. Where there is something to do at
        most once they are `called`, which goes ahead of all else."""
        found: list[tuple[int, float, str, Waiting]] = []
        for one in self._waiting(now):
            if one.rests > now or one.id in busy:
                continue
            if one.id in called:
                found.append((0, now, one.id, one))
            elif one.urgent is not None and one.urgent <= now:
                found.append((1, max(one.urgent, one.rests), one.id, one))
            elif (due := one.due(urgent_only=urgent_only)) is not None and due <= now:
                found.append((2, due, one.id, one))
        return [one for *_, one in sorted(found)]

    def first_due(self, now: float, held: Collection[str]) -> float | None:
        """From when there is work at any target but these; None where there is none."""
        dues = (one.due(urgent_only=False) for one in self._waiting(now) if one.id not in held)
        return min((due for due in dues if due is not None), default=None)

    def _waiting(self, now: float) -> Collection[Waiting]:
        if not self._file.read(lambda tx: kept_work.all_may_go(tx, now)):
            # Which tasks may go now is another question for each; and a term that is renewed puts all of them back.
            self._until = self._clock.monotonic()
            return self._file.read(lambda tx: kept_work.waiting_restrained(tx, now))
        if (at := self._clock.monotonic()) >= self._until:
            self._known = {one.id: one for one in self._file.read(kept_work.waiting)}
            self._until = at + REMEMBERED_S_MAX
        elif self._stale:
            self._look_at(self._stale)
        self._stale.clear()
        return self._known.values()

    def _look_at(self, targets: Collection[str]) -> None:
        found = self._file.read(lambda tx: kept_work.waiting_of(tx, targets))
        for id_ in targets:
            if (one := found.get(id_)) is not None:
                self._known[id_] = one
            else:
                self._known.pop(id_, None)
