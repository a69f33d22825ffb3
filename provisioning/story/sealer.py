"""Gives events their places in the tree, and signs what the tree has become. One sealer at a time holds the lease. It
signs nothing that contradicts the last checkpoint, in the database or outside: a log must never do that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from provisioning.nouns.refusals import Refusal, StoreBusy, StoreFull
from provisioning.nouns.told import Checkpoint
from provisioning.store import eras
from provisioning.store import story as rows
from provisioning.store.engine import Store, Tx
from provisioning.story import outside
from provisioning.story.notes import NoteBroken
from provisioning.story.offline import leap
from provisioning.story.signing import Signer
from provisioning.story.story import ANCHORS, WAKES
from provisioning.story.tail import Tail, TailForeign, TailUnwritable
from provisioning.story.tree import Frontier

LEASE = "sealer"
LEASE_S = 3.0  # each use of it is checked in its own transaction, so this only says how soon another may follow
GATHER_S = 0.5
RETRY_S = 1.0
CHECKPOINT_EVERY_S = 60.0
SEALED_AT_ONCE_MAX = 5_000
ROUNDS_MAX = 40
TAILED_AT_ONCE_MAX = 2_000

Hop = Callable[..., Awaitable[Any]]
Report = Callable[[Tx, Refusal], object]


class StoryBroken(Refusal):
    """The story no longer agrees with its signed checkpoint for {size} events, so nothing more is signed. Run
    'foyer audit verify' to see where, and keep the database and {path} as they are."""

    status = 500


class Sealer:
    """Seals within a second of each event, and signs a checkpoint each minute in which something was told; at once where
    an act asks for it.

    `report` is told, in a transaction of its own, why nothing can be signed, or the tail not written; it is told again
    each minute while so. What a checkpoint covers goes into the `tail` before it is signed.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        outside_path: Path,
        report: Report | None = None,
        tail: Tail | None = None,
    ) -> None:
        self._store = store
        self._signer = signer
        self._path = outside_path
        self._report = report
        self._tail = tail
        self._owner = store.ids.new("sealer")
        self._tree = Frontier()
        self._agreed = 0
        self._anchors = False
        self._wake: Callable[[], object] | None = None
        store.listen(self._heard)

    def seal_once(self) -> int:
        """Give a place to every event that has none; how many. 0 where another sealer holds the lease."""
        with self._store.reading() as tx:
            if not rows.unsealed_ids(tx, 1):
                return 0
        total = 0
        for _ in range(ROUNDS_MAX):
            placed = self._place_some()
            total += placed
            if placed < SEALED_AT_ONCE_MAX:
                break
        return total

    def checkpoint_once(self) -> Checkpoint | None:
        """Copy what is new into the tail, and sign the tree, where it has grown and the lease is ours, into the database
        and then outside.

        Raises `StoryBroken` and signs nothing where the last checkpoint does not agree; `OutsideUnwritable`.
        """
        with self._store.writing() as tx:
            if not self._lease(tx):
                return None
        with self._store.reading() as tx:
            last = rows.last_checkpoint(tx)
            self._mend_outside(tx, last)
            self._grow(tx, last)
            size, root = self._tree.size, self._tree.root()
        self._copy(size)
        if size == (last.size if last else 0):
            return None
        return self._sign(last, size, root)

    async def run(self, stop: asyncio.Event, hop: Hop) -> None:
        """Seal and sign until told to stop, and once more then. `hop` runs a call that may block, and awaits it."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(told.set)
        told.set()
        due = loop.time()
        try:
            while not stop.is_set():
                await _first_of(stop, told, timeout_s=max(0.0, due - loop.time()))
                if told.is_set():
                    await _first_of(stop, timeout_s=GATHER_S)
                    told.clear()
                    if not await self._step(hop, self._seal_all):
                        await _first_of(stop, timeout_s=RETRY_S)
                        told.set()
                if loop.time() >= due or self._anchors:
                    self._anchors = False
                    await self._step(hop, self.seal_once)
                    await self._step(hop, self.checkpoint_once)
                    due = loop.time() + CHECKPOINT_EVERY_S
            for last in (self.seal_once, self.checkpoint_once, self._leave):
                await self._step(hop, last)
        finally:
            self._wake = None

    def _seal_all(self) -> bool:
        """Whether nothing waits any more: another sealer that died may hold the lease for a while."""
        self.seal_once()
        with self._store.reading() as tx:
            return not rows.unsealed_ids(tx, 1)

    async def _step(self, hop: Hop, job: Callable[[], object]) -> bool:
        """Whether it was done; if not, it is to be tried again soon. Why nothing can be signed is told each minute."""
        try:
            return await hop(job) is not False
        except (StoreBusy, StoreFull):
            return False
        except (StoryBroken, outside.OutsideUnwritable, outside.OutsideDamaged) as refusal:
            if self._report:
                await self._step(hop, partial(self._tell_of, refusal))
        return True

    def _copy(self, size: int) -> None:
        """Into the tail, up to a size. A tail that cannot be written keeps nothing from being signed: it shows as short."""
        if self._tail is None:
            return
        try:
            with self._store.reading() as tx:
                while some := list(islice(rows.sealed(tx, self._tail.reaches(), size), TAILED_AT_ONCE_MAX)):
                    self._tail.append(some, eras.images(tx, some), tx.now)
        except (TailUnwritable, TailForeign) as refusal:
            self._tell_of(refusal)

    def _tell_of(self, refusal: Refusal) -> None:
        if self._report:
            with self._store.writing() as tx:
                self._report(tx, refusal)

    def _heard(self, topics: frozenset[str]) -> None:
        self._anchors |= ANCHORS in topics
        wake = self._wake
        if wake and WAKES in topics:
            with suppress(RuntimeError):  # the loop was closed meanwhile: whoever told us must not suffer for it
                wake()

    def _lease(self, tx: Tx) -> bool:
        return rows.take_lease(tx, LEASE, self._owner, tx.now + timedelta(seconds=LEASE_S))

    def _leave(self) -> None:
        with self._store.writing() as tx:
            rows.drop_lease(tx, LEASE, self._owner)

    def _place_some(self) -> int:
        with self._store.writing() as tx:
            if not self._lease(tx):
                return 0
            ids = rows.unsealed_ids(tx, SEALED_AT_ONCE_MAX)
            rows.place(tx, dict(zip(ids, range(start := rows.size(tx), start + len(ids)), strict=True)))
            tx.wake("sealed")
        return len(ids)

    def _grow(self, tx: Tx, last: Checkpoint | None) -> None:
        """Take in the leaves that are new, past the last checkpoint, which must agree with what was there before."""
        if last and last.size > self._agreed:
            if self._tree.size > last.size:
                self._tree = Frontier()  # another sealer signed a smaller tree than we have seen: count again
            self._take_in(tx, last.size)
            if self._tree.size < last.size:
                self._leap(tx, last.size)
            if not self._agrees(last):
                self._tree, self._agreed = Frontier(), 0
                raise StoryBroken(size=last.size, path=str(self._path))
            self._agreed = last.size
        self._take_in(tx, None)

    def _take_in(self, tx: Tx, stop: int | None) -> None:
        for position, leaf in rows.leaves(tx, self._tree.size, stop):
            if position != self._tree.size:
                self._leap(tx, position)
            if not isinstance(leaf, bytes):
                raise StoryBroken(size=position, path=str(self._path))
            self._tree.add(leaf)

    def _leap(self, tx: Tx, to: int) -> None:
        """Go on past events that a restore lost, from the subtrees that were kept outside."""
        began = rows.event_at(tx, to)
        tree = None if began is None else leap(began.body, self._tree.size, to)
        if tree is None:
            raise StoryBroken(size=to, path=str(self._path))
        self._tree = tree

    def _agrees(self, last: Checkpoint) -> bool:
        try:
            head = self._signer.verifying_key.head(last.note)
        except NoteBroken:
            return False
        return (head.size, head.root) == (last.size, self._tree.root()) == (self._tree.size, last.root)

    def _mend_outside(self, tx: Tx, last: Checkpoint | None) -> None:
        """Write what a crash kept from being written outside: one checkpoint at most. More is no crash."""
        note = outside.last_note(self._path)
        if note == (last.note if last else None):
            return
        before = rows.checkpoint_before(tx, last.size) if last else None
        if last is None or note != (before.note if before else None):
            raise StoryBroken(size=last.size if last else 0, path=str(self._path))
        outside.append(self._path, last, self._roots(tx, last.size))

    def _sign(self, last: Checkpoint | None, size: int, root: bytes) -> Checkpoint | None:
        with self._store.writing() as tx:
            if not self._lease(tx) or rows.last_checkpoint(tx) != last:
                return None
            made = Checkpoint(size, root, tx.now, self._signer.checkpoint(size, root))
            rows.add_checkpoint(tx, made)
        self._agreed = size
        outside.append(self._path, made, self._tree.roots)
        return made

    def _roots(self, tx: Tx, size: int) -> list[bytes]:
        """The full subtrees of an earlier tree: counted from the beginning, as seldom as a crash comes at that instant."""
        present, self._tree = self._tree, Frontier()
        try:
            self._take_in(tx, size)
            return self._tree.roots
        finally:
            self._tree = present


async def _first_of(*events: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
