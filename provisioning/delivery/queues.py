"""Sees a queue that grows: work that waits too long at one target, work that nobody fetches, and more of it all the time.
Each is one alarm while it lasts, and is settled when it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.contract import Json
from provisioning.alarms.alarms import Alarms
from provisioning.nouns.told import Actor
from provisioning.store import queues as rows
from provisioning.store.engine import Tx

LATE_S = 600
"""Work that a target in reach has owed for so long is late: a panel takes thousands of records in that time."""
UNCLAIMED_S = 120
GROWING_S = 600
GROWING_MIN = 2_000
"""Fewer records than these are no queue: a gateway works them off within a minute."""
SAMPLES_MAX = 1_000
HOUSE = Actor("house:queues")

_Wrong = tuple[str, str | None]
"""The kind of alarm, and the target."""

LATE = (
    "{target} answers, but work for it has been waiting for more than {minutes} minutes. It may be slow, or be given more "
    "than it can take; see: foyer targets show {target}"
)
UNCLAIMED = (
    "Work for targets has been waiting for more than {minutes} minutes without any gateway fetching it. Look whether the "
    "gateway runs, and into its log."
)
GROWING = (
    "The work that waits for targets has been growing for {minutes} minutes. Look which targets are slow: foyer targets"
)


class Queues:
    """Measures by the indexes of what is due: work that is done, or that waits for its own hour, costs nothing."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._sizes: deque[tuple[datetime, int]] = deque(maxlen=SAMPLES_MAX)
        self._lasting: set[_Wrong] = set()

    def needed(self, tx: Tx) -> bool:
        """Whether an alarm is to be raised, or one that stands is over."""
        new, over = self._changes(tx)
        return bool(new or over)

    def act(self, tx: Tx) -> None:
        """Raise what is new, and settle what is over."""
        new, over = self._changes(tx)
        for kind, target in sorted(new, key=str):
            self._alarms.raise_alarm(tx, kind, _SAYS[kind], _fields(kind, target), target=target)
        for kind, target in sorted(over, key=str):
            self._alarms.settle(tx, kind, _fields(kind, target), HOUSE, target=target)

    def _changes(self, tx: Tx) -> tuple[set[_Wrong], set[_Wrong]]:
        """What is to be raised, and what is to be settled."""
        seen, standing = self._seen(tx), rows.standing(tx, _KINDS)
        # What stood once and still lasts was acknowledged by somebody: it is not said again.
        self._lasting = (self._lasting | standing) & seen
        return seen - self._lasting, standing - seen

    def _seen(self, tx: Tx) -> set[_Wrong]:
        late = rows.late_targets(tx, tx.now - timedelta(seconds=LATE_S))
        wrong: set[_Wrong] = {("queue.late", target) for target in late}
        if rows.unclaimed(tx, tx.now - timedelta(seconds=UNCLAIMED_S)):
            wrong.add(("queue.unclaimed", None))
        if self._grows(tx):
            wrong.add(("queue.growing", None))
        return wrong

    def _grows(self, tx: Tx) -> bool:
        """Whether more is due now than a while ago, and was all that while too much to be a usual day's work."""
        start = tx.now - timedelta(seconds=GROWING_S)
        if not self._sizes or self._sizes[-1][0] < tx.now:
            self._sizes.append((tx.now, rows.due_count(tx)))
        while len(self._sizes) > 1 and self._sizes[1][0] <= start:
            self._sizes.popleft()
        since, before = self._sizes[0]
        return since <= start and self._sizes[-1][1] > before and all(size >= GROWING_MIN for _, size in self._sizes)


_SAYS: Mapping[str, str] = {"queue.late": LATE, "queue.unclaimed": UNCLAIMED, "queue.growing": GROWING}
_KINDS = tuple(_SAYS)
_MINUTES: Mapping[str, int] = {
    "queue.late": LATE_S // 60,
    "queue.unclaimed": UNCLAIMED_S // 60,
    "queue.growing": GROWING_S // 60,
}


def _fields(kind: str, target: str | None) -> dict[str, Json]:
    minutes: dict[str, Json] = {"minutes": _MINUTES[kind]}
    return minutes if target is None else minutes | {"target": target}
