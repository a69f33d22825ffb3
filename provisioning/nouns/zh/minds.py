"""Chinese twins: holds and previews."""

from __future__ import annotations

ZH_MINDS: dict[str, str] = {}
