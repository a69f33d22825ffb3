"""The loop under the processes that own wires."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run until it ends, on uvloop: each datagram and each call takes a fifth less of the processor there than on asyncio's
    own loop (docs/decisions/0013)."""
    import uvloop

    return uvloop.run(main)
