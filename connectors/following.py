"""One target's reports on their way to the hub: in order, each once, with nothing left out between them.

What comes by itself may come late, twice, ahead of others, or not at all. So a report counts at once only where it follows
on the newest; one that lies ahead waits for those between, and what does not fit asks for a look at the target's memory.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from connectors.contract import Anew, Connector, Gap, Heard, Mark, Reported
from connectors.desk import Passed

AHEAD_MAX = 1_024
"""Reports of one target that wait for those before them; what comes beyond is fetched."""
OUTBOX_MAX = 4_096
"""Reports of one target that wait for the hub; what comes beyond is fetched."""
RECENT_MAX = 64
"""Reports by which a late copy is known."""


class Came(Enum):
    """What became of something that was heard."""

    TAKEN = "taken"
    KNOWN = "known"
    AHEAD = "ahead"
    DOUBTED = "doubted"


class Following:
    """What is known of one target's reports. `mark` is the newest that is on its way or with the hub."""

    def __init__(self, target: str, connector: Connector, mark: Mark) -> None:
        self.target = target
        self.connector = connector
        self.mark = mark
        self.listen: str | None = None
        """Where it tells by itself; None: nowhere."""
        self.due: float | None = None
        self.evident = False
        """Whether it was heard that something is missing."""
        self.looked_at: float | None = None
        self.attempts = 0
        self.fetching = False
        self._ahead: dict[int, Heard] = {}
        self._recent: deque[Heard] = deque(maxlen=RECENT_MAX)
        self._after = mark
        self._outbox: list[Reported] = []
        self._sending = 0

    @property
    def waiting(self) -> int:
        """How many reports wait for the hub."""
        return len(self._outbox)

    @property
    def missing(self) -> int:
        """How many reports are missing before the first that waits for them; 0 where none waits."""
        return min(self._ahead) - self.mark.index - 1 if self._ahead else 0

    def hear(self, told: Heard) -> Came:
        """Take in what the target told of by itself."""
        ahead_by = told.index - self.mark.index
        if ahead_by == 1 and not self.fetching and len(self._outbox) < OUTBOX_MAX:
            self._add(told)
            if self._ahead:
                self.catch_up()
            return Came.TAKEN
        if ahead_by > 0:
            if len(self._ahead) < AHEAD_MAX:
                self._ahead[told.index] = told
            return Came.AHEAD
        before = next((one for one in self._recent if one.index == told.index), None)
        known = told == before if before is not None else Mark(told.index, told.at) == self.mark
        return Came.KNOWN if known else Came.DOUBTED

    def take(self, told: Reported) -> bool:
        """Take in what was read in the target's memory; False where it does not follow on what there is."""
        if isinstance(told, Heard):
            if told.index != self.mark.index + 1:
                return False
            self._add(told)
        elif isinstance(told, Gap):
            if told.first != self.mark.index + 1 or told.last < told.first:
                return False
            self._outbox.append(told)
            self.mark = Mark(told.last)
        else:
            self._outbox.append(told)
            self._recent.clear()
            self.mark = Mark()
        return True

    def catch_up(self) -> None:
        """Take in what waited and now follows on the newest."""
        while self._ahead and (told := self._ahead.pop(self.mark.index + 1, None)) is not None:
            self._add(told)
        if self._ahead:
            self._ahead = {index: told for index, told in self._ahead.items() if index > self.mark.index}

    def disbelieve(self) -> None:
        """What lies ahead is not in the target's memory: forget it."""
        self._ahead.clear()

    def batch(self, most: int) -> Passed | None:
        """Up to so many reports for the hub; None where there are none, or some are under way."""
        if self._sending or not self._outbox:
            return None
        some = tuple(self._outbox[:most])
        self._sending = len(some)
        return Passed(self.target, self._after, some)

    def delivered(self, mark: Mark) -> bool:
        """The hub has answered with the newest that it has; False where that is not what was sent, and all is read anew."""
        sent, self._sending = self._outbox[: self._sending], 0
        if mark != (_behind(sent[-1]) if sent else self._after):
            self.rewind(mark)
            return False
        del self._outbox[: len(sent)]
        self._after = mark
        return True

    def undelivered(self) -> None:
        """The hub has not answered: send it again."""
        self._sending = 0

    def rewind(self, mark: Mark) -> None:
        """Go on from another mark."""
        self.mark = self._after = mark
        self._outbox.clear()
        self._ahead.clear()
        self._recent.clear()
        self._sending = 0

    def _add(self, told: Heard) -> None:
        self._outbox.append(told)
        self._recent.append(told)
        self.mark = Mark(told.index, told.at)


def _behind(told: Reported) -> Mark:
    """The mark of whoever has taken this in."""
    if isinstance(told, Heard):
        return Mark(told.index, told.at)
    return Mark() if isinstance(told, Anew) else Mark(told.last)
