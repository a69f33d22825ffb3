"""Checks an exported story, or one event's proof, with no database and no hub: only this file, `tree.py`, `notes.py`
and the signer's public key. Sentences are templates with fields, so that they can be said in any language."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from provisioning.story.notes import Head, NoteBroken, VerifyingKey, read_vkey
from provisioning.story.tree import Frontier, extends, includes, leaf_hash

EXPORT_MARK = "foyer story export 1"
PROOF_MARK = "foyer event proof 1"
ERA_BEGUN = "era.begun"
CONSISTENCY_MARK = "foyer consistency proof 1"


class Sentence(StrEnum):
    """What a check can come to."""

    AGREES = "{events} events agree with {checkpoints} signed checkpoints; the last {unsigned} are not under one yet."
    AGREES_WITHOUT_SOME = (
        "{events} events agree with {checkpoints} signed checkpoints; the last {unsigned} are not under one yet. {lost} "
        "more were lost when a backup was put back: they were signed, and what came later goes on from their signature."
    )
    AGREES_BY_ITS_OWN_KEY = (
        "{events} events agree with {checkpoints} checkpoints, but the key came with the file: "
        "compare it with the hub's."
    )
    EVENT_CHANGED = (
        "The event at position {position} was changed: its body does not have the hash that was written with it. "
        "Keep this copy as it is, and compare it with a backup."
    )
    UNREADABLE = (
        "The row of an event at position {position} or after it cannot be read: it holds what was never written there. "
        "Keep this copy as it is, and compare it with a backup."
    )
    EVENT_MISSING = (
        "The event at position {position} is missing: the next one is at {found}. "
        "Keep this copy as it is, and compare it with a backup."
    )
    NOT_AS_SIGNED = (
        "The events from position {since} up to {size} are not those that were signed: at least one was changed, "
        "removed, added or moved. Keep this copy as it is, and compare it with a backup."
    )
    CUT_SHORT = (
        "The story ends at position {events}, but {size} events were signed: its end was removed, or an old backup was "
        "put back. Keep this copy as it is, and look for a newer one."
    )
    NOT_SIGNED = (
        "The checkpoint for {size} events does not bear the signature of {origin}. Ask the hub for its key again."
    )
    OUT_OF_PLACE = "The checkpoint for {size} events stands behind event {position}. Export the story again."
    NO_EXPORT = "Line {line} is not that of an exported story. Export it again."
    NO_PROOF = "This is not a proof as this system writes it. Ask for it again."
    NO_KEY = "This is not a public key of a story (a vkey). Ask the hub for it."
    PROVED = "The event at position {position} is in the story of {size} events that {origin} signed."
    PROVED_BY_ITS_OWN_KEY = (
        "The event at position {position} is in a signed story of {size} events, but the key came with the proof: "
        "compare it with the hub's."
    )
    NOT_PROVED = "The proof does not lead from the event at position {position} to the signed root. Ask for it again."
    EXTENDS = "The signed story of {second} events begins with the signed story of {first} events."
    NOT_EXTENDED = "The signed story of {second} events does not begin with that of {first}: something was rewritten."
    COLUMNS_CHANGED = (
        "The event at position {position} was changed: its columns say something else than its body. "
        "Keep this database as it is, and compare it with a backup."
    )
    WAITING_CHANGED = (
        "Event {id}, which waits for its position, was changed: its body does not have the hash that was written with it. "
        "Keep this database as it is, and compare it with a backup."
    )
    NOT_IN_DATABASE = (
        "The checkpoint for {size} events is kept outside, but the database does not have it: its end was removed, or an "
        "old backup was put back. Keep this database as it is, and look for a newer one."
    )
    NOT_OUTSIDE = (
        "The checkpoint for {size} events is in the database, but not in {path}. Put back that file's copy, and find out "
        "who changed it."
    )
    TWO_CHECKPOINTS = (
        "The checkpoint for {size} events in the database is another than that in {path}. Keep both as they are, and "
        "compare them with a backup."
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it all agrees, and the sentence that says so or names the first thing that does not."""

    ok: bool
    template: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Broken(Exception):
    """The first thing that does not agree."""

    def __init__(self, template: str, **fields: object) -> None:
        self.verdict = Verdict(ok=False, template=template, fields=fields)
        super().__init__(template.format_map(fields))


class Walk:
    """Goes along a story event by event and holds it against checkpoints. Each must agree with the one same growing
    tree, so that they agree with one another, too."""

    def __init__(self, key: VerifyingKey, frontier: Frontier | None = None) -> None:
        self.key = key
        self.tree = frontier or Frontier()
        self.signed = self.tree.size
        self.checkpoints = 0
        self.lost = 0
        self._ahead: list[Head] = []

    def event(self, position: int, leaf: bytes, body: bytes | None) -> None:
        """The next event; without a body where only its leaf is known. Raises `Broken`."""
        if position > self.tree.size and body is not None:
            self._leap(position, body)
        if position != self.tree.size:
            raise Broken(Sentence.EVENT_MISSING, position=self.tree.size, found=position)
        if body is not None and not (isinstance(body, bytes) and leaf_hash(body) == leaf):
            raise Broken(Sentence.EVENT_CHANGED, position=position)
        self.tree.add(leaf)

    def ahead(self, head: Head) -> None:
        """A signed head of events that are not here: right only where the next event says that a restore lost them."""
        self._ahead.append(head)

    def end(self) -> None:
        """No event comes any more. Raises `Broken`."""
        if self._ahead:
            raise Broken(Sentence.CUT_SHORT, events=self.tree.size, size=self._ahead[0].size)

    def agrees(self, span: int, unsigned: int, *, own_key: bool = False) -> Verdict:
        """That all of `span` places agree; those whose events were lost are told apart."""
        fields = {"events": span - self.lost, "checkpoints": self.checkpoints, "unsigned": unsigned}
        if own_key:
            return Verdict(ok=True, template=Sentence.AGREES_BY_ITS_OWN_KEY, fields=fields)
        if self.lost:
            return Verdict(ok=True, template=Sentence.AGREES_WITHOUT_SOME, fields=fields | {"lost": self.lost})
        return Verdict(ok=True, template=Sentence.AGREES, fields=fields)

    def _leap(self, position: int, body: bytes) -> None:
        tree = leap(body, self.tree.size, position)
        last = self._ahead[-1] if self._ahead else None
        if tree is None or last is None:
            return
        if (last.size, last.root) != (tree.size, tree.root()):
            raise Broken(Sentence.NOT_AS_SIGNED, since=self.signed, size=last.size)
        self.lost += position - self.tree.size
        self.checkpoints += len(self._ahead)
        self.tree, self.signed = tree, position
        self._ahead.clear()

    def head(self, note: str, size: int | str = "?") -> Head:
        """The tree head of a note that the key signed. Raises `Broken`."""
        try:
            return self.key.head(note)
        except NoteBroken as error:
            raise Broken(Sentence.NOT_SIGNED, size=size, origin=self.key.name) from error

    def checkpoint(self, head: Head) -> None:
        """A signed head that stands just here. Raises `Broken`."""
        if head.size > self.tree.size:
            raise Broken(Sentence.CUT_SHORT, events=self.tree.size, size=head.size)
        if head.size < self.tree.size:
            raise Broken(Sentence.OUT_OF_PLACE, size=head.size, position=self.tree.size)
        if head.root != self.tree.root():
            raise Broken(Sentence.NOT_AS_SIGNED, since=self.signed, size=head.size)
        self.signed = head.size
        self.checkpoints += 1


def leap(body: bytes, since: int, until: int) -> Frontier | None:
    """The tree of `until` leaves, where the event at that place tells of an era for which those from `since` on are lost,
    and keeps that tree's full subtrees; else None."""
    try:
        told = json.loads(body)
        lost = told["data"]["lost"]
        if told["kind"] != ERA_BEGUN or (lost["since"], lost["until"]) != (since, until):
            return None
        return Frontier(until, _unb64_all(lost["roots"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def verify_export(lines: Iterable[str], vkey: str | None = None) -> Verdict:
    """Check an exported story line by line, in bounded memory. Without `vkey` the file's own key is used, which shows
    only that the file agrees with itself."""
    try:
        return _export(lines, vkey)
    except Broken as broken:
        return broken.verdict


def verify_proof(text: str, vkey: str | None = None) -> Verdict:
    """Check one event's proof of inclusion."""
    try:
        proof = _fields(text, PROOF_MARK)
        key = _key(vkey or proof["vkey"])
        head = Walk(key).head(proof["checkpoint"])
        position, leaf, path = proof["position"], leaf_hash(proof["body"].encode()), _unb64_all(proof["path"])
        whole = isinstance(position, int)
    except Broken as broken:
        return broken.verdict
    except (KeyError, TypeError, ValueError, AttributeError):
        return Verdict(ok=False, template=Sentence.NO_PROOF)
    fields = {"position": position, "size": head.size, "origin": key.name}
    if not whole or not includes(position, head.size, leaf, path, head.root):
        return Verdict(ok=False, template=Sentence.NOT_PROVED, fields=fields)
    return Verdict(ok=True, template=Sentence.PROVED if vkey else Sentence.PROVED_BY_ITS_OWN_KEY, fields=fields)


def verify_consistency(text: str, vkey: str) -> Verdict:
    """Check that one signed story begins with another."""
    try:
        proof = _fields(text, CONSISTENCY_MARK)
        walk = Walk(_key(vkey))
        first, second = walk.head(proof["first"]), walk.head(proof["second"])
        path = _unb64_all(proof["path"])
    except Broken as broken:
        return broken.verdict
    except (KeyError, TypeError, ValueError, AttributeError):
        return Verdict(ok=False, template=Sentence.NO_PROOF)
    good = extends(first.size, second.size, first.root, second.root, path)
    fields = {"first": first.size, "second": second.size}
    return Verdict(ok=good, template=Sentence.EXTENDS if good else Sentence.NOT_EXTENDED, fields=fields)


def _export(lines: Iterable[str], vkey: str | None) -> Verdict:
    numbered = enumerate(lines, start=1)
    walk, until = _opened(next(numbered, (1, ""))[1], vkey)
    since = walk.tree.size
    for number, line in numbered:
        try:
            _line(walk, json.loads(line))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Broken(Sentence.NO_EXPORT, line=number) from error
    walk.end()
    if walk.tree.size < until:
        raise Broken(Sentence.CUT_SHORT, events=walk.tree.size, size=until)
    return walk.agrees(until - since, max(0, until - walk.signed), own_key=not vkey)


def _opened(line: str, vkey: str | None) -> tuple[Walk, int]:
    try:
        header = _fields(line, EXPORT_MARK)
        frontier = Frontier(header["since"], _unb64_all(header["before"]))
        return Walk(_key(vkey or header["vkey"]), frontier), int(header["until"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken(Sentence.NO_EXPORT, line=1) from error


def _line(walk: Walk, row: Mapping[str, Any]) -> None:
    if "checkpoint" in row:
        head = walk.head(row["checkpoint"])
        if head.size > walk.tree.size:
            walk.ahead(head)
        else:
            walk.checkpoint(head)
    else:
        body = row.get("body")
        walk.event(int(row["position"]), base64.b64decode(row["leaf"]), None if body is None else body.encode())


def _fields(text: str, mark: str) -> Mapping[str, Any]:
    row = json.loads(text)
    if row["is"] != mark:
        raise ValueError(mark)
    return row


def _key(vkey: str) -> VerifyingKey:
    try:
        return read_vkey(vkey)
    except NoteBroken as error:
        raise Broken(Sentence.NO_KEY) from error


def _unb64_all(texts: Iterable[str]) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts]
