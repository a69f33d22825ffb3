"""Anti-passback and interlock: which readers a card may not use twice, which doors may not stand open together.

Pure. Anti-passback: uhppoted/uhppote-simulator `entities/anti-passback.go`; who was let through where is lost with the
power and with every setting of the mode. Interlock: uhppoted/uhppote-core `types/interlock.go` (the text of uhppoted's
Python `set_interlock_request` says doors 2 and 3 for mode 2, against that).
"""

from __future__ import annotations

from collections.abc import Container

PASSBACK_MODES = (0, 1, 2, 3, 4)
INTERLOCK_MODES = (0, 1, 2, 3, 4, 8)
CARDS_REMEMBERED_MAX = 200_000
"""More cards than any panel holds; the one that passed longest ago is forgotten first."""

_SIDES: dict[int, tuple[tuple[frozenset[int], frozenset[int]], ...]] = {
    0: (),
    1: ((frozenset({1}), frozenset({2})), (frozenset({3}), frozenset({4}))),
    # Written (1,3):(2,4), but a reader is freed by its own partner alone.
    2: ((frozenset({1}), frozenset({3})), (frozenset({2}), frozenset({4}))),
    3: ((frozenset({1}), frozenset({2, 3})),),
    4: ((frozenset({1}), frozenset({2, 3, 4})),),
}
_LOCKED_TOGETHER: dict[int, tuple[frozenset[int], ...]] = {
    0: (),
    1: (frozenset({1, 2}),),
    2: (frozenset({3, 4}),),
    3: (frozenset({1, 2}), frozenset({3, 4})),
    4: (frozenset({1, 2, 3}),),
    8: (frozenset({1, 2, 3, 4}),),
}


class Passback:
    """Which readers are barred to which card, until it has gone back the other way."""

    def __init__(self) -> None:
        self._barred: dict[int, frozenset[int]] = {}

    def bars(self, number: int, door: int) -> bool:
        """Whether this card must first go back the other way."""
        return door in self._barred.get(number, frozenset())

    def passed(self, mode: int, number: int, door: int) -> None:
        """A card was let through a door."""
        barred = self._barred.pop(number, frozenset())
        for here, there in (*_SIDES[mode], *((there, here) for here, there in _SIDES[mode])):
            if door in here:
                barred = (barred | here) - there
        if barred:
            self._barred[number] = barred
            if len(self._barred) > CARDS_REMEMBERED_MAX:
                del self._barred[next(iter(self._barred))]

    def forget(self) -> None:
        """Let everyone begin afresh."""
        self._barred.clear()


def interlocked(mode: int, door: int, open_doors: Container[int]) -> bool:
    """Whether another door that must not stand open together with this one is open."""
    group = next((doors for doors in _LOCKED_TOGETHER[mode] if door in doors), frozenset[int]())
    return any(other in open_doors for other in group - {door})
