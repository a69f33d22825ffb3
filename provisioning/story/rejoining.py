"""What of a tail joins on to a restored story: only what goes on from it without a gap, and agrees with every checkpoint
that was signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.contract import Json
from provisioning.nouns.told import Checkpoint, Event
from provisioning.store import eras
from provisioning.store import story as rows
from provisioning.store.engine import Tx
from provisioning.story import outside
from provisioning.story.notes import NoteBroken, VerifyingKey
from provisioning.story.offline import leap
from provisioning.story.proofs import tree_of
from provisioning.story.tail import NO_TAIL, Read
from provisioning.story.tree import Frontier

NO_CHECKPOINTS = "{path} is missing, so nobody can tell whether the tail reaches the end of the story."
NOT_OURS = "{path} holds a checkpoint that this hub's key did not sign."
GAP = "The tail goes on at event {found}, but the backup and the tail before it end at {events}."
FORK = "The tail tells something else of event {id} than the backup does."
CONTRADICTS = "The tail does not agree with the checkpoint that was signed for {size} events."
SHORT = "The tail ends at event {events}, but {size} were signed."
UNTAILED = "The backup ends at event {events}, but {size} were signed."
NO_ROOTS = "{path} does not keep the tree of its last checkpoint, so the story cannot be signed any more."

Fault = tuple[str, Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Lost:
    """Places [since, until) whose events are gone; `roots` are the full subtrees of the tree of `until` leaves, `note` what
    was signed of it."""

    since: int
    until: int
    roots: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Joined:
    """What joins: places for events that the backup has unsealed, events that it has not, and checkpoints. `whole` tells
    that nothing that was signed is missing."""

    places: Mapping[int, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    lost: Lost | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the story is as it was when the last checkpoint was signed, or further."""
        return not self.faults


def rejoin(tx: Tx, read: Read, checkpoints: Path, key: VerifyingKey) -> Joined:
    """Hold a tail against the database and against the checkpoints outside."""
    faults: list[Fault] = [*read.faults]
    stones = _stones(checkpoints, key, faults)
    tree = tree_of(tx)
    start = tree.size
    heads = {made.size: made.root for made, _ in stones if made.size > start}
    kept = _kept(tx, read.events, tree, heads, faults)
    last = rows.last_checkpoint(tx)
    more = tuple(made for made, _ in stones if made.size > (last.size if last else 0))
    grown = start + len(kept) if not kept else (kept[-1].position or 0) + 1
    ours = eras.leaves_by_id(tx, [one.id for one in kept])
    return Joined(
        places={one.id: one.position for one in kept if one.id in ours and one.position is not None},
        events=tuple(one for one in kept if one.id not in ours),
        checkpoints=more,
        lost=_lost(grown, stones, checkpoints, faults),
        faults=tuple(faults),
    )


def _stones(path: Path, key: VerifyingKey, faults: list[Fault]) -> list[tuple[Checkpoint, tuple[bytes, ...]]]:
    """The checkpoints outside, in order, with their subtrees."""
    found: list[tuple[Checkpoint, tuple[bytes, ...]]] = []
    try:
        for stone in outside.stones(path):
            head = key.head(stone.note)
            found.append((Checkpoint(head.size, head.root, stone.at, stone.note), stone.roots))
    except outside.OutsideDamaged as damaged:
        faults.append((damaged.template(), {"path": str(path)}))
    except NoteBroken:
        faults.append((NOT_OURS, {"path": str(path)}))
    if not found:
        faults.append((NO_CHECKPOINTS, {"path": str(path)}))
    return found


def _kept(
    tx: Tx, events: Sequence[Event], tree: Frontier, heads: Mapping[int, bytes], faults: list[Fault]
) -> list[Event]:
    """The events that go on from the tree; where a checkpoint contradicts them, those up to the last that does not."""
    start = tree.size
    following = [one for one in events if one.position is not None and one.position >= start]
    known = eras.leaves_by_id(tx, [one.id for one in following])
    newest = eras.last_event(tx)
    kept: list[Event] = []
    agreed = 0
    # What an earlier restore lost is no more known by this one; only two people may have accepted that.
    unaccepted: dict[str, Json] | None = None
    for one in following:
        if one.position != tree.size:
            before = tree.size
            tree = (None if one.position is None else leap(one.body, tree.size, one.position)) or tree
            if tree.size > before:
                unaccepted = {"events": before, "size": tree.size}
        if one.position != tree.size:
            faults.append((GAP, {"found": one.position, "events": tree.size}))
            break
        if known.get(one.id, one.leaf) != one.leaf or (newest and one.id not in known and one.id <= newest.id):
            faults.append((FORK, {"id": one.id}))
            break
        tree.add(one.leaf)
        kept.append(one)
        if one.kind == "era.settled":
            unaccepted = None
        if tree.size in heads:
            if heads[tree.size] != tree.root():
                faults.append((CONTRADICTS, {"size": tree.size}))
                return kept[:agreed]
            agreed = len(kept)
    if unaccepted is not None:
        faults.append((SHORT, unaccepted))
    return kept


def _lost(
    grown: int, stones: Sequence[tuple[Checkpoint, tuple[bytes, ...]]], path: Path, faults: list[Fault]
) -> Lost | None:
    if not stones or stones[-1][0].size <= grown:
        return None
    last, roots = stones[-1]
    short = UNTAILED if any(template == NO_TAIL for template, _ in faults) else SHORT
    faults.append((short, {"events": grown, "size": last.size}))
    if len(roots) != last.size.bit_count() or Frontier(last.size, roots).root() != last.root:
        faults.append((NO_ROOTS, {"path": str(path)}))
        return None
    return Lost(grown, last.size, roots, last.note)
