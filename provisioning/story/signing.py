"""Who signs the story's checkpoints: one Ed25519 key in a 0600 file beside the master key. Its name is the tree's origin
and is made with it, so that two houses are never taken for one."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.nouns.ids import RandomBytes
from provisioning.story.notes import ED25519, Head, VerifyingKey, is_name, key_id, signed_note
from provisioning.vault.keyfile import KeyDamaged, KeyMissing, make_secret, read_secret

SEED_BYTES = 32
INSTANCE_BYTES = 10
MARK = "PRIVATE+KEY"


class Signer:
    """Signs checkpoints. A log must never sign two that contradict each other: the sealer sees to that."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifying_key = VerifyingKey(name, self._key.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note of a tree head (C2SP tlog-checkpoint)."""
        key = self.verifying_key
        text = Head(key.name, size, root).text()
        return signed_note(text, key.name, key.id(), self._key.sign(text.encode()))


def load_or_make_signer(path: Path, random_bytes: RandomBytes, *, fresh: bool) -> Signer:
    """The signer of this file, which holds the key as Go's `sumdb/note` writes it; made where none is there and the
    database is `fresh`, too. Raises `KeyMissing`, `KeyExposed`, `KeyDamaged`, `KeyUnreadable`."""
    text = read_secret(path)
    if text is None:
        if not fresh:
            raise KeyMissing(path=path)
        text = make_secret(path, _new_key(random_bytes), random_bytes)
    return _signer(text, path)


def _new_key(random_bytes: RandomBytes) -> bytes:
    name = "foyer/" + base64.b32encode(random_bytes(INSTANCE_BYTES)).decode().lower()
    seed = random_bytes(SEED_BYTES)
    identity = key_id(name, Signer(name, seed).verifying_key.public)
    return f"{MARK}+{name}+{identity.hex()}+{base64.b64encode(ED25519 + seed).decode()}\n".encode()


def _signer(text: bytes, path: Path) -> Signer:
    try:
        private, key_word, name, identity, encoded = text.decode().strip().split("+", 4)
        key = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise KeyDamaged(path=path) from error
    if f"{private}+{key_word}" != MARK or not is_name(name) or key[:1] != ED25519 or len(key) != 1 + SEED_BYTES:
        raise KeyDamaged(path=path)
    signer = Signer(name, key[1:])
    if signer.verifying_key.id().hex() != identity:
        raise KeyDamaged(path=path)
    return signer
