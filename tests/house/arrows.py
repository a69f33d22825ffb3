"""Which imports the design allows: between floors, between the rooms of provisioning, and from outside."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import BESIDE, FLOORS, Module, modules

ALLOWED = {
    "policies": frozenset[str](),
    "devices": frozenset[str](),
    "connectors": frozenset({"devices", "policies"}),
    "provisioning": frozenset({"policies", "devices", "connectors"}),
}

# Each room imports only what stands in an earlier slot; rooms of one slot never meet.
SLOTS = (
    {"nouns"},
    {"store"},
    {"vault"},
    {"story"},
    {"alarms", "holds", "campus"},
    {"operators", "identity"},
    {"intake", "faces", "space", "ledger", "delivery"},
    {"conditions", "gateways"},
    {"grants"},
    {"passages", "canteen"},
    {"readiness"},
    {"api", "console", "cli"},
)
SLOT_OF = {room: slot for slot, rooms in enumerate(SLOTS) for room in rooms}
TOP = len(SLOTS) - 1

# What names and joins all rooms.
JOINING = frozenset({"compose", "house"})
# The modules of the command line that are themselves the hub: they alone may have compose build it.
SERVING = frozenset({"serve", "run"})

# Policies are pure: no clock, no I/O, no database.
IMPURE = frozenset({
    "asyncio", "socket", "ssl", "time", "threading", "subprocess", "sqlite3", "sqlalchemy", "alembic", "fastapi",
    "httpx2", "uhppoted",
})  # fmt: skip

# What a query is made of. Types such as Session may be named anywhere.
QUERYING = frozenset({
    "select", "insert", "update", "delete", "text", "literal_column", "union", "union_all", "exists", "table", "column",
    "dialects", "sql",
})  # fmt: skip


def floors(root: Path) -> list[str]:
    """Imports between floors that no arrow allows; the house never imports its tests or its bench."""
    wrong = []
    for module in modules(root, *FLOORS):
        allowed = ALLOWED[module.floor] | {module.floor}
        for line, name in module.imports():
            head = name.split(".")[0]
            if head in {*FLOORS, *BESIDE} and head not in allowed:
                wrong.append(f"{module.path}:{line}: {module.floor} may not import {name}")
    return wrong


def rooms(root: Path) -> list[str]:
    """Imports between rooms of provisioning that do not point to the left, and rooms that the design does not know."""
    wrong = []
    for module in modules(root, "provisioning"):
        room = module.parts[1] if len(module.parts) > 1 else ""
        if room not in {"", "settings", *JOINING, *SLOT_OF}:
            wrong.append(f"{module.path}: the design knows no room {room}")
            continue
        for line, name in module.imports():
            parts = name.split(".")
            if parts[0] == "provisioning" and len(parts) > 1 and not _may(module, room, parts[1]):
                wrong.append(f"{module.path}:{line}: {room or 'provisioning itself'} may not import {name}")
    return wrong


def _may(module: Module, room: str, other: str) -> bool:
    """Whether a module of one room may import from another."""
    if room == other or room in JOINING:
        return True
    if other in JOINING:
        return room == "cli" and module.parts[-1] in SERVING
    if other == "settings":
        return SLOT_OF.get(room) == TOP
    if room == "settings":
        return other == "nouns"
    if (room, other) == ("cli", "store"):  # the command line is a client of the API
        return False
    return room in SLOT_OF and other in SLOT_OF and SLOT_OF[other] < SLOT_OF[room]


def purity(root: Path) -> list[str]:
    """Imports that would give policies a clock, a wire or a database."""
    return [
        f"{module.path}:{line}: policies are pure, and {name} is not"
        for module in modules(root, "policies")
        for line, name in module.imports()
        if name.split(".")[0] in IMPURE
    ]


def queries(root: Path) -> list[str]:
    """Queries outside provisioning/store: what makes one is imported, or the whole of sqlalchemy is."""
    wrong = []
    for module in modules(root, *FLOORS):
        if module.parts[:2] == ("provisioning", "store"):
            continue
        whole = {alias.name for node in ast.walk(module.tree) if isinstance(node, ast.Import) for alias in node.names}
        for line, name in module.imports():
            parts = name.split(".")
            if parts[0] == "sqlalchemy" and (name in whole or QUERYING.intersection(parts)):
                wrong.append(f"{module.path}:{line}: queries live in provisioning/store only ({name})")
    return wrong
