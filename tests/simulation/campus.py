"""The simulated campus: its file, its panels, and which zones stand behind which door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devices.campus import Wire, read, wires
from tests.simulation.network import Address

FILE = Path(__file__).with_name("campus.yaml")
RULES = Path(__file__).with_name("rules.yaml")
DEPARTMENTS = ("组织部", "财政局", "信息中心")
AREAS = ("北办公区", "南办公区")
KINDS = ("公务员", "事业编", "借调", "外包", "实习")


@dataclass(frozen=True, slots=True)
class Ground:
    """The campus file, its rules, and what it says of panels. `zones`: by target and door."""

    text: str
    rules: str
    wires: tuple[Wire, ...]
    zones: Mapping[tuple[str, int], tuple[str, ...]]

    def address(self, target: str) -> Address:
        """Where a panel answers."""
        host, _, port = next(wire.address for wire in self.wires if wire.id == target).rpartition(":")
        return host, int(port)


def ground() -> Ground:
    """The campus of the simulation."""
    text = FILE.read_text("utf-8")
    document = read(text, FILE.name)
    zones = {
        (target["id"], door["number"]): tuple(f"zone:{name}" for name in door["zones"])
        for target in document.value["targets"]
        for door in target["settings"]["doors"]
    }
    return Ground(text, RULES.read_text("utf-8"), wires(document), zones)
