"""What an auditor asks of the story: is it whole, give me a piece of it, prove this event. Reads only, in order, some
rows at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Checkpoint, Event
from provisioning.store import story as rows
from provisioning.store.engine import Tx
from provisioning.story import offline, outside
from provisioning.story.notes import Head, VerifyingKey
from provisioning.story.offline import Broken, Sentence, Verdict, Walk
from provisioning.story.tree import Frontier, Leaves, consistency_proof, inclusion_proof, leaf_hash

BEHIND_MAX = 1  # a crash between the database and the file leaves one checkpoint unwritten outside; the sealer mends it


class NotSignedYet(Refusal):
    """Event {id} is not under a signed checkpoint yet. One is signed each minute: ask again then."""

    status = 409


class NotProvable(Refusal):
    """Event {id} cannot be proved by itself, for events beside it were lost when a backup was put back. The whole story can
    still be checked: foyer audit export FILE"""

    status = 409


@dataclass(frozen=True, slots=True)
class Proof:
    """That an event is in the story: its place, its path to the root, and the signed checkpoint that names the root."""

    position: int
    body: str
    path: tuple[bytes, ...]
    checkpoint: str
    vkey: str

    def json(self) -> str:
        """The text that `offline.verify_proof` reads."""
        return _json(
            {
                "is": offline.PROOF_MARK,
                "position": self.position,
                "body": self.body,
                "path": _b64_all(self.path),
                "checkpoint": self.checkpoint,
                "vkey": self.vkey,
            }
        )


class Proofs:
    """Answers auditors. `outside` is the file to which the sealer copies its checkpoints."""

    def __init__(self, key: VerifyingKey, outside_path: Path) -> None:
        self.key = key
        self._path = outside_path

    def verify(self, tx: Tx) -> Verdict:
        """Whether every event is as it was written and signed, in the database and outside; else the first that is not.

        `tx` must be a view that has read nothing yet: what the sealer writes outside meanwhile would seem too new.
        """
        notes = outside.notes_in(self._path, outside.end_of(self._path))
        walk = Walk(self.key)
        try:
            _along(tx, walk, self._heads(tx, walk, notes))
            waiting = _check_waiting(tx)
        except Broken as broken:
            return broken.verdict
        except (TypeError, ValueError, OverflowError):  # SQLite lets a tamperer put text where numbers or bytes belong
            return Verdict(ok=False, template=Sentence.UNREADABLE, fields={"position": walk.tree.size})
        except outside.OutsideDamaged as damaged:
            return Verdict(ok=False, template=damaged.template(), fields=damaged.fields)
        events = walk.tree.size + waiting
        return walk.agrees(events, events - walk.signed)

    def export(self, tx: Tx, since: int = 0, until: int | None = None) -> Iterator[str]:
        """The events at positions [since, until) as JSON lines, with what `offline.verify_export` needs: the tree before
        them, the checkpoints among them, and bare hashes up to the first checkpoint that covers the last of them."""
        size = rows.size(tx)
        stop = size if until is None else max(0, min(until, size))
        start = max(0, min(since, stop))
        before = tree_of(tx, start)
        header = {
            "is": offline.EXPORT_MARK,
            "origin": self.key.name,
            "vkey": self.key.text(),
            "since": start,
            "until": stop,
        }
        yield _json({**header, "before": _b64_all(before.roots)})
        covering = rows.checkpoint_from(tx, stop)
        end = covering.size if covering and start < stop else stop
        heads = rows.checkpoints(tx, start + 1)
        upcoming = next(heads, None)
        for position, line in _lines(tx, start, stop, end):
            while upcoming and upcoming.size <= position:
                yield _json({"checkpoint": upcoming.note, "at": upcoming.at.isoformat()})
                upcoming = next(heads, None)
            yield line
            if upcoming and upcoming.size == position + 1:
                yield _json({"checkpoint": upcoming.note, "at": upcoming.at.isoformat()})
                upcoming = next(heads, None)

    def prove(self, tx: Tx, event_id: int) -> Proof:
        """That the event with this id is in the signed story. Raises `NotFound`, `NotSignedYet`."""
        event = rows.event_of(tx, event_id)
        if event is None:
            raise NotFound(what="event", name=event_id, where="foyer audit export")
        last = rows.last_checkpoint(tx)
        if event.position is None or last is None or event.position >= last.size:
            raise NotSignedYet(id=event_id)
        lost = rows.first_gap(tx)
        if lost is not None:
            # What the lost leaves are part of cannot be counted again: an earlier signature may do without them.
            before = rows.last_checkpoint_to(tx, lost)
            if before is None or event.position >= before.size:
                raise NotProvable(id=event_id)
            last = before
        path = inclusion_proof(event.position, last.size, _leaves_in(tx))
        return Proof(event.position, event.body.decode(), path, last.note, self.key.text())

    def prove_consistency(self, tx: Tx, first: int, second: int) -> str:
        """That the signed tree of `second` events begins with that of `first`: the text that
        `offline.verify_consistency` reads. Raises `NotFound` where no checkpoint has that size."""
        notes = [_of_size(tx, size).note for size in (first, second)]
        path = consistency_proof(first, second, _leaves_in(tx)) if 0 < first <= second else ()
        mark = {"is": offline.CONSISTENCY_MARK, "first": notes[0], "second": notes[1]}
        return _json({**mark, "path": _b64_all(path)})

    def _heads(self, tx: Tx, walk: Walk, notes: Iterator[str]) -> Iterator[Head]:
        """The signed heads of the database, each compared with its twin outside."""
        behind = 0
        for kept in rows.checkpoints(tx):
            head = walk.head(kept.note, kept.size)
            if (head.size, head.root) != (kept.size, kept.root):
                raise Broken(Sentence.NOT_SIGNED, size=kept.size, origin=self.key.name)
            note = next(notes, None)
            behind += note is None
            if behind > BEHIND_MAX:
                raise Broken(Sentence.NOT_OUTSIDE, size=kept.size, path=str(self._path))
            if note is not None and note != kept.note:
                raise self._unlike(head, walk.head(note))
            yield head
        left_over = next(notes, None)
        if left_over is not None:
            raise Broken(Sentence.NOT_IN_DATABASE, size=walk.head(left_over).size)

    def _unlike(self, inside: Head, apart: Head) -> Broken:
        if apart.size < inside.size:
            return Broken(Sentence.NOT_IN_DATABASE, size=apart.size)
        if apart.size > inside.size:
            return Broken(Sentence.NOT_OUTSIDE, size=inside.size, path=str(self._path))
        return Broken(Sentence.TWO_CHECKPOINTS, size=inside.size, path=str(self._path))


def tree_of(tx: Tx, size: int | None = None) -> Frontier:
    """The tree of the first so many leaves; past those that a restore lost, from what was kept of them."""
    tree = Frontier()
    for position, leaf in rows.leaves(tx, 0, size):
        if position > tree.size:
            began = rows.event_at(tx, position)
            tree = (offline.leap(began.body, tree.size, position) if began else None) or tree
        tree.add(leaf)
    return tree


def _along(tx: Tx, walk: Walk, heads: Iterator[Head]) -> None:
    upcoming = next(heads, None)
    for event in rows.sealed(tx, 0):
        position = event.position if event.position is not None else -1
        while upcoming and walk.tree.size < upcoming.size <= position:
            walk.ahead(upcoming)
            upcoming = next(heads, None)
        walk.event(position, event.leaf, event.body)
        if not _columns_agree(event):
            raise Broken(Sentence.COLUMNS_CHANGED, position=position)
        if upcoming and upcoming.size <= walk.tree.size:
            walk.checkpoint(upcoming)
            upcoming = next(heads, None)
    if upcoming:
        walk.checkpoint(upcoming)


def _check_waiting(tx: Tx) -> int:
    count = after = 0
    while some := rows.unsealed(tx, after, rows.READ_AT_ONCE):
        for event in some:
            if leaf_hash(event.body) != event.leaf or not _columns_agree(event):
                raise Broken(Sentence.WAITING_CHANGED, id=event.id)
        after = some[-1].id
        count += len(some)
    return count


def _columns_agree(event: Event) -> bool:
    try:
        body = json.loads(event.body)
        told = [body[name] for name in ("at", "kind", "actor", "person", "target", "trace")]
    except (ValueError, KeyError, TypeError):
        return False
    written = event.at.isoformat(timespec="microseconds")
    return told == [written, event.kind, event.actor, event.person, event.target, event.trace]


def _lines(tx: Tx, start: int, stop: int, end: int) -> Iterator[tuple[int, str]]:
    for event in rows.sealed(tx, start, stop):
        position = event.position if event.position is not None else -1
        row = {"position": position, "leaf": _b64(event.leaf), "body": event.body.decode()}
        yield position, _json(row)
    for position, leaf in rows.leaves(tx, stop, end):
        yield position, _json({"position": position, "leaf": _b64(leaf)})


def _leaves_in(tx: Tx) -> Leaves:
    return lambda start, stop: (leaf for _, leaf in rows.leaves(tx, start, stop))


def _of_size(tx: Tx, size: int) -> Checkpoint:
    found = rows.checkpoint_from(tx, size)
    if found is None or found.size != size:
        raise NotFound(what="checkpoint", name=size, where="foyer audit export")
    return found


def _json(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _b64_all(data: Iterable[bytes]) -> list[str]:
    return [_b64(one) for one in data]
