"""Chinese twins: backups, restores and eras."""

from __future__ import annotations

ZH_ERAS: dict[str, str] = {}
