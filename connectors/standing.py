"""What stands on what, on one target: a card on the profiles that it names. What others stand on is taken away only after
a full reading, begun when no late copy could arrive any more of a message that named it, shows that nothing does."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import Connector
from connectors.desk import Found
from devices.clock import Clock


class Standing:
    """The knowledge of one target, from when this gateway began with it."""

    def __init__(self, connector: Connector, clock: Clock) -> None:
        self._connector = connector
        self._clock = clock
        self._began = clock.monotonic()
        self._read_at: float | None = None
        self._sent: dict[str, float] = {}
        self._named: dict[str, frozenset[str]] = {}
        self.asked = False
        """Whether something waits for a reading that would tell now."""

    def sent(self, key: str, body: str | None) -> None:
        """Note that this content left, or is about to."""
        needed = frozenset[str]() if body is None else self._connector.needs(body)
        for each in needed:
            self._sent[each] = self._clock.monotonic()
        if needed:
            self._named[key] = self._named.get(key, frozenset()) | needed

    def proved(self, key: str, body: str | None) -> None:
        """Note that this content was read back, and nothing else can arrive any more."""
        needed = frozenset[str]() if body is None else self._connector.needs(body)
        if needed:
            self._named[key] = needed
        else:
            self._named.pop(key, None)

    def read(self, found: Iterable[Found], began: float) -> None:
        """Take in a full reading that was begun at `began` (monotonic). What was sent since stands as it was noted."""
        named = {each.key: needed for each in found if (needed := self._connector.needs(each.body))}
        since = {
            key for key, needed in self._named.items() if any(self._sent.get(one, began) > began for one in needed)
        }
        self._named = named | {key: self._named[key] | named.get(key, frozenset()) for key in since}
        self._read_at = began
        self.asked = False

    def waits_s(self, key: str) -> float | None:
        """How long until what stands under this key may go: 0, it may; None: it is still named, or only a reading can tell,
        which is asked for."""
        if not self._connector.bears(key):
            return 0.0
        quiet = max(self._began, self._sent.get(key, self._began)) + self._connector.settle_s
        if (left := quiet - self._clock.monotonic()) > 0:
            return left
        if self._read_at is not None and self._read_at >= quiet and not self._is_named(key):
            return 0.0
        self.asked = True
        return None

    def _is_named(self, key: str) -> bool:
        return any(key in needed for needed in self._named.values())
