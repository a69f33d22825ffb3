"""Why a door let somebody in, or did not: one word or two for each answer, as a passage bears it, and a sentence for people.

The words are those that panels' passages bear where they mean the same.
"""

from __future__ import annotations

from enum import StrEnum

from policies.says import Said


class Reason(StrEnum):
    """Every answer that a door's decision has; `CARD`, `FREE` and `FIRE` open."""

    CARD = "card"
    FREE = "door free"
    FIRE = "fire release"
    STALE = "read while away"
    TERM_OVER = "term over"
    UNDECIDED = "undecided"
    NO_CARD = "no card"
    UNKNOWN_CARD = "unknown card"
    NO_RIGHT = "no right"
    NOT_YET = "not yet valid"
    OVER = "no longer valid"
    HOLIDAY = "holiday"
    OUT_OF_HOURS = "out of hours"
    HOURS_UNKNOWN = "hours unknown"
    WRONG_PIN = "wrong PIN"
    NO_PIN = "no PIN set"
    PIN_WANTED = "PIN wanted"
    LOCKDOWN = "door held shut"
    FIRST_MISSING = "first card missing"
    PASSBACK = "anti-passback"
    INTERLOCK = "interlock"


OPENS = frozenset({Reason.CARD, Reason.FREE, Reason.FIRE})
"""The answers that let somebody in."""


class Sentence(StrEnum):
    """What each answer says to people, under the name of its reason: the cause, and what can be done about it."""

    CARD = "The card may pass this door now."
    FREE = "The door is free at this hour, so nobody is asked."
    FIRE = "The door is released by fire, so nobody is asked."
    STALE = "The card was read while the reader was out of reach, so nobody knows when. Hold it to the reader again."
    TERM_OVER = (
        "The gateway has not heard from the hub for longer than its term, so it only shuts. Bring the line to the hub back;"
        " look with: foyer gateway list"
    )
    UNDECIDED = (
        "The door's settings contradict what it keeps, so it stays shut. Read its target again, and correct them."
    )
    NO_CARD = "No card was shown, and no door opens without one. Hold the card to the reader first."
    UNKNOWN_CARD = "This door's list does not hold the card. See whose it is, and give it out if it is theirs."
    NO_RIGHT = "The card has no right on this door. See what its holder is granted, and why: foyer why"
    NOT_YET = "The right on this door begins later. Come back on its first day, or have a grant opened earlier."
    OVER = "The right on this door is over. Have HR extend the stay, or have a grant given anew."
    HOLIDAY = "The door goes by holiday hours on this day, and these are not among them. Come back when it is open."
    OUT_OF_HOURS = (
        "The right on this door does not hold at this hour. Come back within its hours, or have them changed."
    )
    HOURS_UNKNOWN = (
        "The right goes by hours which the door has not been told yet, so it stays shut. Wait until its target is ready:"
        " foyer targets"
    )
    WRONG_PIN = "The PIN was wrong. Hold the card again and type the PIN, or have a new one set: foyer card pin"
    NO_PIN = "The door wants a PIN at this hour, and the holder has none. Have one set: foyer card pin"
    PIN_WANTED = "The door wants the PIN as well. Type it, and end with #."
    LOCKDOWN = "The door is held shut by a lockdown, and the card is not exempt. See: foyer lockdown list"
    FIRST_MISSING = "The door opens for the rest only once somebody has come who may be the first. Wait for them."
    PASSBACK = (
        "The card was already seen on the side to which it asks to go. Have security forgive it: foyer passages forgive"
    )
    INTERLOCK = "Another door of the lock stands open. Shut it first."


def told(reason: Reason) -> Said:
    """The sentence of an answer."""
    return Said(str(Sentence[reason.name]))
