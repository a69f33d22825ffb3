"""Conditions: CEL over declared facts, compiled once. A condition that does not type-check never exists; one that
breaks while it runs is an error, never a yes. Work is bounded: length, depth, and no loop within a loop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cel_expr_python import cel

from policies.facts import Facts, UnitFacts
from policies.says import PolicyError, Said, Sentence, say

CONDITION_CHARS_MAX = 4_000
LOOPS = frozenset({"all", "exists", "exists_one"})
# Growth of lists is refused: two chained maps already double a text as often as the chain is long.
LOOPS_REFUSED = frozenset({"map", "filter"})

Value = str | int | tuple[str, ...]

_STAY_TYPES = {
    "stay.department": cel.Type.STRING,
    "stay.departments": cel.Type.List(cel.Type.STRING),
    "stay.post": cel.Type.STRING,
    "stay.kind": cel.Type.STRING,
    "stay.area": cel.Type.STRING,
    "stay.days": cel.Type.INT,
}
_UNIT_TYPES = dict.fromkeys(
    ("unit.id", "unit.kind", "unit.group", "unit.zone", "unit.building", "unit.area", "unit.tier"), cel.Type.STRING
)
_CEL_ERROR = re.compile(r"^ERROR: <input>:(\d+):(\d+): (.*?)(?:\s*\[[A-Z_]+\])?$", re.MULTILINE)
_UNDECLARED = re.compile(r"undeclared reference to '(.+)' \(in container")
_NO_OVERLOAD = re.compile(r"found no matching overload for '(.+)' applied to '\((.*)\)'")
_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*)
    |(?P<text>(?:[rR][bB]?|[bB][rR])(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?\w*)
    |(?P<sign>&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Known:
    """Which facts a condition may mention, and what checks it against them."""

    names: tuple[str, ...]
    env: cel.Env


STAY_KNOWN = Known(tuple(_STAY_TYPES), cel.NewEnv(variables=_STAY_TYPES))
UNIT_KNOWN = Known((*_STAY_TYPES, *_UNIT_TYPES), cel.NewEnv(variables=_STAY_TYPES | _UNIT_TYPES))
"""Of a rule for whoever has come, and of one for whoever holds a unit."""


class ConditionError(PolicyError):
    """The condition broke while it was worked out: {problem}."""


@dataclass(frozen=True, slots=True)
class ConditionFault:
    """What is wrong with a condition, and at which of its characters, from 0."""

    offset: int
    said: Said


@dataclass(frozen=True, slots=True)
class Part:
    """One of the demands that `&&` joins, with the facts it mentions."""

    text: str
    facts: tuple[str, ...]
    program: cel.Expression


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition and its demands; all of them hold exactly when the whole does."""

    text: str
    parts: tuple[Part, ...]
    program: cel.Expression


def fact_values(facts: Facts, unit: UnitFacts | None = None) -> dict[str, Value]:
    """The facts by the names that conditions and resources use; those of a unit where there is one."""
    values: dict[str, Value] = {
        "stay.department": facts.department,
        "stay.departments": facts.departments,
        "stay.post": facts.post,
        "stay.kind": facts.kind,
        "stay.area": facts.area,
        "stay.days": facts.days,
    }
    if unit is not None:
        values |= {name: getattr(unit, name.removeprefix("unit.")) for name in _UNIT_TYPES}
    return values


def activation(facts: Facts, unit: UnitFacts | None = None) -> cel.Activation:
    """The facts as the programs take them: made once for a stay, or for a unit of it. ConditionError where one cannot be
    handed over."""
    values = fact_values(facts, unit)
    data = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    known = STAY_KNOWN if unit is None else UNIT_KNOWN
    try:
        # The library looks at a value when a program does, and so a text that is none would break only some rules.
        "".join((facts.department, *facts.departments, facts.post, facts.kind, facts.area)).encode()
        return known.env.Activation(data)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConditionError(problem=_one_line(error)) from None


def holds(program: cel.Expression, known: cel.Activation) -> bool:
    """Whether the condition, or part of one, holds. ConditionError when it cannot be worked out: never a guess."""
    try:
        value = program.eval(known).value()
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConditionError(problem=_one_line(error)) from None
    if value is True or value is False:
        return value
    raise ConditionError(problem=_one_line(value))


def read_condition(text: str, known: Known = STAY_KNOWN) -> Condition | tuple[ConditionFault, ...]:
    """The condition that `text` writes over the facts that are known to it, or all that is wrong with it."""
    text = text.rstrip()
    if not text:
        return (ConditionFault(0, say(Sentence.NO_CONDITION)),)
    if len(text) > CONDITION_CHARS_MAX:
        said = say(Sentence.LONG_CONDITION, length=len(text), limit=CONDITION_CHARS_MAX)
        return (ConditionFault(0, said),)
    program = _compile(text, known)
    if isinstance(program, tuple):
        return program
    tokens = list(_tokens(text))
    if faults := tuple(_unbounded_loops(tokens)):
        return faults
    if program.return_type() != cel.Type.BOOL:
        name = program.return_type().name().lower()
        return (ConditionFault(len(text) - len(text.lstrip()), say(Sentence.NOT_A_CHOICE, type=name)),)
    parts = tuple(_part(text, tokens[first:end], known) for first, end in _demands(tokens))
    return Condition(text.strip(), parts, program)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def _compile(text: str, known: Known) -> cel.Expression | tuple[ConditionFault, ...]:
    try:
        return known.env.compile(text)
    except (RuntimeError, TypeError, ValueError) as error:
        return tuple(_compile_faults(text, str(error), known))


def _compile_faults(text: str, message: str, known: Known) -> Iterator[ConditionFault]:
    """The faults that the compiler's message names. After a syntax error the rest are only its echoes."""
    named = _CEL_ERROR.findall(message.replace("INVALID_ARGUMENT: ERROR: <input>", "ERROR: <input>", 1))
    if not named:
        deep = "recursion limit" in message
        said = say(Sentence.DEEP_CONDITION) if deep else say(Sentence.CONDITION, problem=_one_line(message))
        yield ConditionFault(0, said)
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    for line, column, problem in named:
        offset = min(starts[min(int(line), len(starts)) - 1] + int(column) - 1, len(text))
        yield _compile_fault(text, offset, problem, known)
        if problem.startswith("Syntax error"):
            return


def _compile_fault(text: str, offset: int, problem: str, known: Known) -> ConditionFault:
    if found := _UNDECLARED.match(problem):
        # The compiler points at a dot or a bracket: the reader wants the beginning of the name.
        name = found[1]
        begin = text.rfind(name, 0, offset + len(name))
        is_function = text[offset : offset + 1] == "("
        said = (
            say(Sentence.UNKNOWN_FUNCTION, name=name)
            if is_function
            else say(Sentence.UNKNOWN_FACT, name=name, known=", ".join(known.names))
        )
        return ConditionFault(begin if 0 <= begin <= offset <= begin + len(name) else offset, said)
    if found := _NO_OVERLOAD.match(problem):
        operator = found[1].replace("_", " ").strip().lstrip("@") if not found[1].isidentifier() else found[1]
        return ConditionFault(offset, say(Sentence.MISMATCH, operator=operator, types=found[2]))
    if problem.startswith("Syntax error"):
        short = problem.removeprefix("Syntax error: ").split(" expecting ")[0].replace("'<EOF>'", "the end")
        return ConditionFault(offset, say(Sentence.SYNTAX, problem=short))
    return ConditionFault(offset, say(Sentence.CONDITION, problem=problem))


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup and found.lastgroup != "blank":
            yield _Token(found.lastgroup, found[0], found.start())


def _unbounded_loops(tokens: list[_Token]) -> Iterator[ConditionFault]:
    """Loops that make lists, and loops within loops: these double their work with each word that is written."""
    open_loops: list[bool] = []
    for before, token, after in zip([_NOTHING, *tokens], tokens, [*tokens[1:], _NOTHING], strict=False):
        if token.text == "(":
            open_loops.append(before.kind == "word" and before.text in LOOPS)
        elif token.text == ")" and open_loops:
            open_loops.pop()
        elif before.text == "." and after.text == "(" and _refused(token.text, inside=any(open_loops)):
            yield ConditionFault(token.offset, say(Sentence.LOOP, loop=token.text))


def _refused(word: str, *, inside: bool) -> bool:
    return word in LOOPS_REFUSED or (inside and word in LOOPS)


_NOTHING = _Token("sign", "", 0)


def _demands(tokens: list[_Token]) -> list[tuple[int, int]]:
    """The [first, end) of each demand: split at the outermost `&&`, unless something that binds looser stands there."""
    first, end = 0, len(tokens)
    depths = _depths(tokens)
    while end - first > 2 and tokens[first].text == "(" and min(depths[first : end - 1]) > depths[end - 1]:
        first, end = first + 1, end - 1
    outer = min(depths[first:end])
    signs = [i for i in range(first, end) if depths[i] == outer and tokens[i].kind == "sign"]
    if any(tokens[i].text in ("||", "?") for i in signs):
        return [(first, end)]
    cuts = [i for i in signs if tokens[i].text == "&&"]
    return list(zip([first, *(cut + 1 for cut in cuts)], [*cuts, end], strict=True))


def _depths(tokens: list[_Token]) -> list[int]:
    """After each token, how many brackets are open."""
    depth = 0
    found: list[int] = []
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        found.append(depth)
    return found


def _part(text: str, tokens: list[_Token], known: Known) -> Part:
    written = text[tokens[0].offset : tokens[-1].offset + len(tokens[-1].text)]
    words = [token.text for token in tokens]
    joined = {"".join(words[i : i + 3]) for i in range(len(words))}
    return Part(written, tuple(name for name in known.names if name in joined), known.env.compile(written))


def _one_line(problem: object) -> str:
    """A vendor's message on one line, without its final full stop."""
    return " ".join(str(problem).split())[:200].rstrip(".")
