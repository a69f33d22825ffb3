"""An office's own words for columns, departments, kinds of staff and areas: a small YAML file beside its sheets.

`columns` names columns (null: passed over), `values` the values of some, `sheet` the sheets that are read. An example
stands in docs/running.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from policies.says import Said, Sentence
from policies.source import Source, SourceError, Spot, has_plain_tag, is_null
from provisioning.identity.arrivals import note
from provisioning.intake.cells import text_of
from provisioning.intake.headers import Header, Names
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, say

MAPPING_BYTES_MAX = 100_000
ENTRIES_MAX = 2_000
FAULTS_SHOWN_MAX = 50
TRANSLATED = (Header.DEPARTMENT, Header.KIND, Header.AREA)

AT_SPOT = "line {line}, column {column}: {sentence}"
NOT_TEXT = "This is not UTF-8 text. Save the mapping as plain text in UTF-8."
TOO_LONG = "The mapping has more than {limit} bytes. Leave out what the sheets do not hold."
TOO_MANY = "There are more than {limit} entries here. Leave out what the sheets do not hold."
NOT_A_WORD = "One text must stand here. Write it on the line of its name, in quotes if need be."
SAYS_NOTHING = "The mapping says nothing. Write columns:, values: or sheet: into it."


class MappingFaults(Refusal):
    """The mapping {name} has {count} faults; nothing was read. Correct them and send both files again."""

    def __init__(self, name: str, faults: tuple[tuple[Spot, Said], ...]) -> None:
        self.faults = faults
        super().__init__(name=name, count=len(faults))

    def sentence(self, language: Language) -> str:
        """The refusal, and below it each fault by line and column, with its cure."""
        lines = [say(self.template(), language, self.fields)]
        for spot, fault in self.faults[:FAULTS_SHOWN_MAX]:
            told = say(fault.template, language, dict(fault.fields))
            lines.append(say(AT_SPOT, language, {"line": spot.line, "column": spot.column, "sentence": told}))
        return "\n".join(lines if len(self.faults) <= FAULTS_SHOWN_MAX else [*lines, "…"])


@dataclass(frozen=True, slots=True)
class OfficeWords:
    """What one office calls things: `columns` by its own labels (None: passed over), `values` by header and by the cell's
    text without blanks, `sheets` by title: all where there are none."""

    columns: Mapping[str, Header | None] = field(default_factory=dict)
    values: Mapping[Header, Mapping[str, str]] = field(default_factory=dict)
    sheets: frozenset[str] = frozenset()

    def told(self, header: Header, text: str) -> str:
        """What the hub calls a value that the office calls so."""
        return self.values.get(header, {}).get(unspaced(text), text)


PLAIN = OfficeWords()


def read_mapping(data: bytes, name: str) -> OfficeWords:
    """The words of a mapping file. Raises `MappingFaults` with every fault in it."""
    if len(data) > MAPPING_BYTES_MAX:
        raise MappingFaults(name, ((Spot(1, 1), note(TOO_LONG, limit=MAPPING_BYTES_MAX)),))
    try:
        source = Source(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingFaults(name, ((Spot(1, 1), note(NOT_TEXT)),)) from None
    except SourceError as error:
        raise MappingFaults(name, ((error.spot, error.said),)) from None
    reading = _Reading(source)
    words = reading.words()
    if reading.faults:
        raise MappingFaults(name, tuple(sorted(reading.faults, key=lambda fault: (fault[0].line, fault[0].column))))
    return words


def unspaced(text: str) -> str:
    """A value in the one form in which it is compared: no blanks, full-width letters made narrow."""
    return "".join(text_of(text).split())


class _Reading:
    """A mapping while it is read: gathers every fault before it gives up."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.faults: list[tuple[Spot, Said]] = []

    def words(self) -> OfficeWords:
        """All that the file says."""
        root = self._source.root
        if root is None or is_null(root):
            self._fault(root, note(SAYS_NOTHING))
            return PLAIN
        columns: dict[str, Header | None] = {}
        values: dict[Header, Mapping[str, str]] = {}
        sheets: frozenset[str] = frozenset()
        for key, node, value in self._pairs(root):
            if key == "columns":
                columns = self._columns(value)
            elif key == "values":
                values = self._values(value)
            elif key == "sheet":
                sheets = frozenset(self._titles(value))
            else:
                self._fault(node, note(Sentence.UNKNOWN_KEY, key=key, known="columns, values, sheet"))
        return OfficeWords(columns, values, sheets)

    def _columns(self, node: Node) -> dict[str, Header | None]:
        found: dict[str, Header | None] = {}
        for label, _, value in self._pairs(node):
            found[label] = None if is_null(value) else self._header(value, tuple(Header))
        return found

    def _values(self, node: Node) -> dict[Header, Mapping[str, str]]:
        found: dict[Header, Mapping[str, str]] = {}
        for _, key, value in self._pairs(node):
            header = self._header(key, TRANSLATED)
            told = {unspaced(word): self._word(meant) or "" for word, _, meant in self._pairs(value)}
            if header is not None:
                found[header] = told
        return found

    def _titles(self, node: Node) -> Iterator[str]:
        for each in node.value[:ENTRIES_MAX] if isinstance(node, SequenceNode) else [node]:
            title = self._word(each)
            if title is not None:
                yield title

    def _header(self, node: Node, known: tuple[Header, ...]) -> Header | None:
        word = self._word(node)
        header = Names().header(word)
        if word is not None and header not in known:
            self._fault(node, note(Sentence.UNKNOWN_KEY, key=word, known="、".join(known)))
        return header

    def _pairs(self, node: Node) -> list[tuple[str, Node, Node]]:
        """Key, its node and its value, of each entry of a mapping."""
        if not isinstance(node, MappingNode) or not has_plain_tag(node):
            self._fault(node, note(Sentence.NOT_A_MAPPING))
            return []
        if len(node.value) > ENTRIES_MAX:
            self._fault(node, note(TOO_MANY, limit=ENTRIES_MAX))
            return []
        found: dict[str, tuple[str, Node, Node]] = {}
        for key, value in node.value:
            word = self._word(key)
            if word is not None and word in found:
                self._fault(key, note(Sentence.REPEATED_KEY, key=word))
            elif word is not None:
                found[word] = (word, key, value)
        return list(found.values())

    def _word(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode) or is_null(node) or not has_plain_tag(node) or not node.value.strip():
            self._fault(node, note(NOT_A_WORD))
            return None
        return node.value.strip()

    def _fault(self, node: Node | None, said: Said) -> None:
        index = 0 if node is None else self._source.start(node)
        self.faults.append((self._source.spot(index), said))
