"""Chinese twins: the full campus."""

from __future__ import annotations

ZH_SITES: dict[str, str] = {}
