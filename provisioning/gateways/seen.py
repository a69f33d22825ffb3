"""Which calls gateways have made, so that none counts a second time: whoever hears one on its way can do nothing with it. In
memory alone, for as long as a token could still be believed; of what was before, its time tells."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from provisioning.nouns.refusals import Refusal

CALLS_MAX = 50_000
"""Of one gateway, within the time that its tokens can be believed: some 270 a second."""


class TooManyCalls(Refusal):
    """This gateway calls too often: more than {most} times within {seconds} s. It goes on by itself after a while. If this
    stays, see what else uses its data folder."""

    status = 429


class Seen:
    """Remembers calls by the ids of their tokens. Instants are Unix seconds; any thread may ask."""

    def __init__(self, most: int = CALLS_MAX) -> None:
        self._most = most
        self._until: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._lock = Lock()

    def first(self, gateway: str, id_: str, until: float, now: float) -> bool:
        """Whether a call of this gateway with this id is the first; it is remembered until `until`. Raises
        `TooManyCalls`."""
        with self._lock:
            seen = self._until[gateway]
            if id_ in seen:
                return False
            while seen and seen[oldest := next(iter(seen))] < now:
                del seen[oldest]
            if len(seen) >= self._most:
                raise TooManyCalls(most=self._most, seconds=round(until - now))
            seen[id_] = until
            return True
