"""A rules file becomes a set of compiled rules, or one error that names every fault of the file by line and column.
Nothing that does not type-check is ever loaded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, cast

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from policies.bounds import Bound, read_bound
from policies.calendar import Calendar
from policies.conditions import STAY_KNOWN, UNIT_KNOWN, Condition, Value, fact_values, read_condition
from policies.facts import UNIT_KINDS, Facts, UnitFacts, asks_for_unit
from policies.says import Field, PolicyError, Said, Sentence, say
from policies.source import Source, SourceError, Spot, has_plain_tag, is_int, is_null

RULES_MAX = 500
RESOURCES_MAX = 100
MERITS_MAX = 100
POINTS_MAX = 1_000
FACTS_IN_RESOURCES = ("stay.area", "stay.department", "stay.kind", "stay.post")
UNIT_FACTS_IN_RESOURCES = tuple(name for name in UNIT_KNOWN.names if name.startswith("unit."))
ABOUT = ("stay", *UNIT_KINDS)
_RULE_KEYS = ("id", "version", "clause", "title", "when", "grant", "opens", "closes")
_MERIT_KEYS = ("clause", "title", "when", "points")
_TITLE_KEYS = ("zh", "en")
_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_POINTS = re.compile(r"[1-9][0-9]{0,3}")
_FACT = re.compile(r"\$\{([^}]*)\}")
_RESOURCE = re.compile(r"[a-z][a-z-]*:\w[\w.-]*")


About = Literal["stay", "seat", "flat"]
"""What a rule speaks of: a stay (the first stratum), or the unit that a stay holds (the second)."""


class RulesError(PolicyError):
    """The rules file was refused and nothing of it was taken. Faults: {count}; the first is on line {line}, column
    {column}. Put them right and load the file again."""

    def __init__(self, faults: tuple[RuleFault, ...]) -> None:
        self.faults = faults
        super().__init__(count=len(faults), line=faults[0].line, column=faults[0].column)


class ResourceError(PolicyError):
    """The facts of the stay make '{resource}' of {pattern}, which names no resource."""


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One fault of a rules file: where, counted from 1 in the YAML file, and what to do about it."""

    line: int
    column: int
    said: Said

    @property
    def sentence(self) -> str:
        """Cause and cure, in English."""
        return self.said.text


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: who (`condition`) may have what (`grant`, resources with facts to fill in), and on which days."""

    id: str
    version: int
    clause: str
    title_zh: str
    title_en: str
    condition: Condition
    grant: tuple[str, ...]
    opens: Bound
    closes: Bound
    about: About = "stay"

    def resources(self, facts: Facts, unit: UnitFacts | None = None) -> tuple[str, ...]:
        """What the rule grants to this stay, or for its unit, each once. ResourceError when a fact does not make a
        resource's name."""
        if not any("$" in pattern for pattern in self.grant):
            return tuple(dict.fromkeys(self.grant))
        values = fact_values(facts, unit)
        return tuple(dict.fromkeys(_filled(pattern, values) for pattern in self.grant))

    def window(self, facts: Facts, calendar: Calendar) -> tuple[date, date | None] | None:
        """The days [first, end) on which the right holds; end None while no departure is known; None if there are none.

        CalendarError where a day cannot be reached.
        """
        opens, last = self.opens.day(facts, calendar), self.closes.day(facts, calendar)
        closes = None if last is None else calendar.shift_days(last, 1)
        return None if opens is None or (closes is not None and closes <= opens) else (opens, closes)


@dataclass(frozen=True, slots=True)
class Merit:
    """What gives points in the queue for a flat: who (`condition`), and how many."""

    clause: str
    title_zh: str
    title_en: str
    condition: Condition
    points: int


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one file in its order, and what gives points; `digest` is the SHA-256 of its text, in hex."""

    rules: tuple[Rule, ...]
    digest: str
    merits: tuple[Merit, ...] = ()
    _about: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Sorted out once: a batch asks thousands of times.
        sorted_out = {about: tuple(rule for rule in self.rules if rule.about == about) for about in ABOUT}
        object.__setattr__(self, "_about", sorted_out)

    def about(self, about: About) -> tuple[Rule, ...]:
        """The rules that speak of a stay, of a seat or of a flat, in their order."""
        return self._about[about]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)


def read_rules(text: str) -> RuleSet:
    """The rules that a YAML text writes. RulesError with every fault found, in the order of the file."""
    try:
        reader = _Reader(Source(text))
    except SourceError as error:
        raise RulesError((RuleFault(error.spot.line, error.spot.column, error.said),)) from None
    rules, merits = reader.file()
    if reader.faults:
        raise RulesError(tuple(sorted(reader.faults, key=lambda fault: (fault.line, fault.column))))
    return RuleSet(rules, hashlib.sha256(text.encode()).hexdigest(), merits)


def _filled(pattern: str, values: dict[str, Value]) -> str:
    if "$" not in pattern:
        return pattern
    resource = _FACT.sub(lambda found: str(values[found[1].strip()]), pattern)
    if _RESOURCE.fullmatch(resource) is None:
        raise ResourceError(resource=resource, pattern=pattern)
    return resource


class _Reader:
    """Reads the tree and collects faults; a value with a fault reads as None, so that reading goes on."""

    def __init__(self, source: Source) -> None:
        self.faults: list[RuleFault] = []
        self._source = source
        self._first_lines: dict[str, int] = {}

    def file(self) -> tuple[tuple[Rule, ...], tuple[Merit, ...]]:
        root = self._source.root
        if root is None:
            self._fault_at(Spot(1, 1), say(Sentence.NO_RULES))
            return (), ()
        file = self._mapping(root, ("rules",), ("points",))
        nodes = self._sequence("rules", file.get("rules")) or []
        if len(nodes) > RULES_MAX:
            self._fault(nodes[RULES_MAX], Sentence.TOO_MANY_RULES, count=len(nodes), limit=RULES_MAX)
        rules = tuple(rule for node in nodes[:RULES_MAX] if (rule := self._rule(node)))
        given = self._sequence("points", file.get("points")) or []
        if len(given) > MERITS_MAX:
            self._fault(given[MERITS_MAX], Sentence.TOO_MANY_MERITS, count=len(given), limit=MERITS_MAX)
        return rules, tuple(merit for node in given[:MERITS_MAX] if (merit := self._merit(node)))

    def _rule(self, node: Node) -> Rule | None:
        values = self._mapping(node, _RULE_KEYS, ("for",))
        about = self._about(values.get("for"))
        title = self._title(values.get("title"))
        read = (
            self._id(values.get("id")),
            self._version(values.get("version")),
            self._text("clause", values.get("clause")),
            title and title[0],
            title and title[1],
            self._condition(values.get("when"), about),
            self._grant(values.get("grant"), about),
            self._bound("opens", values.get("opens")),
            self._bound("closes", values.get("closes")),
            about,
        )
        if any(value is None for value in read):
            return None
        return Rule(*cast("tuple[str, int, str, str, str, Condition, tuple[str, ...], Bound, Bound, About]", read))

    def _merit(self, node: Node) -> Merit | None:
        values = self._mapping(node, _MERIT_KEYS)
        title = self._title(values.get("title"))
        read = (
            self._text("clause", values.get("clause")),
            title and title[0],
            title and title[1],
            self._condition(values.get("when"), "stay"),
            self._points(values.get("points")),
        )
        if any(value is None for value in read):
            return None
        return Merit(*cast("tuple[str, str, str, Condition, int]", read))

    def _about(self, node: Node | None) -> About | None:
        if node is None:
            return "stay"
        text = self._text("for", node)
        if text is not None and text not in ABOUT:
            return self._fault(node, Sentence.BAD_ABOUT, text=text, known=", ".join(ABOUT))
        return cast("About | None", text)

    def _points(self, node: Node | None) -> int | None:
        text = self._text("points", node)
        if node is None or text is None:
            return None
        if not is_int(node) or _POINTS.fullmatch(text) is None or int(text) > POINTS_MAX:
            return self._fault(node, Sentence.BAD_POINTS, points=text, limit=POINTS_MAX)
        return int(text)

    def _id(self, node: Node | None) -> str | None:
        text = self._text("id", node)
        if node is None or text is None:
            return None
        if _ID.fullmatch(text) is None:
            return self._fault(node, Sentence.BAD_ID, id=text)
        if text in self._first_lines:
            return self._fault(node, Sentence.REPEATED_ID, id=text, first=self._first_lines[text])
        self._first_lines[text] = self._source.spot(self._source.start(node)).line
        return text

    def _version(self, node: Node | None) -> int | None:
        text = self._text("version", node)
        if node is None or text is None:
            return None
        if not is_int(node) or _VERSION.fullmatch(text) is None:
            return self._fault(node, Sentence.BAD_VERSION, version=text)
        return int(text)

    def _title(self, node: Node | None) -> tuple[str, str] | None:
        if node is None:
            return None
        values = self._mapping(node, _TITLE_KEYS)
        zh, en = (self._text(key, values.get(key)) for key in _TITLE_KEYS)
        return (zh, en) if zh is not None and en is not None else None

    def _condition(self, node: Node | None, about: About | None) -> Condition | None:
        if node is None or self._text("when", node) is None:
            return None
        scalar = cast("ScalarNode", node)
        # A rule whose `for` is wrong is not blamed for the facts of what it may have meant.
        read = read_condition(scalar.value, STAY_KNOWN if about == "stay" else UNIT_KNOWN)
        if isinstance(read, Condition):
            return read
        indices = self._source.indices(scalar)
        for fault in read:
            self._fault_at(self._source.spot(indices[fault.offset]), fault.said)
        return None

    def _grant(self, node: Node | None, about: About | None) -> tuple[str, ...] | None:
        nodes = self._sequence("grant", node)
        if nodes is None:
            return None
        if len(nodes) > RESOURCES_MAX:
            return self._fault(nodes[RESOURCES_MAX], Sentence.TOO_MANY_RESOURCES, count=len(nodes), limit=RESOURCES_MAX)
        read = [self._resource(entry, about) for entry in nodes]
        return None if None in read else tuple(resource for resource in read if resource)

    def _resource(self, node: Node, about: About | None) -> str | None:
        pattern = self._text("grant", node)
        if pattern is None:
            return None
        if about in UNIT_KINDS and asks_for_unit(pattern):
            return self._fault(node, Sentence.ASKS_AGAIN, resource=pattern, about=str(about))
        known = FACTS_IN_RESOURCES if about == "stay" else (*FACTS_IN_RESOURCES, *UNIT_FACTS_IN_RESOURCES)
        unknown = [found for found in _FACT.finditer(pattern) if found[1].strip() not in known]
        for found in unknown:
            index = self._source.indices(cast("ScalarNode", node))[found.start()]
            said = say(Sentence.BAD_FACT, name=found[1].strip(), known=", ".join(known))
            self._fault_at(self._source.spot(index), said)
        # A digit stands for what will be filled in: an id may hold it, a kind may not.
        if not unknown and _RESOURCE.fullmatch(_FACT.sub("0", pattern)) is None:
            return self._fault(node, Sentence.BAD_RESOURCE, resource=pattern)
        return None if unknown else pattern

    def _bound(self, key: str, node: Node | None) -> Bound | None:
        text = self._text(key, node)
        if node is None or text is None:
            return None
        read = read_bound(key, text)
        if isinstance(read, Bound):
            return read
        self._fault_at(self._source.spot(self._source.start(node)), read)
        return None

    def _text(self, key: str, node: Node | None) -> str | None:
        """The scalar's text. An absent node is no new fault: its mapping has reported it."""
        if node is None:
            return None
        if not has_plain_tag(node):
            self._fault_at(self._source.spot(node.start_mark.index), say(Sentence.TAGGED, tag=str(node.tag)))
            return None
        if not isinstance(node, ScalarNode):
            return self._fault(node, Sentence.NOT_TEXT, key=key)
        if is_null(node) or not node.value.strip():
            return self._fault(node, Sentence.NO_CONDITION if key == "when" else Sentence.NOT_TEXT, key=key)
        if any("\ud800" <= char <= "\udfff" for char in node.value):
            return self._fault(node, Sentence.HALF_CHARACTER, key=key)
        return node.value

    def _sequence(self, key: str, node: Node | None) -> list[Node] | None:
        if node is None:
            return None
        if not isinstance(node, SequenceNode) or not node.value:
            return self._fault(node, Sentence.NOT_A_LIST, key=key)
        return node.value

    def _mapping(self, node: Node, keys: tuple[str, ...], more: tuple[str, ...] = ()) -> dict[str, Node]:
        """The values by key; unknown, repeated and missing keys are faults. `more` are those that may be missing."""
        found: dict[str, Node] = {}
        if not isinstance(node, MappingNode):
            self._fault(node, Sentence.NOT_A_MAPPING)
            return found
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "[…]"
            if key not in (*keys, *more):
                self._fault(key_node, Sentence.UNKNOWN_KEY, key=key, known=", ".join((*keys, *more)))
            elif key in found:
                self._fault(key_node, Sentence.REPEATED_KEY, key=key)
            else:
                found[key] = value
        for key in keys:
            if key not in found:
                self._fault(node, Sentence.MISSING_KEY, key=key)
        return found

    def _fault(self, node: Node, template: Sentence, **fields: Field) -> None:
        self._fault_at(self._source.spot(self._source.start(node)), say(template, **fields))

    def _fault_at(self, spot: Spot, said: Said) -> None:
        self.faults.append(RuleFault(spot.line, spot.column, said))
