"""The tree against the vectors of Certificate Transparency, against pymerkle as an independent judge, and against liars."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from provisioning.story.tree import (
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

# The entries and roots of Certificate Transparency's own reference tests (certificate-transparency-go, merkle)
ENTRIES = [bytes.fromhex(entry) for entry in ("", "00", "10", "2021", "3031", "40414243")] + [
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]


def between(start, stop):
    return LEAVES[start:stop]


def judged(size):
    """pymerkle's tree over the same entries."""
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(str(number).encode())
    return tree


def test_roots_match_certificate_transparency():
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    assert [root_of(hashes[:size]).hex() for size in range(9)] == ROOTS


def test_an_entry_cannot_pass_for_a_node():
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 31, 32, 33, 64, 70])
def test_roots_match_the_judge(size):
    assert root_of(LEAVES[:size]) == judged(size).get_root(size)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 33])
def test_inclusion_proofs_match_the_judge(size):
    judge = judged(size)
    for index in range(size):
        expected = judge.prove_inclusion(index + 1, size).serialize()["path"]
        ours = [LEAVES[index], *inclusion_proof(index, size, between)]
        assert [node.hex() for node in ours] == [node.removeprefix("0x") for node in expected]


def test_every_inclusion_proof_holds_and_holds_nowhere_else():
    for size in range(1, 20):
        root = root_of(LEAVES[:size])
        for index in range(size):
            path = inclusion_proof(index, size, between)
            assert includes(index, size, LEAVES[index], path, root)
            assert [at for at in range(size) if includes(at, size, LEAVES[index], path, root)] == [index]
            assert not includes(index, size, LEAVES[index], (*path, root), root)
            assert not includes(index, size, LEAVES[index], path[:-1], root) or not path
            assert not includes(index, size, LEAVES[69], path, root)


def test_every_consistency_proof_holds_and_shows_no_other_tree():
    other = [LEAVES[69], *LEAVES[1:]]
    for second in range(1, 20):
        root = root_of(LEAVES[:second])
        for first in range(1, second + 1):
            path = consistency_proof(first, second, between)
            old = root_of(LEAVES[:first])
            assert extends(first, second, old, root, path)
            assert not extends(first, second, root_of(other[:first]), root, path)
            assert not extends(first, second, old, root_of(other[:second]), path)
            assert not extends(first, second, old, root, (*path, root))
            assert not extends(first, second, old, root, path[:-1]) or not path


def test_nonsense_is_no_proof():
    root = root_of(LEAVES[:4])
    assert not includes(4, 4, LEAVES[0], (), root)
    assert not includes(-1, 4, LEAVES[0], (), root)
    assert not extends(0, 4, root, root, ())
    assert not extends(5, 4, root, root, ())
    assert not extends(3, 4, root, root, ())
    for index, size in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(ValueError, match="leaves"):
            inclusion_proof(index, size, between)
    with pytest.raises(ValueError, match="begin"):
        consistency_proof(0, 4, between)


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_frontier_goes_on_from_its_roots(first, second):
    start, stop = sorted((first, second))
    before = Frontier()
    for leaf in LEAVES[:start]:
        before.add(leaf)
    resumed = Frontier(start, before.roots)
    for leaf in LEAVES[start:stop]:
        resumed.add(leaf)
    assert resumed.root() == root_of(LEAVES[:stop])
    assert len(resumed.roots) == stop.bit_count()


def test_a_frontier_with_too_few_roots_is_none():
    with pytest.raises(ValueError, match="subtrees"):
        Frontier(3, [LEAVES[0]])
