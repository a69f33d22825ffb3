"""The tree as the laws see it: every Python file parsed once, with the names that it imports."""

from __future__ import annotations

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FLOORS = ("policies", "devices", "connectors", "provisioning")
BESIDE = ("tests", "bench")
_NEVER = frozenset({".git", ".venv", ".cache", "var", "__pycache__", ".hypothesis", ".pytest_cache", ".ruff_cache"})


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: its path from the root of the tree, its text, and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        """Its dotted name in parts: `provisioning/store/__init__.py` is provisioning, store."""
        parts = self.path.with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def floor(self) -> str:
        """The floor, or the folder beside the floors, that it stands on."""
        return self.path.parts[0]

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full dotted name of everything imported, wherever it stands in the file."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                source = ".".join(filter(None, (*self._above(node.level), node.module)))
                yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)

    def comments(self) -> Iterator[tuple[int, str]]:
        """Line and text of every comment."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def _above(self, level: int) -> tuple[str, ...]:
        """The package that a relative import of that many dots begins at."""
        if level == 0:
            return ()
        package = self.parts if self.path.name == "__init__.py" else self.parts[:-1]
        return package[: len(package) - level + 1]


def modules(root: Path, *floors: str) -> list[Module]:
    """Every Python file of these floors, in order of path; of the whole house, tests and bench where none is named."""
    found = []
    for floor in floors or (*FLOORS, *BESIDE):
        for path in sorted((root / floor).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append(Module(path.relative_to(root), text, parsed(text)))
    return found


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a file that says this; every law looks at the same one."""
    return ast.parse(text)


def files(root: Path) -> list[Path]:
    """Every file that is, or may be, committed, by its path from the root."""
    asked = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0 and (root / ".git").exists():
        listed = [Path(name.decode()) for name in asked.stdout.split(b"\0") if name]
        return sorted(path for path in listed if (root / path).is_file())
    walked = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path for path in walked if not _NEVER.intersection(path.parts))
