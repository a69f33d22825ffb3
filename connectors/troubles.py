"""Which readers of a line do not work, told once each time: at once where somebody may have had a hand in it, and else only
where it stays so, for a reader that falls silent is mostly back in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors import osdp_words as words
from devices.osdp.events import Trouble

STAYS_S = 10.0

_AT_ONCE = frozenset({Trouble.WRONG_KEY, Trouble.INSTALL_MODE, Trouble.FOREIGN})
_WORDS = {
    Trouble.SILENT: words.READER_SILENT,
    Trouble.WRONG_KEY: words.READER_KEY,
    Trouble.INSTALL_MODE: words.READER_OPEN,
    Trouble.FOREIGN: words.READER_OTHER,
    Trouble.GARBLED: words.READER_GARBLED,
    Trouble.INSECURE: words.READER_INSECURE,
    Trouble.REFUSED: words.READER_REFUSES,
}


@dataclass(slots=True)
class _Seen:
    trouble: Trouble
    since: float
    told: bool = False


class Troubles:
    """What is known of the readers of one line, by their addresses."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def told(self) -> Iterator[int]:
        """The readers whose trouble was told, and is not over."""
        return (address for address, seen in self._seen.items() if seen.told)

    def look(self, address: int, trouble: Trouble | None, now: float) -> Iterator[str]:
        """The words to tell now (monotonic) of a reader that is in this trouble, None: in none."""
        seen = self._seen.get(address)
        if trouble is None:
            if seen is not None and self._seen.pop(address).told:
                yield words.READER_BACK
            return
        if seen is None:
            seen = self._seen[address] = _Seen(trouble, now)
        elif seen.trouble is not trouble:
            seen.trouble, seen.told = trouble, False
        word = _WORDS.get(trouble)
        if word is not None and not seen.told and (trouble in _AT_ONCE or now >= seen.since + STAYS_S):
            seen.told = True
            yield word
