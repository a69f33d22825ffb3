"""Chinese twins: registers of units and TCP panels."""

from __future__ import annotations

ZH_REGISTERS: dict[str, str] = {}
