"""Chinese twins: HR notices and people's lives."""

from __future__ import annotations

ZH_LIVES: dict[str, str] = {}
