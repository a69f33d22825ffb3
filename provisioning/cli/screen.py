"""What a command prints: sentences, tables whose columns line up in both scripts, progress. Colour and moving bars only
where a person looks; a pipe gets plain lines."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any, TextIO

from provisioning.nouns.words import Language, listed, say

GAP = 2
STAMP = "%Y-%m-%d %H:%M:%S"
BAR_CELLS = 32
PIPE_STEP_PERCENT = 10
_TONES = {"good": "32", "warn": "33", "bad": "31", "dim": "2", "strong": "1"}


class Screen:
    """One reader: a language, whether it is a person at a terminal, and where words go."""

    def __init__(self, out: TextIO, err: TextIO, language: Language, environment: Mapping[str, str]) -> None:
        self.out = out
        self.err = err
        self.language: Language = language
        self.live = out.isatty() and environment.get("TERM") != "dumb"
        self._zone: tzinfo | None = None
        self._coloured = self.live and not environment.get("NO_COLOR")

    def words(self, template: str, **fields: object) -> str:
        """A sentence in the reader's language."""
        return say(template, self.language, fields)

    def say(self, template: str, **fields: object) -> None:
        """Print a sentence."""
        self.put(self.words(template, **fields))

    def put(self, text: str) -> None:
        """Print a line as it is, at once."""
        self.out.write(text + "\n")
        self.out.flush()

    def protest(self, text: str) -> None:
        """Print a line where errors go."""
        self.out.flush()
        # A refusal may repeat what a file from outside says; its lines are kept.
        self.err.write("\n".join(map(printable, text.split("\n"))) + "\n")
        self.err.flush()

    def json(self, value: Any) -> None:
        """Print the API's answer as it came."""
        self.put(json.dumps(value, ensure_ascii=False, indent=2))

    def tone(self, text: str, tone: str) -> str:
        """The text in a tone (good, warn, bad, dim, strong), where colour is wanted."""
        return f"\x1b[{_TONES[tone]}m{text}\x1b[0m" if self._coloured else text

    def table(
        self, headers: Sequence[str], rows: Sequence[Sequence[object]], tones: Mapping[str, str] | None = None
    ) -> None:
        """Print rows under headers (English templates); a cell found in `tones` is coloured."""
        titles = [say(header, self.language) for header in headers]
        cells = [[self.cell(value) for value in row] for row in rows]
        widths = [max(map(width, column)) for column in zip(titles, *cells, strict=True)]
        self.put(self.tone(_aligned(titles, widths), "dim"))
        for row, values in zip(cells, rows, strict=True):
            padded = [
                self.tone(_padded(text, size), (tones or {})[str(value)])
                if tones and str(value) in tones
                else _padded(text, size)
                for text, size, value in zip(row, widths, values, strict=True)
            ]
            self.put((" " * GAP).join(padded).rstrip())

    def cell(self, value: object) -> str:
        """One value as a reader writes it: nothing as a dash, words of the API in the reader's language."""
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return self.words("yes" if value else "no")
        return printable(say(value, self.language)) if isinstance(value, str) else str(value)

    def listed(self, values: Iterable[object]) -> str:
        """Several values in a line, parted as the reader's language does it."""
        return listed(map(self.cell, values), self.language)

    def aside(self, text: str) -> str:
        """What stands behind a word to explain it, in the brackets of the reader's language."""
        return f"（{text}）" if self.language == "zh" else f" ({text})"

    def when(self, stamp: str | None) -> str | None:
        """An instant of the API as this machine's wall clock shows it, to the second."""
        return None if stamp is None else datetime.fromisoformat(stamp).astimezone(self._zone).strftime(STAMP)

    def in_zone(self, name: str) -> None:
        """Show instants as the campus's clocks do; until its zone is known, as this machine's do."""
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        with suppress(ZoneInfoNotFoundError):
            self._zone = ZoneInfo(name)

    def progress(self, template: str, *, quiet: bool = False) -> Progress:
        """A bar that moves where a person looks; one line for every ten per cent in a pipe; nothing where `quiet`."""
        return Progress(self, self.words(template), quiet=quiet)


class Progress:
    """How far something is. Tell it `at(done, total)` as often as wanted; `end()` finishes the line."""

    def __init__(self, screen: Screen, label: str, *, quiet: bool) -> None:
        self._screen = screen
        self._quiet = quiet
        self._label = label
        self._shown: str | None = None
        self._step = -1

    def at(self, done: int, total: int, note: str = "") -> None:
        """Show `done` of `total`; a total of nothing shows no figure."""
        if self._quiet:
            return
        percent = 100 * done // total if total else 0
        if self._screen.live:
            cells = BAR_CELLS * percent // 100
            bar = self._screen.tone("█" * cells, "good") + self._screen.tone("░" * (BAR_CELLS - cells), "dim")
            self._draw(f"{self._label} {bar} {percent:3d} %  {done}/{total} {note}".rstrip())
        elif total and percent // PIPE_STEP_PERCENT > self._step:
            self._step = percent // PIPE_STEP_PERCENT
            self._screen.put(f"{self._label} {percent} % ({done}/{total}) {note}".rstrip())

    def end(self) -> None:
        """Leave the bar as it stands and go on below it."""
        if self._shown is not None:
            self._screen.put("")
            self._shown = None

    def _draw(self, text: str) -> None:
        if text != self._shown:
            self._screen.out.write(f"\r{text}\x1b[K")
            self._screen.out.flush()
            self._shown = text


def printable(text: str) -> str:
    """The text on one line and without characters that steer a terminal: a sheet from outside may hold some."""
    joined = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(char) in {"Cc", "Cf"} else char for char in joined)


def width(text: str) -> int:
    """How many columns a terminal gives to the text: a Chinese character takes two, a combining mark none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _padded(text: str, size: int) -> str:
    return text + " " * (size - width(text))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * GAP).join(_padded(cell, size) for cell, size in zip(cells, widths, strict=True)).rstrip()
