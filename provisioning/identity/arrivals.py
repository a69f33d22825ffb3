"""What a notice says of one person, and what taking it would do. Everything is checked on its own before it comes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from connectors.contract import Json
from policies.says import Said
from provisioning.identity.heard import Heard
from provisioning.identity.settled import Settled
from provisioning.nouns.people import NoticeKind, Person, Private, Stay
from provisioning.nouns.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Arrival:
    """One person's coming. `department` and `area` are ids of the campus file; `departure` is the last day in post."""

    no: str
    private: Private
    department: str
    post: str
    kind: str
    area: str
    arrival: date
    departure: date | None
    card: int | None


@dataclass(frozen=True, slots=True)
class Announcement:
    """An arrival under the id of the notice that tells of it, by which it is taken once."""

    notice: str
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice that came by itself, checked: `no` is the staff number that it names, `told` when HR said it, `sequence`
    its place among what its `source` says of that number. `content` may stand in the open, `private` may not."""

    notice: str
    kind: NoticeKind
    no: str
    source: str
    sequence: int | None
    told: datetime
    day: date | None
    content: Mapping[str, Json]
    private: Mapping[str, Json] | None


class Effect(StrEnum):
    """What taking a notice does."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    REFUSED = "refused"
    HELD = "held"


class Sway(StrEnum):
    """Whether somebody gains a stay or days of one, or loses days, is moved, suspended, cancelled. Both is a loss."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking one notice will do, decided before anything is done.

    `person` None: somebody new. `stay` is the one concerned; None where a new one begins. `private` is what must be
    sealed anew, `id_digest` what will stand on file, `card` what must be assigned; `fields` names what changes. `heard`
    is the notice as it will be kept, `settled` all that it leads to.
    """

    effect: Effect
    person: Person | None = None
    stay: Stay | None = None
    fields: tuple[str, ...] = ()
    private: Private | None = None
    id_digest: bytes | None = None
    card: int | None = None
    notes: tuple[Said, ...] = ()
    refusal: Refusal | None = None
    sways: Sway = Sway.NEITHER
    heard: Heard | None = None
    settled: Settled | None = None


def said(sentence: Refusal) -> Said:
    """A refusal's sentence as a value; what a template names is text or a whole number."""
    return Said(
        sentence.template(),
        tuple((name, value if isinstance(value, int) else str(value)) for name, value in sentence.fields.items()),
    )


def note(template: str, **fields: str | int) -> Said:
    """A remark that refuses nothing."""
    return Said(template, tuple(fields.items()))
