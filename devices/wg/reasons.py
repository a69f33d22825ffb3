"""Why a panel did what it did: the kinds, reasons and pretended card numbers of its events.

Reasons: uhppoted/uhppote-core `internationalisation/locales/lookup.json`, and uhppoted/uhppote-simulator
`entities/reasons.go` (30, which the first list has not). Card numbers of events that no card caused:
uhppote-simulator `actions.go` and `open_door.go`, which took them from a real panel; they are nobody's cards.
"""

from __future__ import annotations

KIND_SWIPE, KIND_DOOR, KIND_ALARM = 1, 2, 3
IN, OUT = 1, 2

UNDECIDED = 0
SWIPE = 1
PC_CONTROL = 5
NO_RIGHT = 6
WRONG_PIN = 7
PASSBACK = 8
MORE_CARDS = 9
FIRST_CARD = 10
DOOR_NORMALLY_CLOSED = 11
INTERLOCK = 12
NOT_AT_THIS_TIME = 15
UNKNOWN_CARD = 18
BUTTON = 20
DOOR_OPENED = 23
DOOR_CLOSED = 24
PASSCODE = 25
POWER_ON = 28
RESET = 29
BUTTON_DISABLED = 30
BUTTON_LOCKED = 31
BUTTON_INTERLOCK = 33
HELD_OPEN = 37
FORCED = 38
FIRE = 39
ZONE_24H = 42
REMOTE_OPEN = 44

CARD_OF_BUTTON = 1
CARD_OF_DEAD_BUTTON = 6
CARD_OF_OPENED = 8
CARD_OF_CLOSED = 9
CARD_OF_REMOTE_OPEN = 3_922_570_474
