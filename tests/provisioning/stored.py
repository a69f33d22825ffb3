"""An empty store for tests: a database is brought to this version's shape once in each process, and copied from then on."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from devices.clock import Clock, SetClock
from provisioning.nouns.ids import Ids, RandomBytes
from provisioning.store.engine import Store


def stored(path: Path, clock: Clock, random_bytes: RandomBytes) -> Store:
    """A store with no row in it, at a path where nothing is."""
    path.write_bytes(_empty())
    return Store(path, clock, Ids(random_bytes))


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Store(path, SetClock(datetime(2026, 1, 1, tzinfo=UTC)), Ids(random.Random(0).randbytes)).close()
        assert [each.name for each in path.parent.iterdir()] == [path.name], "all of it is in the one file"
        return path.read_bytes()
