"""Everything that can be wrong with a campus file, found in one reading, each with its place and its cure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connectors import registry
from devices.campus import CampusError, Document, Loc, Problem, wires
from provisioning.campus.shape import CampusShape

DEPARTMENT_DEPTH_MAX = 16
FOUND_CHARS_MAX = 40

# What pydantic calls a mistake → what it is, and its cure.
SAYS: Mapping[str, tuple[str, str]] = {
    "missing": ("{field} is missing.", "Add it."),
    "extra_forbidden": ("{field} is not known here.", "Correct the name, or take the line away."),
    "string_type": ("{field} must be text, not {found}.", "Put it in quotation marks."),
    "int_type": ("{field} must be a whole number, not {found}.", "Write digits, without quotation marks."),
    "list_type": ("{field} must be a list, not {found}.", "Begin each item with a dash."),
    "tuple_type": ("{field} must be a list, not {found}.", "Begin each item with a dash."),
    "dict_type": ("{field} must be a mapping, not {found}.", "Write `name: value` below it."),
    "model_type": ("{field} must be a mapping, not {found}.", "Write `name: value` below it."),
    "date_type": ("{found} is no date.", "Write one as in 2027-01-01."),
    "string_pattern_mismatch": (
        "{found} cannot be an id.",
        "Use small letters, digits and hyphens, at most 64, and no hyphen first.",
    ),
    "greater_than_equal": ("{field} {found} is too small.", "The least is {ge}."),
    "less_than_equal": ("{field} {found} is too large.", "The most is {le}."),
    "too_short": ("{field} has too few items.", "The least is {min_length}."),
    "too_long": ("{field} has too many items.", "The most is {max_length}."),
    "string_too_short": ("{field} is empty.", "Give it a text."),
    "literal_error": ("{field} cannot be {found}.", "Write one of: {expected}."),
    "string_too_long": ("{field} is too long.", "The most is {max_length} characters."),
    "blank": ("{field} is blank, or has characters that cannot be printed.", "Give it a text."),
    "hours": ("{found} are no hours.", 'Write them as in "08:00-18:00", with an end after the beginning.'),
    "address": (
        "{found} is no address at which panels can reach the gateway.",
        "Write IP:PORT, such as 192.168.1.10:60001.",
    ),
}
OTHERWISE = ("{field} is wrong: {why}.", "Correct it.")
NO_ZONE = ("{found} is no time zone.", "Write one as in `time_zone: Asia/Shanghai`.")
TWICE = ("{field} {found} stands here a second time.", "Give each its own.")
UNKNOWN = ("There is no {field} {found} in this file.", "Correct it, or add it to {where}.")
IN_CIRCLES = ("The department {found} stands below itself, or more than {limit} levels deep.", "Correct its parent.")
BOTH_DAYS = ("{found} is both a holiday and a workday.", "Take it out of one of the two.")
NO_KIND = ("There is no connector of kind {found}.", "Write one of: {kinds}.")
SENTENCES = (*SAYS.values(), OTHERWISE, NO_ZONE, TWICE, UNKNOWN, IN_CIRCLES, BOTH_DAYS, NO_KIND)

# What names what: the list, the key in it, what the key names, and the list where that must stand.
NAMING = (
    ("departments", "parent", "department", "departments"),
    ("targets", "building", "building", "sites"),
    ("offices", "building", "building", "sites"),
    ("offices", "area", "area", "areas"),
    ("offices", "department", "department", "departments"),
    ("offices", "zone", "zone", "zones"),
    ("blocks", "building", "building", "sites"),
    ("blocks", "zone", "zone", "zones"),
)


def problems_of(document: Document) -> list[Problem]:
    """All that is wrong, in the order of the file; of what stands at one place, the first that was found."""
    found: dict[tuple[int, int], Problem] = {}
    for problem in _all(document):
        found.setdefault((problem.line, problem.column), problem)
    return sorted(found.values(), key=lambda problem: (problem.line, problem.column))


def zone_of(value: Any) -> ZoneInfo | None:
    """The time zone of that name; None where there is none."""
    try:
        return ZoneInfo(value) if isinstance(value, str) else None
    except (KeyError, ValueError, OSError):
        return None  # unknown, no name at all, or the name of a folder of zones


def _all(document: Document) -> Iterator[Problem]:
    yield from _misshapen(document)
    if zone_of(document.value.get("time_zone")) is None and "time_zone" in document.value:
        yield document.problem(("time_zone",), *NO_ZONE, found=_shown(document.value["time_zone"]))
    yield from _repeated(document)
    yield from _unknown(document)
    yield from _departments(document)
    yield from _days(document)
    try:
        wires(document)
    except CampusError as error:
        # Before the connectors' own words, which are the validator's where a rule is theirs alone.
        yield from error.problems
    yield from _settings(document)


def _misshapen(document: Document) -> Iterator[Problem]:
    try:
        CampusShape.model_validate(document.value)
    except ValidationError as error:
        yield from _told(document, (), error)


def _told(document: Document, base: Loc, error: ValidationError) -> Iterator[Problem]:
    for one in error.errors(include_url=False):
        where = (*base, *one["loc"])
        says, cure = SAYS.get(one["type"], OTHERWISE)
        field = next((str(step) for step in reversed(where) if isinstance(step, str)), "campus")
        context = {name: str(value).replace(" or ", ", ") for name, value in one.get("ctx", {}).items()}
        why = one["msg"].removeprefix("Value error, ")
        yield document.problem(
            where, says, cure, **(context | {"field": field, "found": _shown(one["input"]), "why": why})
        )


def _repeated(document: Document) -> Iterator[Problem]:
    """Two of what there may be only one: ids of a kind, doors, serials, addresses, lines, names of departments and areas."""
    seen: set[tuple[str, str]] = set()
    for field, space, value, loc in _singular(document):
        if (space, str(value)) in seen:
            yield document.problem(loc, *TWICE, field=field, found=_shown(value))
        seen.add((space, str(value)))


def _singular(document: Document) -> Iterator[tuple[str, str, Any, Loc]]:
    for kind in ("sites", "departments", "areas", "zones", "targets", "offices", "blocks", "schedules"):
        yield from (("id", f"id of {kind}", at, loc) for loc, at in _held(document.value, kind, "id"))
    for kind in ("departments", "areas"):
        for loc, item in _items(document.value, kind):
            for language, name in _names(item):
                yield "name", f"name of {kind} in {language}", name, (*loc, "name", language)
    for loc, building in _buildings(document):
        yield "id", "id of buildings", building.get("id"), (*loc, "id")
    for loc, block in _items(document.value, "blocks"):
        for at, flat in _listed(block, "flats"):
            yield "id", "id of flats", flat, (*loc, *at)
    yield from _singular_of_targets(document)


def _singular_of_targets(document: Document) -> Iterator[tuple[str, str, Any, Loc]]:
    for loc, settings in _settings_of_targets(document):
        for field in ("serial", "address", "line"):
            if field in settings:
                yield field, field, settings[field], (*loc, field)
        for at, door in _held(settings, "doors", "id"):
            yield "id", "id of doors", door, (*loc, *at)


def _unknown(document: Document) -> Iterator[Problem]:
    """What names something that the file does not have."""
    value = document.value
    known = {kind: _ids(value, kind) for kind in ("zones", "departments", "areas", "schedules")}
    known["sites"] = {one["id"] for _, one in _buildings(document) if isinstance(one.get("id"), str)}
    for kind, key, field, where in NAMING:
        for loc, item in _items(value, kind):
            named = item.get(key)
            if isinstance(named, str) and named not in known[where]:
                yield _missing(document, (*loc, key), field, named, where)
    for loc, settings in _settings_of_targets(document):
        for at, door in _items(settings, "doors"):
            for place, zone in _listed(door, "zones"):
                if zone not in known["zones"]:
                    yield _missing(document, (*loc, *at, *place), "zone", zone, "zones")
            yield from _unknown_of_door(document, (*loc, *at), door, known)


def _unknown_of_door(
    document: Document, loc: Loc, door: dict[str, Any], known: Mapping[str, set[str]]
) -> Iterator[Problem]:
    for key in ("schedule", "unlocked"):
        if isinstance(named := door.get(key), str) and named not in known["schedules"]:
            yield _missing(document, (*loc, key), "schedule", named, "schedules")
    first = door.get("first_card")
    if isinstance(first, dict) and isinstance(named := first.get("zone"), str) and named not in known["zones"]:
        yield _missing(document, (*loc, "first_card", "zone"), "zone", named, "zones")


def _departments(document: Document) -> Iterator[Problem]:
    """Every department leads up to one without a parent."""
    items = list(_items(document.value, "departments"))
    parents = {item["id"]: item.get("parent") for _, item in items if isinstance(item.get("id"), str)}
    for loc, item in items:
        above, steps = item.get("parent"), 0
        while isinstance(above, str) and steps <= DEPARTMENT_DEPTH_MAX:
            above, steps = parents.get(above), steps + 1
        if steps > DEPARTMENT_DEPTH_MAX:
            yield document.problem(
                (*loc, "parent"), *IN_CIRCLES, found=_shown(item.get("id")), limit=DEPARTMENT_DEPTH_MAX
            )


def _days(document: Document) -> Iterator[Problem]:
    calendar = document.value.get("calendar")
    if not isinstance(calendar, dict):
        return
    days = {name: calendar.get(name) for name in ("holidays", "workdays")}
    listed = {name: value if isinstance(value, list) else [] for name, value in days.items()}
    for name, found in listed.items():
        counts: Counter[date] = Counter()
        for i, day in enumerate(found):
            if isinstance(day, datetime) or not isinstance(day, date):
                continue
            if counts[day]:
                yield document.problem(("calendar", name, i), *TWICE, field=name, found=day)
            counts[day] += 1
            if name == "workdays" and day in listed["holidays"]:
                yield document.problem(("calendar", name, i), *BOTH_DAYS, found=day)


def _settings(document: Document) -> Iterator[Problem]:
    """What the connector of its kind refuses of a target's settings."""
    for loc, target in _items(document.value, "targets"):
        kind = target.get("kind")
        if not isinstance(kind, str) or not isinstance(target.get("settings"), dict):
            continue
        if kind not in registry.kinds():
            yield document.problem((*loc, "kind"), *NO_KIND, found=_shown(kind), kinds=", ".join(registry.kinds()))
            continue
        try:
            registry.settings_of(kind).model_validate(target["settings"])
        except ValidationError as error:
            yield from _told(document, (*loc, "settings"), error)


def _missing(document: Document, loc: Loc, field: str, found: str, where: str) -> Problem:
    return document.problem(loc, *UNKNOWN, field=field, found=_shown(found), where=where)


def _items(value: Mapping[str, Any], key: str) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """The mappings of a list, each with its path from `value`; what is misshapen is told of elsewhere."""
    found = value.get(key)
    for i, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, dict):
            yield (key, i), item


def _held(value: Mapping[str, Any], key: str, field: str) -> Iterator[tuple[Loc, Any]]:
    """What the mappings of a list say under one name, each with its path from `value`."""
    for loc, item in _items(value, key):
        if field in item:
            yield (*loc, field), item[field]


def _listed(value: Mapping[str, Any], key: str) -> Iterator[tuple[Loc, str]]:
    """The texts of a list, each with its path from `value`."""
    found = value.get(key)
    for i, item in enumerate(found if isinstance(found, list) else ()):
        if isinstance(item, str):
            yield (key, i), item


def _settings_of_targets(document: Document) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for loc, target in _items(document.value, "targets"):
        settings = target.get("settings")
        if isinstance(settings, dict):
            yield (*loc, "settings"), settings


def _buildings(document: Document) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for loc, site in _items(document.value, "sites"):
        for at, building in _items(site, "buildings"):
            yield (*loc, *at), building


def _ids(value: Mapping[str, Any], key: str) -> set[str]:
    return {item["id"] for _, item in _items(value, key) if isinstance(item.get("id"), str)}


def _names(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = item.get("name")
    for language, name in names.items() if isinstance(names, dict) else ():
        if isinstance(name, str):
            yield language, name


def _shown(value: Any) -> str:
    told = value if isinstance(value, str) else repr(value)
    return told if len(told) <= FOUND_CHARS_MAX else f"{told[: FOUND_CHARS_MAX - 1]}…"
