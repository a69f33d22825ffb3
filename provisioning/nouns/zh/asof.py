"""Chinese twins: who and when."""

from __future__ import annotations

ZH_ASOF: dict[str, str] = {}
