"""The rows of a restored database against their last images in the tail: of both, what allows less is kept. What allows
more is listed, to be given again; a newcomer is known again, and is given nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from connectors.contract import Json
from policies.separation import complete
from provisioning.identity.arrivals import Letter
from provisioning.nouns.conditions import ConditionKind
from provisioning.nouns.eras import Image, Images
from provisioning.nouns.minds import HoldState
from provisioning.nouns.people import CardState, Move, NoticeKind, Pause, Stay, StayState
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor
from provisioning.store import conditions, eras, holds, people
from provisioning.store import operators as operator_rows
from provisioning.store import rights as rights_store
from provisioning.store.engine import Tx

REPLAY = Actor("house:replay")

# What is listed, to be given again: the kind of a difference → its sentence.
AGAIN: Mapping[str, str] = {
    "arrival": "A person who was announced after the backup: send the announcement again.",
    "stay": "A stay that was announced after the backup: send the announcement again.",
    "extension": "A stay that was made longer after the backup: send that again.",
    "resumption": "A stay that was resumed after the backup: send that again.",
    "card": "A card that was given after the backup: assign it again.",
    "pin": "A PIN that was set or taken away after the backup, and is taken away now: set it again, if it is still wanted.",
    "grant": "A right that an operator gave after the backup: give it again.",
    "notice": "A notice that was taken after the backup: send it again.",
    "merger": "Two persons who were found to be one after the backup: send that again.",
    "suspension": "A person whom security let in again after the backup: resume them again.",
    "lockdown": "A lockdown that was released after the backup: release it again.",
    "fire": "A release by fire that was ordered after the backup: order it again, if it burns.",
    "operator": "An operator who was added after the backup: add them again.",
    "hold": "A change that was approved after the backup: look at it again.",
    "rules": "Rules that were put in force after the backup and cannot be read: apply them again.",
    "campus": "A campus file that was put in force after the backup and cannot be read: apply it again.",
}
LENGTHENING = frozenset({NoticeKind.EXTENDED, NoticeKind.RESUMED, NoticeKind.MERGED})


@dataclass
class Again:
    """What is done, and what is listed, while a tail is replayed."""

    tx: Tx
    nos: dict[str, str]
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    listed: list[dict[str, Json]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    lengthened: dict[str, Stay] = field(default_factory=dict)

    def list(self, kind: str, person: str | None = None, **more: Json) -> None:
        """Something that allows more: to be given again."""
        self.listed.append({"kind": kind, "no": self.nos.get(person or ""), **more})

    def shut(self, kind: str, person: str | None = None) -> None:
        """Something was taken away again."""
        self.done[kind] += 1
        if person is not None:
            self.touched.add(person)


def narrow(again: Again, images: Images, merge: Callable[[Letter], object]) -> None:
    """Take away again what the images show as taken away. `merge` has two numbers be one person, as a notice says."""
    _persons(again, images)
    _mergers(again, images, merge)
    for each in (_stays, _cards, _given, _house, _conditions, _notices):
        each(again, images)


def _persons(again: Again, images: Images) -> None:
    """Newcomers become known again, so that what the story says of them can be read; they are given nothing."""
    tx = again.tx
    present = eras.rows_present(tx, "person", images["person"])
    for key, image in sorted(images["person"].items()):
        if key not in present:
            told = eras.values_of(image)
            if not people.find_persons(tx, [told["no"]], [told["id_digest"]] if told["id_digest"] else []):
                eras.put_image(tx, Image("person", {**image.row, "due": None, "merged_into": None}))
            again.list("arrival", key)
    there = eras.rows_present(tx, "person", images["person_key"])
    keyed = eras.rows_present(tx, "person_key", images["person_key"])
    for key, image in sorted(images["person_key"].items()):
        if key in there - keyed - present:
            eras.put_image(tx, image)


def _mergers(again: Again, images: Images, merge: Callable[[Letter], object]) -> None:
    """Two who were found to be one are one again: what was told of them since is told of both."""
    found = [image for image in images["notice"].values() if image.row["kind"] == NoticeKind.MERGED]
    present = eras.rows_present(again.tx, "notice", {str(image.row["id"]) for image in found})
    for told in sorted(map(eras.values_of, found), key=lambda row: (row["at"], row["id"])):
        if told["id"] in present:
            continue
        content = {name: value for name, value in told["content"].items() if name != "no"}
        what = (told["id"], NoticeKind.MERGED, told["content"]["no"], told["source"], told["sequence"], told["told"])
        try:
            merge(Letter(*what, None, content, None))
        except Refusal:
            again.list("merger", told["person"])
        else:
            again.shut("mergers", told["person"])


def _stays(again: Again, images: Images) -> None:
    owners = set(eras.persons_with(again.tx, "stay", images["stay"]).values())
    present = {one.id: one for stays in people.stays_of(again.tx, owners).values() for one in stays}
    changed: list[Stay] = []
    for key, image in sorted(images["stay"].items()):
        told = eras.values_of(image)
        before = present.get(key)
        if before is None:
            again.list("stay", str(told["person"]), notice=str(told["notice"]))
            continue
        after = _lesser(before, told)
        if after != before:
            changed.append(after)
            again.shut("stays", before.person)
        if _later(told["departure"], before.departure) or told["arrival"] < before.arrival:
            again.list("extension", before.person, notice=str(told["notice"]))
            again.lengthened[key] = after
        if any(pause not in _pauses(told) for pause in before.pauses):
            again.list("resumption", before.person, notice=str(told["notice"]))
            again.lengthened[key] = after
    people.change_stays(again.tx, changed)


def _lesser(before: Stay, told: Mapping[str, Any]) -> Stay:
    """Of a stay and its image what allows less: the shorter time, every pause, and the place where it was last."""
    state = StayState(told["state"])
    pauses = sorted({*before.pauses, *_pauses(told)}, key=lambda one: (one.opens, one.closes or date.max))
    moves = tuple(Move(date.fromisoformat(day), *rest) for day, *rest in told["moves"])
    ends = [day for day in (before.departure, told["departure"]) if day is not None]
    return replace(
        before,
        department=told["department"],
        post=told["post"],
        kind=told["kind"],
        area=told["area"],
        arrival=max(before.arrival, told["arrival"]),
        departure=min(ends) if ends else None,
        state=state if before.state is StayState.OPEN else before.state,
        ended=before.ended if before.state is not StayState.OPEN else told["ended"],
        moves=moves,
        pauses=tuple(pauses),
    )


def _later(one: date | None, other: date | None) -> bool:
    return other is not None and (one is None or one > other)


def _pauses(told: Mapping[str, Any]) -> tuple[Pause, ...]:
    return tuple(
        Pause(date.fromisoformat(opens), date.fromisoformat(closes) if closes else None)
        for opens, closes in told["pauses"]
    )


def _cards(again: Again, images: Images) -> None:
    owners = set(eras.persons_with(again.tx, "credential", images["credential"]).values())
    present = {one.id: one for cards in people.credentials_of(again.tx, owners).values() for one in cards}
    pins: set[str] = set()
    for key, image in sorted(images["credential"].items()):
        state, before = CardState(str(image.row["state"])), present.get(key)
        if before is None:
            if state is CardState.ACTIVE:
                again.list("card", str(image.row["person"]), number=image.row["number"])
        elif before.state is CardState.ACTIVE and state is not CardState.ACTIVE:
            people.end_credential(again.tx, key, state)
            again.shut("cards", before.person)
        elif before.state is CardState.ACTIVE and image.row.get("pin") != before.pin:
            pins.add(before.person)
    for person in sorted(pins):
        # A PIN that was changed or ended opens nothing any more; nor does what took its place, until it is set again.
        people.put_pin(again.tx, person, None)
        again.shut("pins", person)
        again.list("pin", person)


def _given(again: Again, images: Images) -> None:
    """What an operator gave, and units: ended where the image is."""
    tx = again.tx
    present = eras.rows_present(tx, "grant", images["grant"])
    for key, image in sorted(images["grant"].items()):
        person = str(image.row["person"])
        if image.row["ended"] is not None and key in present:
            rights_store.end_grants(tx, {key: eras.values_of(image)["valid_to"] or tx.now}, REPLAY.name)
            again.shut("grants", person)
        elif image.row["ended"] is None and key not in present:
            again.list("grant", person, resource=image.row["resource"])
    over = [key for key, image in images["allotment"].items() if image.row["ended"] is not None]
    again.done["allotments"] += eras.end_allotments(tx, over, REPLAY.name)
    again.touched |= {str(images["allotment"][key].row["person"]) for key in over}


def _house(again: Again, images: Images) -> None:
    """Operators, senders, gateways and holds."""
    tx = again.tx
    present = {one.id: one for one in operator_rows.operators(tx, in_force=False)}
    for key, image in sorted(images["operator"].items()):
        before = present.get(key)
        if before is None and image.row["ended"] is None:
            again.list("operator", None, name=image.row["name"])
        elif before is not None and before.ended is None and image.row["ended"] is not None:
            if before.bootstrap and not complete(
                one.roles for one in present.values() if one.ended is None and not one.bootstrap
            ):
                # Those who came after it are lost: without it nobody could add them again. It ends once they are there.
                continue
            operator_rows.end_operator(tx, key)
            again.shut("operators")
    ended = [key for key, image in images["sender"].items() if image.row["ended"] is not None]
    again.done["senders"] += eras.end_senders(tx, ended)
    revoked = [key for key, image in images["gateway"].items() if image.row["revoked"] is not None]
    again.done["gateways"] += eras.revoke_gateways(tx, revoked, REPLAY.name)
    for key, image in sorted(images["hold"].items()):
        state, before = HoldState(str(image.row["state"])), holds.hold_of(tx, key)
        if before is None or before.state is not HoldState.OPEN or state is HoldState.OPEN:
            continue
        if state is HoldState.REFUSED:
            reason = image.row["reason"]
            holds.settle_hold(tx, key, state, str(image.row["decided_by"]), None if reason is None else str(reason))
            again.shut("holds")
        else:
            again.list("hold", None, name=before.name)


def _conditions(again: Again, images: Images) -> None:
    """What was shut is shut, and what was to be open no more is so; of the rest somebody is told."""
    tx = again.tx
    present = {one.id: one for one in conditions.known_of(tx, images["condition"])}
    for key, image in sorted(images["condition"].items()):
        before, over = present.get(key), image.row["released"] is not None
        kind, zone = ConditionKind(str(image.row["kind"])), str(image.row["zone"])
        if before is None and not over and kind is ConditionKind.LOCKDOWN:
            if not conditions.in_force(tx, kind, zone):
                eras.put_image(tx, image)
                again.shut("lockdowns")
        elif before is None and not over:
            again.list("fire", None, zone=zone)
        elif before is not None and over and before.released is None:
            if kind is ConditionKind.FIRE:
                conditions.release(tx, key, REPLAY.name)
                again.shut("fires")
            else:
                again.list("lockdown", None, zone=zone)


def _notices(again: Again, images: Images) -> None:
    """Notices of which nothing is missing are kept again, so that no later one is understood without them; others are to
    be sent again. Those that were turned down stay so; so do those that a second person let take something away."""
    tx, told = again.tx, images["notice"]
    present = eras.rows_present(tx, "notice", told)
    stays = eras.persons_with(tx, "stay", {str(image.row["stay"]) for image in told.values()})
    batches = eras.rows_present(tx, "batch", {str(image.row["batch"]) for image in told.values()})
    for key, image in sorted(told.items()):
        row = image.row
        theirs = stays.get(str(row["stay"])) == row["person"]
        shuts = row["standing"] == "applied" and theirs and _only_shut(row, again)
        if key in present and row["standing"] == "refused":
            again.done["notices"] += eras.turn_down_notice(tx, key)
        elif key in present:
            again.done["notices"] += eras.apply_notice(tx, key, str(row["stay"])) if shuts else 0
        elif shuts:
            batch = row["batch"] if str(row["batch"]) in batches else None
            eras.put_image(tx, Image("notice", {**row, "batch": batch}))
            again.shut("notices", str(row["person"]))
        else:
            again.list("notice", str(row["person"]), notice=key, what=row["kind"])


def _only_shut(row: Mapping[str, Json], again: Again) -> bool:
    """Whether nothing that the notice says allows more than the stay now does. One that is kept is never taken again, so
    what is to be sent again must not be among them."""
    stay = again.lengthened.get(str(row["stay"]))
    content = row["content"]
    if stay is None or not isinstance(content, Mapping):
        return True
    opens, closes = content.get("arrival"), content.get("departure")
    longer = "departure" in content and stay.departure is not None and (not closes or str(closes) > f"{stay.departure}")
    return row["kind"] not in LENGTHENING and not longer and not (opens and str(opens) < f"{stay.arrival}")
