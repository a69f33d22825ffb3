"""What a backup has forgotten: whatever was proved gone before the database was lost must not come back by being remembered
no more. Judged from what stood in the lost database, beside whatever the restored one says."""

from __future__ import annotations

from tests.simulation.book import Book
from tests.simulation.campus import Ground

UNDER_WAY_S = 6.0
"""What was sent before the loss has arrived by then, or never will."""


class Restores:
    """Keeps what was taken away, over every loss of the database."""

    def __init__(self, ground: Ground) -> None:
        self.pending = False
        self._taken: list[tuple[str, int]] = []
        self._since_s = 0.0
        self._recovering = False
        # What stood in the restored book for each card that was gone before: only what was given since excuses it.
        self._gone: dict[tuple[str, int], frozenset[str]] = {}
        self._zones: dict[str, tuple[str, ...]] = {}
        for (target, _), zones in ground.zones.items():
            self._zones[target] = (*self._zones.get(target, ()), *zones)

    @property
    def any(self) -> bool:
        """Whether there is anything that must not come back."""
        return bool(self._gone)

    def losing(self, book: Book) -> None:
        """The book is about to be lost."""
        self._look(book)
        self._taken = book.gone_in_tail()
        self.pending = True

    def began(self, book: Book, at_s: float) -> None:
        """A house has opened on what was put back, at `at_s` of the true time."""
        self.pending = False
        self._since_s = at_s
        self._recovering = book.recovering()
        standing = book.rights()
        self._gone |= dict.fromkeys(self._taken, standing)

    def _look(self, book: Book) -> None:
        if self._recovering and not book.recovering():
            # Two people have looked at what differs, and want it so.
            self._gone.clear()
            self._recovering = False

    def wrongs(self, book: Book, target: str, number: int, at_s: float) -> str | None:
        """What is wrong with a card that a panel has just been given; None: nothing."""
        self._look(book)
        before = self._gone.get((target, number))
        if before is not None and not book.rights_of(number, self._zones[target]) - before:
            return f"card {number} was proved gone from {target} before a backup was put back, and is there again by it"
        if self._recovering and at_s > self._since_s + UNDER_WAY_S:
            return f"card {number} was put on {target} while nobody has accepted what a backup has forgotten"
        return None
