"""Names that nothing else has: ids and secrets, made from randomness that is handed in."""

from __future__ import annotations

import base64
from collections.abc import Callable

ID_BYTES = 10
TOKEN_BYTES = 32

RandomBytes = Callable[[int], bytes]


class Ids:
    """Makes ids such as `per-k3v6…` (80 random bits, sixteen letters) and secret tokens."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self.random_bytes = random_bytes

    def new(self, prefix: str) -> str:
        """An id nobody else has; the prefix says what it names."""
        return f"{prefix}-{base64.b32encode(self.random_bytes(ID_BYTES)).decode().lower()}"

    def token(self) -> str:
        """A secret of 256 bits, safe in a header and a URL."""
        return "foyer_" + base64.urlsafe_b64encode(self.random_bytes(TOKEN_BYTES)).decode().rstrip("=")
