"""What happened, line by line: its digest tells whether two runs were the same, its end what went before a failure."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque

LINES_KEPT_MAX = 200


class Trace:
    """Every line goes into the digest; the last ones are kept."""

    def __init__(self) -> None:
        self.last: deque[str] = deque(maxlen=LINES_KEPT_MAX)
        self._hash = hashlib.sha256()

    def __call__(self, kind: str, *told: object) -> None:
        at = asyncio.get_running_loop().time()
        line = f"{at:14.6f} {kind:<10} {' '.join(map(str, told))}"
        self.last.append(line)
        self._hash.update(line.encode() + b"\n")

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
