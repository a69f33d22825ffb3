"""From an .xlsx workbook to pages, in one pass over its XML (ECMA-376). Nothing is built but the cells themselves, every
size is bounded before it is paid for, and a document type, the door to every XML bomb, is refused."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from xml.parsers import expat

from provisioning.intake.pages import (
    CELL_CHARS_MAX,
    COLUMNS_MAX,
    EPOCH_1900,
    EPOCH_1904,
    LINES_MAX,
    MEMBERS_MAX,
    MERGED_LINES_MAX,
    ROWS_MAX,
    TAGS_MAX,
    TOKEN_BYTES_MAX,
    UNZIPPED_BYTES_MAX,
    Cell,
    Merge,
    Page,
    SheetBomb,
    SheetMissing,
    SheetRows,
    SheetUnreadable,
    blank,
    trimmed,
)
from provisioning.nouns.refusals import Refusal

_CHUNK_BYTES = 64 * 1024
_DAYS_MAX = 2_957_003  # in both of Excel's calendars before the year 10000
_DIGITS_MAX = 32
_TRUE = frozenset({"1", "true", "on"})
# ECMA-376 18.8.30: those that show a date in every language, then those that do so in Chinese, Japanese and Korean.
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# In a format: what is quoted, escaped, padding, or a colour, condition or locale is not part of its pattern.
_ASIDE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_REF = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_KNOWN_AS_SHEET = "/worksheet"

Attributes = Mapping[str, str]


def read_workbook(data: bytes, name: str, wanted: frozenset[str]) -> tuple[list[Page], list[str]]:
    """The pages that Excel shows, and the titles of those that it hides; or, where titles are `wanted`, just their pages.
    Raises `SheetBomb`, `SheetMissing`, `SheetRows`, `SheetUnreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            book = _Book(archive, name)
            titles = [title for title, _, _ in book.sheets]
            if missing := sorted(wanted - {*titles}):
                raise SheetMissing(name=name, sheet="、".join(missing), titles="、".join(titles))
            if wanted:
                return [book.page(title, part) for title, part, _ in book.sheets if title in wanted], []
            pages = [book.page(title, part) for title, part, hidden in book.sheets if not hidden]
            return pages, [title for title, _, hidden in book.sheets if hidden]
    except Refusal:
        raise
    except Exception as error:
        # A damaged archive makes zipfile, zlib and expat raise anything at all.
        raise SheetUnreadable(name=name) from error


class _Book:
    """An archive whose parts are read under one bound; `sheets` are titles, parts, and whether Excel hides them."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name, self._tags, self._read = archive, name, 0, 0
        members = archive.infolist()
        # The reader stops at the size that the directory states, so the sum holds even where it lies.
        if len(members) > MEMBERS_MAX or sum(member.file_size for member in members) > UNZIPPED_BYTES_MAX:
            raise SheetBomb(name=name)
        self._members = {member.filename.replace("\\", "/").lower(): member for member in members}
        (book,) = [part for kind, part in self._related("").values() if kind.endswith("/officeDocument")][:1]
        related = self._related(book)
        self.sheets: list[tuple[str, str, bool]] = []
        self._epoch = EPOCH_1900
        for tag, said in self._tags_of(book):
            if tag == "workbookPr" and said.get("date1904") in _TRUE:
                self._epoch = EPOCH_1904
            elif tag == "sheet":
                at = next(value for key, value in said.items() if key.endswith(":id"))
                kind, part = related[at]
                if kind.endswith(_KNOWN_AS_SHEET):
                    self.sheets.append((said["name"], part, said.get("state", "visible") != "visible"))
        self._dates = self._date_styles(_part_of(related, "/styles"))
        self._texts = self._shared(_part_of(related, "/sharedStrings"))

    def page(self, title: str, part: str) -> Page:
        """One sheet, read whole."""
        reader = _Reader(self._name, self._texts, self._dates, self._epoch)
        self._parse(part, reader.start, reader.end, reader.listen)
        hidden, columns = frozenset(reader.hidden), frozenset(reader.hidden_columns)
        return Page(title, reader.rows, hidden, columns, tuple(reader.merges), self._epoch)

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part points at, by the id that it uses: kind and part."""
        folder, own = posixpath.split(part)
        return {
            said["Id"]: (said["Type"], posixpath.normpath(posixpath.join("/", folder, said["Target"]))[1:])
            for tag, said in self._tags_of(f"{folder}/_rels/{own}.rels".lstrip("/"))
            if tag == "Relationship" and said.get("TargetMode") != "External"
        }

    def _date_styles(self, part: str | None) -> Sequence[bool]:
        """For each style of cells, whether it shows a date."""
        if part is None:
            return ()
        own: dict[str, bool] = {}
        found: list[bool] = []
        inside = False
        for tag, said in self._tags_of(part):
            if tag == "numFmt":
                own[said["numFmtId"]] = _shows_date(said["formatCode"])
            elif tag in ("cellXfs", "cellStyles", "dxfs"):
                inside = tag == "cellXfs"
            elif tag == "xf" and inside:
                number = said.get("numFmtId", "0")
                found.append(own.get(number, int(number) in _DATE_FORMATS))
        return found

    def _shared(self, part: str | None) -> Sequence[str]:
        """The texts that cells name by their number."""
        if part is None:
            return ()
        reader = _Texts()
        self._parse(part, reader.start, reader.end, reader.listen)
        return reader.texts

    def _tags_of(self, part: str) -> list[tuple[str, Attributes]]:
        """Every opening tag of a small part, in order."""
        found: list[tuple[str, Attributes]] = []
        self._parse(part, lambda tag, said: found.append((_local(tag), said)), lambda _: None, lambda _: None)
        return found

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], object],
        end: Callable[[str], object],
        listen: Callable[[expat.XMLParserType], object],
    ) -> None:
        """Feed a part to handlers; `listen` is handed the parser, to switch text on and off."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.StartDoctypeDeclHandler = self._refuse
        listen(parser)
        fed = 0
        with self._archive.open(self._members[part.lower()]) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                fed += len(chunk)
                self._tags += chunk.count(b"<")
                self._read += len(chunk)
                parser.Parse(chunk, False)
                # Many sheets may name one part, which is read, and paid for, each time.
                many = self._tags > TAGS_MAX or self._read > UNZIPPED_BYTES_MAX
                if many or fed - parser.CurrentByteIndex > TOKEN_BYTES_MAX:
                    raise SheetBomb(name=self._name)
        parser.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise SheetUnreadable(name=self._name)


class _Texts:
    """The table of shared texts. Of a rich text all runs are joined; how it is pronounced is left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._own: list[str] = []
        self._room = 0
        self._aside = False
        self._parser: expat.XMLParserType | None = None

    def listen(self, parser: expat.XMLParserType) -> None:
        self._parser = parser

    def start(self, tag: str, _: Attributes) -> None:
        tag = _local(tag)
        if tag == "si":
            self._own = []
            self._room = CELL_CHARS_MAX + 1
        elif tag == "rPh":
            self._aside = True
        elif tag == "t" and not self._aside and self._parser is not None:
            self._parser.CharacterDataHandler = self._hear

    def end(self, tag: str) -> None:
        tag = _local(tag)
        if tag == "si":
            self.texts.append("".join(self._own))
        elif tag == "rPh":
            self._aside = False
        elif tag == "t" and self._parser is not None:
            self._parser.CharacterDataHandler = None

    def _hear(self, text: str) -> None:
        if self._room:
            self._own.append(text[: self._room])
            self._room -= len(self._own[-1])


class _Reader:
    """The rows of one sheet. A formula counts as the value that Excel last saw; one without any is its own text."""

    def __init__(self, name: str, texts: Sequence[str], dates: Sequence[bool], epoch: date) -> None:
        self._name, self._texts, self._dates, self._epoch = name, texts, dates, epoch
        self.rows: list[tuple[int, tuple[Cell, ...]]] = []
        self.hidden: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merges: list[Merge] = []
        self._line = self._merged = 0
        self._cells: list[Cell] = []
        self._cell: Attributes | None = None
        self._column = 0
        self._told: dict[str, str] = {}
        self._room = 0
        self._hearing = ""
        self._aside = False
        self._parser: expat.XMLParserType | None = None

    def listen(self, parser: expat.XMLParserType) -> None:
        self._parser = parser

    def start(self, tag: str, said: Attributes) -> None:
        tag = _local(tag)
        if tag == "c":
            self._cell, self._room = said, CELL_CHARS_MAX + 1
            self._told = {}
            at = said.get("r")
            self._column = _place(at)[1] if at else self._column + 1
        elif self._cell is not None:
            if tag == "rPh":
                self._aside = True
            elif tag in ("v", "f", "t") and not self._aside and self._parser is not None:
                self._hearing = tag
                self._parser.CharacterDataHandler = self._hear
                self._told.setdefault(tag, "")
        elif tag == "row":
            self._begin(said)
        elif tag == "col" and said.get("hidden") in _TRUE:
            last = min(int(said["max"]), COLUMNS_MAX)
            self.hidden_columns.update(range(max(int(said["min"]), 1), last + 1))
        elif tag == "mergeCell":
            self._merge(said["ref"])

    def end(self, tag: str) -> None:
        tag = _local(tag)
        if tag == "c":
            if self._cell is not None and self._column <= COLUMNS_MAX:
                value = self._value(self._cell)
                if value is not None:
                    self._cells += [None] * (self._column - 1 - len(self._cells))
                    self._cells[self._column - 1 :] = [value]
            self._cell = None
        elif tag == "rPh":
            self._aside = False
        elif tag in ("v", "f", "t") and self._parser is not None:
            self._parser.CharacterDataHandler = None
        elif tag == "row" and not all(map(blank, self._cells)):
            self.rows.append((self._line, trimmed(self._cells)))
            if len(self.rows) > 2 * ROWS_MAX:  # titles, totals and notes among them: rows are counted later
                raise SheetRows(name=self._name, limit=ROWS_MAX)

    def _hear(self, text: str) -> None:
        if self._room:
            self._told[self._hearing] += text[: self._room]
            self._room -= min(self._room, len(text))

    def _begin(self, said: Attributes) -> None:
        line = int(said.get("r", self._line + 1))
        if not self._line < line <= LINES_MAX:
            raise SheetUnreadable(name=self._name)
        self._line, self._column = line, 0
        self._cells = []
        if said.get("hidden") in _TRUE or said.get("ht") == "0":
            self.hidden.add(line)

    def _merge(self, ref: str) -> None:
        first, _, last = ref.partition(":")
        top, left = _place(first)
        bottom, right = _place(last or first)
        self.merges.append(Merge(top, left, bottom, right))
        self._merged += bottom - top
        if self._merged > MERGED_LINES_MAX:
            raise SheetBomb(name=self._name)

    def _value(self, said: Attributes) -> Cell:
        told, kind = self._told, said.get("t", "n")
        value = told.get("v", "")
        if "f" in told and not value and kind != "str":
            return f"={told['f']}"
        if kind == "s":
            return self._texts[int(value)] if value else None
        if kind in ("str", "e", "inlineStr"):
            return (value or told.get("t", "")) or None
        if kind == "b":
            return value in _TRUE if value else None
        if kind == "d":
            return _iso(value)
        style = int(said.get("s", "0"))
        return self._number(value.strip(), dated=style < len(self._dates) and self._dates[style])

    def _number(self, value: str, *, dated: bool) -> Cell:
        if not value:
            return None
        if len(value) > _DIGITS_MAX:
            return value
        try:
            number = int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            return value
        if dated and 0 < number < _DAYS_MAX:
            return datetime.combine(self._epoch, time()) + timedelta(seconds=round(number * 86_400))
        return number


def _local(tag: str) -> str:
    """A tag without its prefix, which every writer may choose."""
    return tag.rpartition(":")[2] if ":" in tag else tag


def _place(ref: str) -> tuple[int, int]:
    """Line and column of a cell's name. Raises ValueError for what is none."""
    found = _REF.fullmatch(ref)
    if found is None:
        raise ValueError(ref)
    column = 0
    for char in found[1]:
        column = column * 26 + ord(char) - 64
    return int(found[2]), column


def _part_of(related: Mapping[str, tuple[str, str]], ending: str) -> str | None:
    return next((part for kind, part in related.values() if kind.endswith(ending)), None)


def _shows_date(code: str) -> bool:
    pattern = _ASIDE.sub("", code).partition(";")[0].lower()
    return pattern != "general" and any(char in "ymd" for char in pattern)


def _iso(value: str) -> Cell:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value or None
