"""Groups that a lockdown lets in all the same: a department with all below it, a kind of staff, a post, or one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from provisioning.campus.file import Campus
from provisioning.nouns.people import Person, Stay, StayState
from provisioning.nouns.refusals import Refusal

DEPARTMENT, STAFF, POST, PERSON = "department", "kind", "post", "person"
GROUPS_MAX = 50
NAME_CHARACTERS_MAX = 64


class GroupUnknown(Refusal):
    """{text} names no group. Write department:finance, kind:公务员, post:科长 or person:FX2026001; the departments are those
    of the campus file: foyer campus show"""


class GroupsTooMany(Refusal):
    """{count} groups are exempt, and at most {most} can be. Name a department in place of its people."""


def groups(words: Sequence[str], campus: Campus) -> tuple[str, ...]:
    """Groups as they are kept, each once. Raises `GroupUnknown`, `GroupsTooMany`."""
    if len(words) > GROUPS_MAX:
        raise GroupsTooMany(count=len(words), most=GROUPS_MAX)
    return tuple(dict.fromkeys(_group(word, campus) for word in words))


def belongs(groups_: Iterable[str], person: Person, stays: Sequence[Stay], campus: Campus, day: date) -> bool:
    """Whether a person is in one of these groups on a day, by a stay that holds then."""
    mine = {f"{PERSON}:{person.no}"}
    for stay in stays:
        if _holds(stay, day):
            place = stay.on(day)
            mine |= {f"{DEPARTMENT}:{each}" for each in campus.lineage(place.department)}
            mine |= {f"{STAFF}:{place.kind}", f"{POST}:{place.post}"}
    return not mine.isdisjoint(groups_)


def _group(word: str, campus: Campus) -> str:
    kind, found, name = (part.strip() for part in word.partition(":"))
    if found and kind == DEPARTMENT and (department := campus.department(name)) is not None:
        return f"{DEPARTMENT}:{department}"
    if found and kind in (STAFF, POST, PERSON) and 1 <= len(name) <= NAME_CHARACTERS_MAX:
        return f"{kind}:{name}"
    raise GroupUnknown(text=word)


def _holds(stay: Stay, day: date) -> bool:
    within = stay.arrival <= day and (stay.departure is None or day <= stay.departure)
    paused = any(each.opens <= day and (each.closes is None or day < each.closes) for each in stay.pauses)
    return stay.state is StayState.OPEN and within and not paused
