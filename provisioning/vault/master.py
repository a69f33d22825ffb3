"""The master key: one file outside the database, and whoever has both has everything. Its first half wraps the keys of
persons and can be turned; its second half keys the digests by which people and tokens are found, and stays."""

from __future__ import annotations

from pathlib import Path

from provisioning.nouns.ids import RandomBytes
from provisioning.vault.keyfile import KeyDamaged, KeyMissing, make_secret, read_secret

TURNED_BYTES = 32
MASTER_BYTES = 64


def load_or_make(path: Path, random_bytes: RandomBytes, *, fresh: bool) -> bytes:
    """The master key of this file; made where none is there and the database is `fresh`, too.

    Raises `KeyMissing`, `KeyExposed`, `KeyDamaged`, `KeyUnreadable`.
    """
    master = read_secret(path)
    if master is None:
        if not fresh:
            raise KeyMissing(path=path)
        master = make_secret(path, random_bytes(MASTER_BYTES), random_bytes)
    if len(master) != MASTER_BYTES:
        raise KeyDamaged(path=path)
    return master


def turned(master: bytes, random_bytes: RandomBytes) -> bytes:
    """A master that wraps anew, for `Vault.rewrap`; its digests are those of the old one."""
    return random_bytes(TURNED_BYTES) + master[TURNED_BYTES:]
