"""What the story says of tokens that were shown: once a while for each operator and place, so that a client that asks
each second, or one that guesses, cannot drown the rest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

LOGIN_TOLD_EVERY_S = 900.0
REFUSED_TOLD_EVERY_S = 60.0
REMEMBERED_MAX = 2_000


@dataclass(slots=True)
class _Said:
    at: datetime
    silent: int = 0


class Logins:
    """Remembers, in bounded memory, what was told lately. Thread-safe."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str | None, str], _Said] = OrderedDict()
        self._guard = threading.Lock()

    def to_tell(self, name: str | None, origin: str, now: datetime) -> int:
        """How many logins from this place are to be told now, the silent ones before included; 0 for none. `name` is
        None where the token was refused."""
        every = timedelta(seconds=REFUSED_TOLD_EVERY_S if name is None else LOGIN_TOLD_EVERY_S)
        with self._guard:
            said = self._said.get((name, origin))
            if said and now - said.at < every:
                said.silent += 1
                return 0
            self._said[name, origin] = _Said(now)
            self._said.move_to_end((name, origin))
            if len(self._said) > REMEMBERED_MAX:
                self._said.popitem(last=False)
        return 1 + (said.silent if said else 0)
