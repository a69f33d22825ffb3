"""The plain words under which a line of readers tells of what is no decision. Doors' answers bear those of
`policies.passage_reasons`."""

from __future__ import annotations

ORDERED = "opened by order"
BUTTON = "button"
FORCED = "forced"
HELD_OPEN = "held open"
SHUT = "shut"
LID_OPEN = "lid open"
POWER_FAILED = "power failed"
NO_STRIKE = "lock did not answer"
NOT_NOTED = "could not be noted"
READER_BACK = "reader is back"
READER_SILENT = "reader silent"
READER_KEY = "reader key wrong"
READER_OPEN = "reader in install mode"
READER_OTHER = "another reader"
READER_GARBLED = "reader garbled"
READER_INSECURE = "reader without security"
READER_REFUSES = "reader refuses"
LINE_DOWN = "line down"
LINE_BACK = "line is back"

LINE = "line"
"""The key of what concerns a whole line."""
