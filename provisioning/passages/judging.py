"""What somebody must look at among passages: doors that were forced, and cards that should open nothing any more."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from connectors import osdp_words as words
from connectors.contract import Json, PassageKind
from policies.passage_reasons import Reason
from provisioning.alarms.alarms import Alarms
from provisioning.nouns.passages import Passage
from provisioning.nouns.people import CardState
from provisioning.store import passages as rows
from provisioning.store.engine import Tx
from provisioning.store.passages import Held, Taken

GRAIN = timedelta(seconds=1)
"""Devices' clocks show whole seconds: what they date to one may have happened up to its end."""
BEHIND = timedelta(seconds=3)
"""How far a device's clock may be behind before it is set, with the second that it does not show."""

FORCED = "{door} was forced open. Send somebody there; what happened before: foyer passages list --door {door}"
HELD_OPEN = "{door} stands open for too long. Send somebody to shut it."
TAMPERED = "The lid of {door} was lifted. Send somebody there, and read the panel again: foyer targets read {target}"
FIRE = (
    "{target} tells of fire. Its doors are released; send somebody there, and see who is inside: foyer passages muster"
)
WRONG_PINS = (
    "{count} wrong PINs in a row were typed at {door}. Send somebody there; see whose cards they were: foyer passages list"
    " --door {door}"
)
READER_STRANGE = (
    "The reader of {door} is not as it was paired: it has another key, is in install mode, or was exchanged. It opens"
    " nothing. Send somebody there; then pair it again: foyer door pair {door}"
)
READER_AWAY = (
    "The reader of {door} does not work, and nobody gets in there by card. Check its power and its cable; see why: foyer"
    " passages list --door {door}"
)
LINE_DOWN = (
    "The serial line of {target} cannot be used, and nobody gets in at its doors by card. Check its adapter; see why: foyer"
    " targets show {target}"
)
NOT_OPENED = (
    "The lock of {door} did not follow its gateway, so somebody with a right stood before it. Look at its wires."
)
NOT_NOTED = (
    "The gateway of {target} could not note who passes, so it let nobody in. Free disk space there; its log says more."
)
WRONG_PINS_MAX = 5
"""So many failures in a row somebody must hear of (GB 50396)."""
PINS_LOOKED_AT_MAX = 200
"""How far back it is looked for them at a door."""


LOST_OPENED = "A card that was reported lost opened {door}. Send somebody there; see: foyer passages list --door {door}"
LOST_SHOWN = (
    "A card that was reported lost was shown at {door}, which stayed shut. Send somebody there, and take the card."
)
REVOKED_OPENED = (
    "Somebody whose rights were revoked was let in at {door}, which had not been told yet. Send somebody there, and see"
    " whether the panel answers: foyer targets show {target}"
)
REVOKED_SHOWN = (
    "Somebody whose rights were revoked showed a card at {door}, which stayed shut. Find out what they want there."
)
SUSPENDED_OPENED = (
    "Somebody whose rights are suspended was let in at {door}, which had not been told yet. Send somebody there, and see"
    " whether the panel answers: foyer targets show {target}"
)
SUSPENDED_SHOWN = (
    "Somebody whose rights are suspended showed a card at {door}, which stayed shut. Find out what they want there."
)
ENDED_OPENED = (
    "A card that is in nobody's hands any more opened {door}. Find who has it, and see whether the panel answers: foyer"
    " targets show {target}"
)
UNKNOWN_OPENED = (
    "A card that nobody was ever given opened {door}. Send somebody there, and read the panel again: foyer targets read"
    " {target}"
)


class Barred(Enum):
    """Why a card should open nothing: the kind of alarm, what is said where it opened the door, and where it did not."""

    LOST = ("passage.lost-card", LOST_OPENED, LOST_SHOWN)
    REVOKED = ("passage.after-revocation", REVOKED_OPENED, REVOKED_SHOWN)
    SUSPENDED = ("passage.after-suspension", SUSPENDED_OPENED, SUSPENDED_SHOWN)
    ENDED = ("passage.ended-card", ENDED_OPENED, "")
    UNKNOWN = ("passage.unknown-card", UNKNOWN_OPENED, "")

    @property
    def kind(self) -> str:
        """The kind of the alarm."""
        return self.value[0]

    def says(self, *, opened: bool) -> str:
        """The template of what is said; empty where nothing is, since a door that stays shut for such a card is as it
        should be."""
        return self.value[1] if opened else self.value[2]


_NOBODYS = frozenset({Barred.ENDED, Barred.UNKNOWN})
_HAPPENED = {
    PassageKind.FORCED.value: ("passage.forced", FORCED),
    PassageKind.HELD.value: ("passage.held", HELD_OPEN),
    PassageKind.TAMPER.value: ("passage.tamper", TAMPERED),
    PassageKind.FIRE.value: ("passage.fire", FIRE),
}
_STRANGE = ("passage.reader-strange", READER_STRANGE)
_AWAY = ("passage.reader-away", READER_AWAY)
_AT_THE_EDGE = {
    words.READER_KEY: _STRANGE,
    words.READER_OPEN: _STRANGE,
    words.READER_OTHER: _STRANGE,
    words.READER_SILENT: _AWAY,
    words.READER_GARBLED: _AWAY,
    words.READER_INSECURE: _AWAY,
    words.READER_REFUSES: _AWAY,
    words.LINE_DOWN: ("passage.line-down", LINE_DOWN),
    words.NO_STRIKE: ("passage.not-opened", NOT_OPENED),
    words.NOT_NOTED: ("passage.not-noted", NOT_NOTED),
}
_UNASKED = frozenset({Reason.FREE.value, Reason.FIRE.value})
"""At a door that asks nobody, a card of nobody's has opened nothing."""
_BY_CARD = frozenset({PassageKind.PASSED.value, PassageKind.DENIED.value})


def at_that_time(held: Sequence[Held], at: datetime) -> Held | None:
    """In whose hands a card was at some instant, of all in which it ever was, the latest last; None: in nobody's."""
    for one in reversed(held):
        if one.opens <= at and (one.closes is None or at < one.closes):
            return one
    return None


def whose(held: Sequence[Held], at: datetime) -> Held | None:
    """In whose hands a card was when a device's clock showed `at`; who was given it just after must have been meant."""
    return at_that_time(held, at) or at_that_time(held, at + BEHIND)


class Judge:
    """Raises alarms over passages."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms

    def judge(self, tx: Tx, news: Sequence[Passage], holders: Mapping[int, Sequence[Held]], zone: ZoneInfo) -> None:
        """Raise what there is to raise, once for all that would say the same."""
        said: dict[tuple[str, str, str | None], tuple[str, Passage]] = {}
        for one in news:
            if (happened := _HAPPENED.get(one.kind) or _AT_THE_EDGE.get(one.reason)) is not None:
                kind, template = happened
                said.setdefault((kind, _place(one), None), (template, one))
        for one, barred, person in _barred(tx, [one for one in news if one.kind in _BY_CARD], holders, zone):
            template = barred.says(opened=one.granted)
            if template and not (barred in _NOBODYS and one.reason in _UNASKED):
                said.setdefault((barred.kind, _place(one) + template, person), (template, one))
        for (kind, _, person), (template, one) in said.items():
            fields: dict[str, Json] = {"door": _place(one), "target": one.target}
            self._alarms.raise_alarm(tx, kind, template, fields, target=one.target, person=person)
        self._guessed(tx, [one for one in news if one.reason == Reason.WRONG_PIN])

    def _guessed(self, tx: Tx, wrong: Sequence[Passage]) -> None:
        """Tell of doors at which PINs are being guessed."""
        mine = {(one.target, one.incarnation, one.number) for one in wrong}
        for door, target in {one.door: one.target for one in wrong if one.door is not None}.items():
            if _in_a_row(rows.pins_typed(tx, door, Reason.WRONG_PIN, PINS_LOOKED_AT_MAX + len(wrong)), mine):
                fields: dict[str, Json] = {"count": WRONG_PINS_MAX, "door": door}
                self._alarms.raise_alarm(tx, "passage.wrong-pins", WRONG_PINS, fields, target=target)


def _place(one: Passage) -> str:
    return one.door or one.target


def _in_a_row(told: Iterable[Passage], mine: Container[tuple[str, int, int]]) -> bool:
    """Whether one of `mine` makes too many wrong PINs in a row, at the door or with one card: who gets in by a card of their
    own takes nothing from what is typed for another."""
    at_door, by_card = 0, dict[int | None, int]()
    for one in told:
        if one.granted:
            at_door = by_card[one.card] = 0
            continue
        at_door += 1
        by_card[one.card] = by_card.get(one.card, 0) + 1
        if (one.target, one.incarnation, one.number) in mine and max(at_door, by_card[one.card]) >= WRONG_PINS_MAX:
            return True
    return False


def _barred(
    tx: Tx, shown: Sequence[Passage], holders: Mapping[int, Sequence[Held]], zone: ZoneInfo
) -> Iterable[tuple[Passage, Barred, str | None]]:
    """Which cards should have opened nothing, why, and whose they were."""
    known = [(one, one.at + GRAIN, _last(holders.get(one.card, ()), one.at + GRAIN)) for one in shown if one.card]
    owners = {held.person for _, _, held in known if held is not None}
    takings, pauses = rows.takings(tx, owners), rows.pauses(tx, owners)
    for one, late, held in known:
        if held is None:
            if one.granted:
                yield one, Barred.UNKNOWN, None
        elif held.closes is not None and held.closes <= late:
            yield one, _why_over(held, takings.get(held.person, ()), late), held.person
        elif _suspended(takings.get(held.person, ()), pauses.get(held.person, ()), late, zone):
            yield one, Barred.SUSPENDED, held.person


def _last(held: Sequence[Held], at: datetime) -> Held | None:
    """In whose hands a card is at an instant, or else was last."""
    return at_that_time(held, at) or next((one for one in reversed(held) if one.opens <= at), None)


def _why_over(held: Held, takings: Iterable[Taken], at: datetime) -> Barred:
    if held.state is CardState.LOST:
        return Barred.LOST
    if any(taken.kind == "revoked" and held.opens <= taken.at <= at for taken in takings):
        return Barred.REVOKED
    return Barred.ENDED


def _suspended(
    takings: Sequence[Taken], pauses: Sequence[tuple[str, str | None]], at: datetime, zone: ZoneInfo
) -> bool:
    """Whether security or HR had suspended somebody at an instant."""
    if not takings and not pauses:
        return False
    day = at.astimezone(zone).date()
    return any(
        taken.kind == "suspended" and taken.at <= at and (taken.lifted is None or at < taken.lifted)
        for taken in takings
    ) or any(
        date.fromisoformat(opens) <= day and (closes is None or day < date.fromisoformat(closes))
        for opens, closes in pauses
    )
