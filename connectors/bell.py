"""A bell at the edge: whoever keeps what a line reports rings it, and whoever hands that in comes at once."""

from __future__ import annotations

from collections.abc import Callable


class Bell:
    """Rung and heard on one loop. A ring that nobody hears costs only the wait until somebody looks by themselves."""

    def __init__(self) -> None:
        self._hearers: list[Callable[[str], None]] = []

    def hear(self, hearer: Callable[[str], None]) -> Callable[[], None]:
        """Have `hearer` called with each name that rings; what is returned ends that."""
        self._hearers.append(hearer)
        return lambda: self._hearers.remove(hearer)

    def ring(self, name: str) -> None:
        """There is more under this name."""
        for hearer in tuple(self._hearers):
            hearer(name)
