"""YAML with positions: every value knows where in the file it stands, and so does every character of a text.
Nothing is constructed from tags; anchors cost nothing, since no tree is walked deeper than a rule is."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode

from policies.says import Said, Sentence, say

TEXT_CHARS_MAX = 200_000
_BLANKS = " \t\n\x85\u2028\u2029"
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}
_TAGS = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the file: line and column from 1, counted as an editor counts them."""

    line: int
    column: int


class SourceError(Exception):
    """The text is no YAML. Carries the spot and the sentence for the reader of the file."""

    def __init__(self, spot: Spot, said: Said) -> None:
        super().__init__(said.text)
        self.spot, self.said = spot, said


class Source:
    """A YAML text and its tree. SourceError where it is none, or longer than TEXT_CHARS_MAX."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        if len(text) > TEXT_CHARS_MAX:
            raise SourceError(Spot(1, 1), say(Sentence.TOO_LONG, length=len(text), limit=TEXT_CHARS_MAX))
        self.root: Node | None = self._compose()

    def spot(self, index: int) -> Spot:
        """Where the character with this index stands."""
        line = bisect_right(self._line_starts, index)
        return Spot(line, index - self._line_starts[line - 1] + 1)

    def start(self, node: Node) -> int:
        """The index at which a node begins: a text past its anchor and tag, an absent value where it should stand,
        a blank behind the colon or hyphen that announced it."""
        at = node.start_mark.index
        if not isinstance(node, ScalarNode):
            return at
        if node.value or node.style:
            found = _PROPERTIES.match(self.text, at)
            return found.end() if found else at
        if self.text[at : at + 1] in ("&", "!"):
            return at
        announced = len(self.text[:at].rstrip())
        return announced + (self.text[announced : announced + 1] == " ")

    def indices(self, node: ScalarNode) -> list[int]:
        """For each character of the scalar's value, and for its end, the index in the file: exact for all that is not
        blank, in every style; a blank that folding made stands where the folded run begins."""
        at = self.start(node)
        if node.style in ("|", ">"):
            at = self.text.find("\n", at) + 1 or len(self.text)
        elif node.style in ("'", '"'):
            at += 1
        found: list[int] = []
        for char in node.value:
            at = self._seek(at, char, node.style)
            found.append(at)
            at += self._width(at, char, node.style)
        return [*found, at]

    def _seek(self, at: int, char: str, style: str | None) -> int:
        """The index, from `at` on, of what wrote `char`: past folded blanks and escaped line ends."""
        while at < len(self.text):
            if style == '"' and self.text.startswith("\\\n", at):
                at += 2
                while self.text[at : at + 1] in (" ", "\t"):
                    at += 1
            elif self.text[at] in _BLANKS and char not in _BLANKS:
                at += 1
            else:
                break
        return at

    def _width(self, at: int, char: str, style: str | None) -> int:
        """How many characters of the file wrote the one that stands at `at`."""
        here = self.text[at : at + 1]
        if style == '"' and here == "\\":
            return _ESCAPE_LENGTHS.get(self.text[at + 1 : at + 2], 2)
        if style == "'" and here == "'":
            return 2
        return 0 if char in _BLANKS and here not in _BLANKS else 1

    def _compose(self) -> Node | None:
        try:
            return YAML(typ="safe", pure=True).compose(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = " ".join(part for part in (error.context, error.problem) if part)
            raise SourceError(self.spot(mark.index if mark else 0), say(Sentence.UNREADABLE, problem=problem)) from None
        except RecursionError:
            raise SourceError(Spot(1, 1), say(Sentence.TOO_NESTED)) from None
        except YAMLError as error:
            index = min(getattr(error, "position", 0), len(self.text))
            problem = str(getattr(error, "reason", "")) or str(error).split("\n")[0]
            raise SourceError(self.spot(index), say(Sentence.UNREADABLE, problem=problem)) from None


def is_null(node: Node) -> bool:
    """Whether nothing was written."""
    return node.tag == _TAGS + "null"


def is_int(node: Node) -> bool:
    """Whether a number was written, without quotes."""
    return node.tag == _TAGS + "int"


def has_plain_tag(node: Node) -> bool:
    """Whether the value is one of YAML's own kinds; `!(a && b)` without quotes, for one, is somebody else's tag."""
    return str(node.tag).startswith(_TAGS)
