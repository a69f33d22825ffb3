"""Digests and authenticated encryption, chosen by name: AES and SHA-2, or SM4 and SM3 where GB/T 39786 asks for them.
What is sealed says by which cipher, so that a changed setting still opens what lies there."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32

DigestName = Literal["sha256", "sm3"]
AeadName = Literal["aes-256-gcm", "sm4-gcm"]

_MARKS: dict[AeadName, int] = {"aes-256-gcm": 1, "sm4-gcm": 2}
_BY_MARK: dict[int, AeadName] = {mark: name for name, mark in _MARKS.items()}
_HASHES: dict[DigestName, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sm3": hashes.SM3()}


class SealBroken(Exception):
    """What lies here was not sealed with this key for this owner, or was changed since."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The digest and the cipher in use. Both digests are 256 bits long; SM4 takes the first 128 bits of a key."""

    digest: DigestName = "sha256"
    aead: AeadName = "aes-256-gcm"


def digest(name: DigestName, data: bytes) -> bytes:
    """The digest of some bytes: FIPS 180-4 or GB/T 32905."""
    if name == "sha256":
        return hashlib.sha256(data).digest()
    running = hashes.Hash(_HASHES[name])
    running.update(data)
    return running.finalize()


def keyed_digest(name: DigestName, key: bytes, data: bytes) -> bytes:
    """The HMAC (RFC 2104) of some bytes: without the key nobody can try guesses against it."""
    if name == "sha256":
        return hmac.digest(key, data, "sha256")
    running = HMAC(key, _HASHES[name])
    running.update(data)
    return running.finalize()


def subkey(name: DigestName, key: bytes, purpose: str) -> bytes:
    """A key for one purpose, drawn from another by HKDF (RFC 5869), so that no key serves two."""
    return HKDF(_HASHES[name], KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def seal(name: AeadName, key: bytes, nonce: bytes, plain: bytes, owner: bytes) -> bytes:
    """Mark, nonce, ciphertext and tag. `owner` is bound in: sealed bytes moved to another owner do not open.

    A nonce (12 bytes) is used once under a key.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    head = bytes([_MARKS[name]]) + nonce
    if name == "aes-256-gcm":
        return head + AESGCM(key).encrypt(nonce, plain, owner)
    encryptor = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(owner)
    return head + encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def unseal(key: bytes, sealed: bytes, owner: bytes) -> bytes:
    """What was sealed, by whichever cipher it names. Raises `SealBroken`."""
    name = _BY_MARK.get(sealed[0]) if len(sealed) >= 1 + NONCE_BYTES + TAG_BYTES else None
    if name is None:
        raise SealBroken
    nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if name == "aes-256-gcm":
            return AESGCM(key).decrypt(nonce, rest, owner)
        return _unseal_sm4(key, nonce, rest, owner)
    except InvalidTag as error:
        raise SealBroken from error


def _unseal_sm4(key: bytes, nonce: bytes, rest: bytes, owner: bytes) -> bytes:
    ciphertext, tag = rest[:-TAG_BYTES], rest[-TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(owner)
    return decryptor.update(ciphertext) + decryptor.finalize()
