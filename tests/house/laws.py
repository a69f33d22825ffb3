"""The laws of size, names, mocks, reasons, sentences, marks, connectors, places: each returns what breaks it, to be read."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from tests.house.source import FLOORS, Module, files, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# A migration's steps are one list in order, written by the migration tool and never edited again.
LISTS = Path("provisioning/store/migrations/versions")
BANNED_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc"})
MOCKS = ("unittest.mock", "mock", "pytest_mock", "asynctest")

# The bases whose docstrings are sentences for people, and the enumeration whose members are.
SPOKEN_ERRORS = frozenset({"Refusal", "PolicyError", "EdgeError"})
SPOKEN_MEMBERS = frozenset({"Sentence"})

_SILENCER = re.compile(r"#\s*(?:ruff:\s*)?(noqa|type:\s*ignore|pyrefly:\s*ignore|pragma:)(.*)", re.IGNORECASE)
_CODES = re.compile(r"\[[^\]]*\]|\b[A-Z]+\d+\b|[:,\s]")
_REASON_WORDS_MIN = 2

# Written in halves, so that this file does not break its own law.
_MACHINES = re.compile(r"(?<![\w.$}])/(?:work|root|home/\w+|Users/\w+|opt/pypi|tmp/brief)" + r"(?:/|\b)")
_REGISTRIES = re.compile(
    r"pypi\." + r"org|pythonhosted\." + r"org|deb\.debian\." + r"org|npmjs\." + r"(?:org|com)|//mirrors?\."
)
_LOCKS_WITH_ADDRESSES = re.compile(r"uv\.lock|pylock.*\.toml|poetry\.lock|package-lock\.json")

_TYPED = re.compile(r"`[^`]*`")
# A mark of half width beside a Chinese character, and a blank beside a mark of full width, which has its own.
_HALF_WIDTH = re.compile(
    "[一-鿿」”）][,:;!?()]|[,;!?(] ?[一-鿿]|[一-鿿][.](?: |$)|[。，；：、！？）] | [。，；：、！？（]"
)


def sizes(root: Path) -> list[str]:
    """Files and functions that are too long to be read at one sitting."""
    wrong = []
    for module in modules(root):
        lines = len(module.text.splitlines())
        if lines > FILE_LINES_MAX:
            wrong.append(f"{module.path}: {lines} lines, at most {FILE_LINES_MAX}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and LISTS not in module.path.parents:
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    wrong.append(
                        f"{module.path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES_MAX}"
                    )
    return wrong


def names(root: Path) -> list[str]:
    """Files and folders whose name says nothing."""
    paths = sorted({part for module in modules(root) for part in (module.path, *module.path.parents)})
    return [f"{path}: a name that says nothing" for path in paths if path.stem in BANNED_NAMES]


def mocks(root: Path) -> list[str]:
    """Imports of anything that stands in for a real part."""
    return [
        f"{module.path}:{line}: {name} is a mock; use the real part"
        for module in modules(root)
        for line, name in module.imports()
        if any(name == mock or name.startswith(f"{mock}.") for mock in MOCKS)
    ]


def reasons(root: Path) -> list[str]:
    """Comments that silence a checker and do not say why in at least two words."""
    wrong = []
    for module in modules(root):
        for line, comment in module.comments():
            found = _SILENCER.search(comment)
            if found and len(re.findall(r"\w+", _CODES.sub(" ", found[2]))) < _REASON_WORDS_MIN:
                wrong.append(f"{module.path}:{line}: say why beside it: {comment}")
    return wrong


def connectors(root: Path) -> list[str]:
    """Connectors that are not in the registry, or that no page of the documentation names."""
    wrong = []
    registry = root / "connectors" / "registry.py"
    registered = {
        name
        for module in modules(root, "connectors")
        if module.path.name == "registry.py"
        for _, name in module.imports()
    }
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    written = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    for module in modules(root, "connectors"):
        for kind, name in _connectors_of(module):
            if f"{'.'.join(module.parts)}.{name}" not in registered:
                wrong.append(f"{module.path}: {name} is not in {registry.relative_to(root)}")
            if f"`{kind}`" not in written and module.path.name not in written:
                wrong.append(f"{module.path}: no page in docs/ names `{kind}` or {module.path.name}")
    return wrong


def _connectors_of(module: Module) -> Iterator[tuple[str, str]]:
    """Kind and class name of each connector of a module: a class with a kind, which writes."""
    for node in module.classes():
        kinds = [
            part.value.value
            for part in node.body
            if isinstance(part, ast.Assign | ast.AnnAssign) and isinstance(part.value, ast.Constant)
            for target in (part.targets if isinstance(part, ast.Assign) else [part.target])
            if isinstance(target, ast.Name) and target.id == "kind"
        ]
        if kinds and any(isinstance(part, ast.AsyncFunctionDef) and part.name == "write" for part in node.body):
            yield str(kinds[0]), node.name


def sentences(root: Path) -> list[str]:
    """Sentences without a Chinese twin, and twins that name other fields."""
    twins: dict[str, str] = {}
    wrong: list[str] = []
    for path in sorted((root / "provisioning" / "nouns" / "zh").glob("[!_]*.py")):
        where = path.relative_to(root)
        (own,) = (value for name, value in runpy.run_path(str(path)).items() if name.startswith("ZH"))
        wrong += [
            f"{where}: this template has a twin elsewhere, too: {template}" for template in own if template in twins
        ]
        wrong += [
            f"{where}: the twin names other fields than: {template}"
            for template, twin in own.items()
            if _fields(template) != _fields(twin)
        ]
        twins |= own
    missing = (
        f"{where}: no Chinese twin for: {template}" for where, template in _spoken(root) if template not in twins
    )
    return [*wrong, *missing]


def marks(root: Path) -> list[str]:
    """Punctuation of half width, and blanks between sentences, in what is said in Chinese. What somebody is to type
    stands in backquotes, or has no Chinese character beside its marks."""
    return [
        f"{path.relative_to(root)}: {found[0]!r} in a Chinese sentence: {twin}"
        for path in sorted((root / "provisioning" / "nouns" / "zh").glob("[!_]*.py"))
        for name, own in runpy.run_path(str(path)).items()
        if name.startswith("ZH")
        for twin in own.values()
        if (found := _HALF_WIDTH.search(_TYPED.sub("x", twin)))
    ]


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _spoken(root: Path) -> Iterator[tuple[str, str]]:
    """Place and English template of every sentence for people: errors' docstrings, lists of sentences, and calls."""
    house = modules(root, *FLOORS)
    spoken = _spoken_errors(house)
    for module in house:
        for node in ast.walk(module.tree):
            where = f"{module.path}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ClassDef) and f"{'.'.join(module.parts)}.{node.name}" in spoken:
                yield where, " ".join((ast.get_docstring(node) or "").split())
            elif isinstance(node, ast.ClassDef) and node.name in SPOKEN_MEMBERS:
                yield from (
                    (where, text) for part in node.body if isinstance(part, ast.Assign) for text in _text(part.value)
                )
            elif isinstance(node, ast.Call):
                first = node.args[:1] if getattr(node.func, "id", "") == "say" else []
                named = [keyword.value for keyword in node.keywords if keyword.arg == "template"]
                yield from ((where, text) for value in (*first, *named) for text in _text(value))


def _text(value: ast.expr) -> list[str]:
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def _spoken_errors(house: list[Module]) -> set[str]:
    """Dotted names of the errors whose docstring is what people read: those that do not make their own sentence."""
    bases: dict[str, set[str]] = {}
    silent = set()
    for module in house:
        here = ".".join(module.parts)
        imported = {name.rpartition(".")[2]: name for _, name in module.imports()}
        for node in module.classes():
            full = f"{here}.{node.name}"
            above = [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]
            bases[full] = {imported.get(base, f"{here}.{base}") for base in above}
            if any(isinstance(part, ast.FunctionDef) and part.name == "sentence" for part in node.body):
                silent.add(full)
    spoken = {full for full in bases if full.rpartition(".")[2] in SPOKEN_ERRORS}
    silent -= spoken
    while grown := {full for full, above in bases.items() if above & spoken} - spoken:
        spoken |= grown
    return spoken - silent


def places(root: Path) -> list[str]:
    """Committed text that names a path of one machine or a package registry, and locks that would."""
    wrong = []
    for path in files(root):
        if _LOCKS_WITH_ADDRESSES.fullmatch(path.name):
            wrong.append(f"{path}: names the addresses of a registry")
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := _MACHINES.search(line) or _REGISTRIES.search(line):
                wrong.append(f"{path}:{number}: names {found[0]}")
    return wrong
