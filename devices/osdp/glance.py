"""What an OSDP frame shows to anybody on the line: who speaks to whom, and what about (IEC 60839-11-5, frame structure).

It serves to tell why a reader is not there. Nothing is decrypted, and nothing that is decided here lets anybody in: codec
and secure channel are libosdp's.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SOM = 0x53
FRAME_BYTES_MIN, FRAME_BYTES_MAX = 7, 1_440
POLL, CAPABILITIES, OUTPUT, CHALLENGE = 0x60, 0x62, 0x69, 0x76
ACK, NAK, CRYPTOGRAM_OF_READER = 0x40, 0x41, 0x76
NO_SECURITY = b"\x05"
"""Why a reader refuses: it knows no security block."""
_CRC_START = 0x1D0F
_WITH_CRC, _WITH_BLOCK = 0x04, 0x08
_REPLY = 0x80
_BY_DEFAULT_KEY = 0
DEFAULT_KEY = bytes(range(0x30, 0x40))
"""SCBK-D, which everybody knows: what a reader in install mode answers by."""
_KEYS_OF_NOBODY = (DEFAULT_KEY, bytes(16))


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame. `block` is its security block (type first), `data` what follows the code, still as it was sent; `raw`
    is all of it."""

    address: int
    reply: bool
    code: int
    block: bytes
    data: bytes
    raw: bytes


class Scanner:
    """Finds frames in a stream of bytes, whatever stands between them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take in bytes; the frames that are whole now, in order."""
        held = self._held
        held += data
        found: list[Frame] = []
        while (start := held.find(SOM)) >= 0:
            del held[:start]
            if len(held) < 5:
                return found
            length = held[2] | held[3] << 8
            if not FRAME_BYTES_MIN <= length <= FRAME_BYTES_MAX:
                del held[:1]
                continue
            if len(held) < length:
                return found
            frame = _frame(bytes(held[:length]))
            if frame is None:
                del held[:1]
                continue
            found.append(frame)
            del held[:length]
        held.clear()
        return found

    def forget(self) -> None:
        """Drop what is held: it was the beginning of something that never came whole."""
        self._held.clear()


def _frame(data: bytes) -> Frame | None:
    control = data[4]
    if control & _WITH_CRC:
        if crc_hqx(data[:-2], _CRC_START) != int.from_bytes(data[-2:], "little"):
            return None
        body = data[5:-2]
    else:
        if sum(data) & 0xFF:
            return None
        body = data[5:-1]
    block = b""
    if control & _WITH_BLOCK:
        if not body or not 2 <= body[0] < len(body):
            return None
        block, body = body[1 : body[0]], body[body[0] :]
    if not body:
        return None
    return Frame(data[1] & 0x7F, bool(data[1] & _REPLY), body[0], block, body[1:], data)


def answers_by_nobodys_key(challenge: Frame | None, answer: Frame) -> bool:
    """Whether a reader's answer to a challenge shows that it holds no key of its own, as in install mode.

    SIA OSDP 2.2, annex D: the session key is drawn from the reader's key and six bytes of the challenge, and the answer is
    both random numbers under it.
    """
    if len(answer.block) >= 2 and answer.block[1] == _BY_DEFAULT_KEY:
        return True
    if challenge is None or len(challenge.data) != 8 or len(answer.data) != 32:
        return False
    ours, theirs, cryptogram = challenge.data, answer.data[8:16], answer.data[16:]
    seed = b"\x01\x82" + ours[:6] + bytes(8)
    return any(_aes(_aes(key, seed), ours + theirs) == cryptogram for key in _KEYS_OF_NOBODY)


def _aes(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as the protocol has it
    return encryptor.update(block) + encryptor.finalize()
