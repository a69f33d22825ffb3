"""What a fuzzing run ends with when something happened that must not."""

from __future__ import annotations


class Breach(Exception):
    """What happened; `frames` are those that led there, the last of them last."""

    def __init__(self, what: str, frames: list[bytes]) -> None:
        super().__init__(what)
        self.frames = frames
