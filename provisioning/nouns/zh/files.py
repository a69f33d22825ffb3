"""Chinese twins: HR files as offices send them."""

from __future__ import annotations

ZH_FILES: dict[str, str] = {}
