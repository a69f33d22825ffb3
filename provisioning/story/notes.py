"""Signed notes and checkpoints as the world's transparency logs write them: C2SP signed-note and tlog-checkpoint.
Pure: text and keys in, text out. Only Ed25519 (signature type 0x01); signatures by other keys are passed over."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTE_CHARS_MAX = 16_384
SIGNATURES_MAX = 16
ED25519 = b"\x01"
DASH = "\u2014 "

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteBroken(ValueError):
    """This is no note that this key signed."""


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head: whose tree, how many leaves, and its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines of a checkpoint (tlog-checkpoint, "Note text")."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half: who signs, and how to tell. Its text (vkey) may be shown to everyone."""

    name: str
    public: bytes

    def text(self) -> str:
        """`<name>+<key id in hex>+<base64 of type and key>`."""
        return f"{self.name}+{self.id().hex()}+{_b64(ED25519 + self.public)}"

    def id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, public key) (signed-note, "Signatures")."""
        return key_id(self.name, self.public)

    def open(self, note: str) -> str:
        """The text of a note that this key signed. Raises `NoteBroken`."""
        text, signatures = _parted(note)
        signed = [sig[4:] for name, sig in signatures if name == self.name and sig[:4] == self.id()]
        if not signed:
            raise NoteBroken("no signature of this key")
        for signature in signed:
            try:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
            except InvalidSignature as error:
                raise NoteBroken("the signature is not of this text") from error
        return text

    def head(self, note: str) -> Head:
        """The tree head in a checkpoint that this key signed. Raises `NoteBroken`."""
        head = read_head(self.open(note))
        if head.origin != self.name:
            raise NoteBroken("the checkpoint is of another tree")
        return head


def key_id(name: str, public: bytes) -> bytes:
    """By what a signature line names its key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def read_vkey(text: str) -> VerifyingKey:
    """The key of a vkey. Raises `NoteBroken`."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]):
        raise NoteBroken("not a vkey")
    key = VerifyingKey(parts[0], _unb64(parts[2])[1:])
    if _unb64(parts[2])[:1] != ED25519 or len(key.public) != 32 or parts[1] != key.id().hex():
        raise NoteBroken("not an Ed25519 vkey")
    return key


def read_head(text: str) -> Head:
    """The tree head of a checkpoint's text. Raises `NoteBroken`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise NoteBroken("not a checkpoint")
    root = _unb64(lines[2])
    if len(root) != 32:
        raise NoteBroken("a root has 32 bytes")
    return Head(lines[0], int(lines[1]), root)


def signed_note(text: str, name: str, identity: bytes, signature: bytes) -> str:
    """A note with one signature line."""
    return f"{text}\n{DASH}{name} {_b64(identity + signature)}\n"


def is_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no space, no plus sign."""
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name)


def _parted(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or len(note) > NOTE_CHARS_MAX or _CONTROL.search(note):
        raise NoteBroken("not a signed note")
    rows = lines[:-1].split("\n")
    if len(rows) > SIGNATURES_MAX:
        raise NoteBroken("too many signatures")
    return text + "\n", [_signature(row) for row in rows]


def _signature(row: str) -> tuple[str, bytes]:
    name, space, encoded = row.removeprefix(DASH).partition(" ")
    if not row.startswith(DASH) or not space or not is_name(name):
        raise NoteBroken("not a signature line")
    signature = _unb64(encoded)
    if len(signature) < 5:
        raise NoteBroken("not a signature")
    return name, signature


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteBroken("not base64") from error
    if _b64(data) != text:
        raise NoteBroken("not base64 as it is written")
    return data
