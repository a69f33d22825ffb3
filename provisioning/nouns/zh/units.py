"""Chinese twins: seats and flats."""

from __future__ import annotations

ZH_UNITS: dict[str, str] = {}
