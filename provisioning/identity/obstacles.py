"""Why something that HR said cannot be done, or not yet. A sheet's row is refused for it; a notice waits for it."""

from __future__ import annotations

from provisioning.nouns.refusals import Refusal


class IdNumberTaken(Refusal):
    """This identity number is on file under staff number {other}. Write that staff number, or correct the identity
    number."""


class NoTaken(Refusal):
    """Staff number {no} is on file with another identity number. Give the newcomer a staff number of their own, or
    correct the identity number."""


class NameDiffers(Refusal):
    """Staff number {no} is on file with another name, and no identity number shows that it is the same person. Correct
    the staff number; or, where the name has changed, first bring in the old name with the identity number."""


class StayOverlaps(Refusal):
    """This overlaps the stay from {arrival} to {departure}. First report an earlier last day for that stay; or, where it is
    the same stay, give its arrival date here."""


class StayRevoked(Refusal):
    """The stay from {arrival} was revoked on {day}; nothing of it opens again. Where the person is to come back, write an
    arrival date after {after}."""


class CardDiffers(Refusal):
    """This person holds card {held}, not {number}. If the card was changed, run: foyer card replace {held} {number}"""


class CardReportedLost(Refusal):
    """Card {number} was reported lost by this person. If it was found, run: foyer card assign {no} {number}; else leave
    the card out."""


class NobodyAnnounced(Refusal):
    """Nothing that was told before this has announced the person, so it waits. Send the announcement, with the time at
    which it was told."""


class StayUnknown(Refusal):
    """No stay of this person begins on {arrival}, so this waits. Name the arrival date of a stay that was announced, or
    send that announcement."""


class NoStayThen(Refusal):
    """No stay of this person had begun by {day}, so this waits. Correct the day, or send the announcement of that
    stay."""


class StayCancelled(Refusal):
    """The stay from {arrival} was cancelled, so this waits. Where the person comes after all, announce them anew."""


class DatesCross(Refusal):
    """By this the stay would end on {departure}, before it begins on {arrival}, so it waits. Correct one of the two
    dates."""


class NotSuspended(Refusal):
    """This person is not suspended on {day}, so there is nothing to resume. Correct the day, or send the notice of the
    suspension."""


class MergedTwice(Refusal):
    """Staff number {no} was merged with {other}, and both stand in this list: they are one person. Keep one of the two
    rows."""


class TwoIdentities(Refusal):
    """Staff numbers {no} and {into} have different identity numbers on file, so they are two people, and nothing was
    changed. Correct the number that was meant; or, where one identity number is wrong, send its correction first."""

    status = 409


class NoticeDiffers(Refusal):
    """The event {event} was taken before and said something else; what it said then stands. Send what is new under an id
    of its own."""

    status = 409
