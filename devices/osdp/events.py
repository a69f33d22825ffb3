"""What readers on a serial line tell, and what can be wrong with one of them. Inputs: 0 is the door contact (active: the
door stands open), 1 the request to exit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CONTACT = 0
EXIT_BUTTON = 1


class Trouble(StrEnum):
    """Why a reader does not work. `SENTENCES` says each in words."""

    SILENT = "silent"
    WRONG_KEY = "wrong-key"
    INSTALL_MODE = "install-mode"
    NO_KEY = "no-key"
    FOREIGN = "foreign"
    GARBLED = "garbled"
    INSECURE = "insecure"
    REFUSED = "refused"


SENTENCES: dict[Trouble, str] = {
    Trouble.SILENT: (
        "The reader does not answer. Check its power, its cable (A and B not swapped) and its address on the line."
    ),
    Trouble.WRONG_KEY: (
        "The reader has another key: it may belong to another site, or somebody changed it. Find out which reader hangs"
        " there; then set it back to install mode and pair it again."
    ),
    Trouble.INSTALL_MODE: (
        "The reader is in install mode, though it was paired: somebody reset or replaced it. Look at it, then pair it again."
    ),
    Trouble.NO_KEY: "The reader is not paired yet. Set it to install mode and pair it.",
    Trouble.FOREIGN: (
        "Another reader answers, with the right key but another serial number. Look at it; if you replaced it yourself, pair"
        " it again."
    ),
    Trouble.GARBLED: (
        "What comes back over the line makes no sense. Check that its wires A and B are not swapped, that both ends have"
        " their resistors, that no two readers have one address, and that the speed is right."
    ),
    Trouble.INSECURE: "The reader knows no secure channel, so it is not used. Replace it by one that does.",
    Trouble.REFUSED: "The reader refused a command and is started anew. If this stays, compare its model with its settings.",
}


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was held to a reader. `number` is 0 where its bits make no card. Not `fresh`: it may have been read before the
    reader came (back) online, so no door opens for it."""

    address: int
    number: int
    bits: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that were pressed since the last such event, each one of 0-9, * and #."""

    address: int
    digits: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Tamper:
    """The reader's lid was opened (active) or closed."""

    address: int
    active: bool


@dataclass(frozen=True, slots=True)
class Power:
    """The reader's supply failed or is back."""

    address: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Input:
    """An input changed, or is told for the first time since the reader came online."""

    address: int
    number: int
    active: bool


@dataclass(frozen=True, slots=True)
class Online:
    """The reader is there by secure channel. `identity`: vendor-model-serial-firmware."""

    address: int
    identity: str


@dataclass(frozen=True, slots=True)
class Offline:
    """The reader is not there any more, or there for another reason than before."""

    address: int
    why: Trouble


Told = CardRead | Keys | Tamper | Power | Input | Online | Offline
