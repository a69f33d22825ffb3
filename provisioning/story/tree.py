"""The Merkle tree of RFC 9162, section 2.1: pure, over SHA-256, and never more than log2(n) hashes in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32

Range = tuple[int, int]
Leaves = Callable[[int, int], Iterable[bytes]]


def leaf_hash(body: bytes) -> bytes:
    """The hash of an entry: the leading 0x00 keeps an entry from passing for a node (2.1.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees (2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the full subtrees of a growing tree, largest first: all that is needed to go on and to tell its root."""

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if len(roots) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees, not {len(roots)}")
        self.size = size
        self.roots = list(roots)

    def add(self, leaf: bytes) -> None:
        """One more leaf hash on the right."""
        node, left = leaf, self.size
        while left & 1:
            node = node_hash(self.roots.pop(), node)
            left >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree so far; that of an empty one is the hash of nothing."""
        if not self.roots:
            return hashlib.sha256(b"").digest()
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree with these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_proof(index: int, size: int, leaves: Leaves) -> tuple[bytes, ...]:
    """The path from a leaf to the root of the tree of that size (2.1.3.1). `leaves(start, stop)` gives leaf hashes."""
    return _roots(_inclusion_ranges(index, size), leaves)


def consistency_proof(first: int, second: int, leaves: Leaves) -> tuple[bytes, ...]:
    """What shows that the tree of `second` leaves begins with that of `first`, 0 < first ≤ second (2.1.4.1)."""
    return _roots(_consistency_ranges(first, second), leaves)


def includes(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf to the root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def extends(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows the second tree to begin with the first (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    nodes = list(path)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)  # a full first tree is itself a node of the second, and so left out of the path
    if not nodes:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The largest power of two below the size: where RFC 9162 divides a tree."""
    return 1 << (size - 1).bit_length() - 1


def _roots(ranges: Sequence[Range], leaves: Leaves) -> tuple[bytes, ...]:
    return tuple(root_of(leaves(start, stop)) for start, stop in ranges)


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has none at {index}")
    start, stop = 0, size
    ranges: list[Range] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def _consistency_ranges(first: int, second: int) -> list[Range]:
    if not 0 < first <= second:
        raise ValueError(f"a tree of {second} leaves does not begin with one of {first}")
    start, stop = 0, second
    ranges: list[Range] = []
    while stop > first:
        middle = start + _split(stop - start)
        if first <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:
        ranges.append((start, stop))
    return ranges[::-1]
