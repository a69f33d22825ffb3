"""What another law (rules, calendar, organisation) does to many stays: which resources each gains and loses from a day on.

Only rules that differ are worked out, with those that grant the same resources; and each once for every combination of
the facts that it mentions, however many stays share it. Days count, not causes: what one rule takes and another gives is
neither lost nor gained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from cel_expr_python import cel

from policies.calendar import Calendar
from policies.conditions import activation, holds
from policies.decide import Entitlement
from policies.facts import Facts
from policies.rules import Rule, RuleSet
from policies.says import PolicyError
from policies.windows import Window, cut, joined

# Which facts of a plain stay each name stands for, by their places in what `Delta.of` is told; days follow from dates.
_PLACES = {
    "stay.department": 0, "stay.departments": 0, "stay.post": 1, "stay.kind": 2, "stay.area": 3, "stay.days": 4,
}  # fmt: skip
_FACT = re.compile(r"\$\{\s*([^}]*?)\s*\}")
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Law:
    """By what stays are decided: rules, calendar, and each department's lineage, itself first."""

    rules: RuleSet
    calendar: Calendar
    lineages: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody gains and loses. `kept`: what they hold before and after; of a Delta only what was asked about."""

    gained: frozenset[str] = _NONE
    lost: frozenset[str] = _NONE
    kept: frozenset[str] = _NONE


NOTHING = Change()


def compared(before: Iterable[Entitlement], after: Iterable[Entitlement], today: date) -> Change:
    """What differs between two sets of one person's entitlements on the days from `today` on."""
    had, has = _held(before, today), _held(after, today)
    return Change(
        gained=frozenset(resource for resource in has if _adds(had.get(resource, ()), has[resource])),
        lost=frozenset(resource for resource in had if _adds(has.get(resource, ()), had[resource])),
        kept=frozenset(had.keys() & has.keys()),
    )


def differs(before: Law, after: Law, *, on_units: bool = False) -> bool:
    """Whether any rule, or any that speaks of units, could decide otherwise."""
    return any(not on_units or rule.about != "stay" for rule in _differing(before, after))


class Delta:
    """Compares two laws for plain stays: those without moves, pauses or units, each its person's only one."""

    def __init__(self, before: Law, after: Law, today: date, watched: Collection[str] = ()) -> None:
        """`watched` are resources of which it is to be said who keeps them."""
        self._today = today
        self._watched = frozenset(watched)
        self._laws = (before, after)
        self._one_calendar = before.calendar == after.calendar
        self._one_lineage = before.lineages == after.lineages
        self._groups: dict[tuple[int, tuple[int, ...]], _Group] = {}
        self._bits: dict[tuple[int, str], int] = {}
        old, new = _in_question(before, after, self._watched)
        self._rules = [self._asked(side, rule) for side, rules in enumerate((old, new)) for rule in rules]
        filled = {_PLACES[name] for rule in (*old, *new) for name in _filled(rule)}
        self._filled = _key_of(filled)
        self._spans: dict[tuple[Any, ...], _Span] = {}
        self._combined: dict[Any, tuple[_Differing, ...]] = {}
        self._changes: dict[tuple[Any, ...], Change] = {}

    @property
    def nothing(self) -> bool:
        """Whether no plain stay can be touched."""
        return not self._rules

    def of(self, department: str, post: str, kind: str, area: str, arrival: date, departure: date | None) -> Change:
        """What one stay gains and loses; the same object for the same change."""
        days = -1 if departure is None else max(0, (departure - arrival).days + 1)
        values = (department, post, kind, area, days)
        held = 0
        for group in self._groups.values():
            found = group.known.get(group.key(values))
            if found is None:
                return self._learned(values, arrival, departure)
            held |= found
        together = (held, self._filled(values))
        differing = self._combined.get(together)
        if differing is None:
            facts = Facts("", department, (), post, kind, area, arrival, departure)
            differing = self._combined[together] = self._combine(held, facts)
        return self._dated(differing, arrival, departure) if differing else NOTHING

    def _asked(self, side: int, rule: Rule) -> _Asked:
        """A rule with the demands that its condition joins, each of which is asked once for all rules that make it."""
        bits = 0
        for part in rule.condition.parts:
            own = side if "stay.departments" in part.facts and not self._one_lineage else 0
            bit = self._bits.setdefault((own, part.text), 1 << len(self._bits))
            places = tuple(sorted({_PLACES[name] for name in part.facts}))
            group = self._groups.setdefault((own, places), _Group(own, _key_of(places)))
            group.demands[bit] = part.program
            bits |= bit
        return _Asked(side, rule, bits)

    def _learned(self, values: tuple[Any, ...], arrival: date, departure: date | None) -> Change:
        """Work out what is not known yet of these facts; then the answer."""
        department, post, kind, area, _ = values
        known: dict[int, cel.Activation] = {}
        for group in self._groups.values():
            key = group.key(values)
            if key in group.known:
                continue
            if group.side not in known:
                lineage = self._laws[group.side].lineages.get(department, (department,))
                facts = Facts("", department, lineage, post, kind, area, arrival, departure)
                known[group.side] = activation(facts)
            held = (bit for bit, program in group.demands.items() if _holds(program, known[group.side]))
            group.known[key] = sum(held)
        return self.of(department, post, kind, area, arrival, departure)

    def _combine(self, held: int, facts: Facts) -> tuple[_Differing, ...]:
        """The resources whose days may differ where these demands hold, together where the same dates decide them."""
        by_resource: dict[str, tuple[set[_Span], set[_Span]]] = {}
        for side, rule, bits in self._rules:
            if held & bits != bits:
                continue
            span = self._span(side, rule)
            for resource in _resources(rule, facts):
                by_resource.setdefault(resource, (set(), set()))[side].add(span)
        alike: dict[tuple[frozenset[_Span], frozenset[_Span]], list[str]] = {}
        for resource, (old, new) in by_resource.items():
            if old != new or resource in self._watched:
                alike.setdefault((frozenset(old), frozenset(new)), []).append(resource)
        return tuple(
            _Differing(tuple(old), tuple(new), frozenset(resources), self._watched.intersection(resources))
            for (old, new), resources in alike.items()
        )

    def _span(self, side: int, rule: Rule) -> _Span:
        """What decides a rule's days: one for all rules of the same bounds, where one calendar counts them."""
        key = (0 if self._one_calendar else side, rule.opens, rule.closes)
        if key not in self._spans:
            self._spans[key] = _Span(rule, self._laws[side].calendar, self._today)
        return self._spans[key]

    def _dated(self, differing: tuple[_Differing, ...], arrival: date, departure: date | None) -> Change:
        verdict = tuple([each.verdict(arrival, departure) for each in differing])
        key = (id(differing), verdict)
        change = self._changes.get(key)
        if change is None:
            told = list(zip(differing, verdict, strict=True))
            change = self._changes[key] = Change(
                gained=_NONE.union(*(each.resources for each, (gains, _, _) in told if gains)),
                lost=_NONE.union(*(each.resources for each, (_, loses, _) in told if loses)),
                kept=_NONE.union(*(each.watched for each, (_, _, keeps) in told if keeps)),
            )
        return change


class _Asked(NamedTuple):
    """A rule of one side, and the demands that must hold for it, as bits."""

    side: int
    rule: Rule
    bits: int


@dataclass(slots=True)
class _Group:
    """Demands that mention the same facts, by their bits; and of which facts it is known which of them hold."""

    side: int
    key: Callable[[tuple[Any, ...]], Any]
    demands: dict[int, cel.Expression] = field(default_factory=dict)
    known: dict[Any, int] = field(default_factory=dict)


class _Span:
    """The days that a rule's bounds give from today on, by arrival and departure."""

    def __init__(self, rule: Rule, calendar: Calendar, today: date) -> None:
        self._rule = rule
        self._calendar = calendar
        self._today = today
        self._known: dict[tuple[date, date | None], tuple[Window, ...]] = {}

    def days(self, arrival: date, departure: date | None) -> tuple[Window, ...]:
        """One window, or none."""
        found = self._known.get((arrival, departure))
        if found is None:
            found = self._known[arrival, departure] = self._worked_out(arrival, departure)
        return found

    def _worked_out(self, arrival: date, departure: date | None) -> tuple[Window, ...]:
        try:
            window = self._rule.window(Facts("", "", (), "", "", "", arrival, departure), self._calendar)
        except PolicyError:
            return ()
        window = window and cut(window, self._today, None)
        return () if window is None else (window,)


@dataclass(frozen=True, slots=True)
class _Differing:
    """Resources that stand on some spans before the change and on others after it."""

    old: tuple[_Span, ...]
    new: tuple[_Span, ...]
    resources: frozenset[str]
    watched: frozenset[str]

    def verdict(self, arrival: date, departure: date | None) -> tuple[bool, bool, bool]:
        """Whether a stay of these dates gains them, loses them, and holds them before and after."""
        old, new = _days(self.old, arrival, departure), _days(self.new, arrival, departure)
        if old == new:
            return False, False, bool(old)
        return _adds(old, new), _adds(new, old), bool(old and new)


def _days(spans: tuple[_Span, ...], arrival: date, departure: date | None) -> tuple[Window, ...]:
    if len(spans) == 1:
        return spans[0].days(arrival, departure)
    return joined(window for span in spans for window in span.days(arrival, departure))


def _adds(old: tuple[Window, ...], new: tuple[Window, ...]) -> bool:
    """Whether some day of the new windows is in none of the old ones; both are joined."""
    return not all(any(_within(window, other) for other in old) for window in new)


def _within(window: Window, other: Window) -> bool:
    ends_in_time = other[1] is None or (window[1] is not None and window[1] <= other[1])
    return other[0] <= window[0] and ends_in_time


def _held(entitlements: Iterable[Entitlement], today: date) -> dict[str, tuple[Window, ...]]:
    """The days from today on, by resource."""
    found: dict[str, list[Window]] = {}
    for each in entitlements:
        window = cut((each.opens, each.closes), today, None)
        if window is not None:
            found.setdefault(each.resource, []).append(window)
    return {resource: joined(windows) for resource, windows in found.items()}


def _holds(program: cel.Expression, known: cel.Activation) -> bool:
    """Whether a demand holds; one that breaks does not."""
    try:
        return holds(program, known)
    except PolicyError:
        return False


def _resources(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """What a rule that holds grants; nothing where it breaks."""
    try:
        return rule.resources(facts)
    except PolicyError:
        return ()


def _key_of(places: Collection[int]) -> Callable[[tuple[Any, ...]], Any]:
    """What takes the values at these places, for a key."""
    return itemgetter(*sorted(places)) if places else _nothing


def _nothing(_: tuple[Any, ...]) -> bool:
    """The key of what mentions no fact."""
    return True


def _filled(rule: Rule) -> set[str]:
    """The facts that a rule's resources name."""
    return {name for pattern in rule.grant for name in _FACT.findall(pattern)}


def _mentions(rule: Rule) -> set[str]:
    """The facts that a rule's condition and resources name."""
    return _filled(rule).union(*(part.facts for part in rule.condition.parts))


def _in_question(before: Law, after: Law, watched: Collection[str]) -> tuple[list[Rule], list[Rule]]:
    """The rules for stays that differ, and those that grant what these do or what is watched, on either side."""
    differing = [rule for rule in _differing(before, after) if rule.about == "stay"]
    patterns = {pattern for rule in differing for pattern in rule.grant} | set(watched)
    old, new = (
        [rule for rule in law.rules.about("stay") if any(_meet(one, other) for one in rule.grant for other in patterns)]
        for law in (before, after)
    )
    return old, new


def _differing(before: Law, after: Law) -> list[Rule]:
    """Rules of either side that the other has not, or by which the other side could decide otherwise."""
    sides = [{_said(rule): rule for rule in law.rules} for law in (before, after)]
    moved = before.lineages != after.lineages
    counted = before.calendar != after.calendar
    return [
        rule
        for mine, other in (sides, sides[::-1])
        for said, rule in mine.items()
        if said not in other
        or (moved and "stay.departments" in _mentions(rule))
        or (counted and "workdays" in (rule.opens.unit, rule.closes.unit))
    ]


def _said(rule: Rule) -> tuple[Any, ...]:
    return (rule.id, rule.version, rule.about, rule.condition.text, rule.grant, rule.opens, rule.closes)


def _meet(one: str, other: str) -> bool:
    """Whether two patterns could name one resource, as far as what stands before their first fact can tell."""
    (head, fact, _), (other_head, other_fact, _) = one.partition("${"), other.partition("${")
    if not fact and not other_fact:
        return head == other_head
    return (bool(fact) and other_head.startswith(head)) or (bool(other_fact) and head.startswith(other_head))
