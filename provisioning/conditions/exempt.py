"""Who is let in during a lockdown all the same. A panel's door mode cannot name cards: so the panel denies everybody, tells
the hub, and the hub opens once for whoever is exempt. That needs the panel in reach; the order says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus, Door
from provisioning.campus.schedules import schedules
from provisioning.conditions.conditions import key_of
from provisioning.conditions.groups import belongs
from provisioning.delivery.acts import Acts
from provisioning.identity.loans import usable
from provisioning.nouns.conditions import Condition, ConditionKind, DoorAct
from provisioning.nouns.people import Credential
from provisioning.nouns.told import Actor
from provisioning.store import conditions as rows
from provisioning.store import people, revocations, rights
from provisioning.store.engine import Tx

FRESH_S = 10.0
"""A swipe that is told later, by a backfill say, opens nothing: whoever stood there has gone, and somebody else may not
have."""
WITHIN_S = 5.0
HELD_SHUT = "door held shut"
"""What a panel reports of a card that it would have let in, PIN and hours and all, were it not for the door's mode."""
EXEMPT = Actor("house:exempt")
REASON = "Exempt from the lockdown {condition} of zone {zone}."


class Exempt:
    """Opens doors under lockdown for those who are exempt."""

    def __init__(self, campuses: Campuses, acts: Acts) -> None:
        self._campuses = campuses
        self._acts = acts

    def denied(
        self, tx: Tx, target: str, key: str, card: int | None, at: datetime | None, reason: str
    ) -> DoorAct | None:
        """A card was denied at a door, at `at` by the panel's clock: an act opens the door, where it is shut by lockdown
        alone and the holder is exempt from each that shuts it. None where it stays shut."""
        if reason != HELD_SHUT or card is None or at is None or abs(tx.now - at) > timedelta(seconds=FRESH_S):
            return None
        standing = rows.in_force(tx)
        campus = self._campuses.current(tx)
        door = _door(campus, target, key)
        locked = [each for each in standing if each.kind is ConditionKind.LOCKDOWN and door and each.zone in door.zones]
        credential = people.active_cards(tx, [card]).get(card)
        if door is None or not locked or credential is None or not self._valid(tx, credential, door):
            return None
        if not _within_hours(tx, campus, target, door):
            return None
        if not self._let_in(tx, credential.person, locked, campus):
            return None
        if rows.open_act_for(tx, target, key, credential.person):
            return None
        first = locked[0]
        why = REASON.format(condition=first.id, zone=first.zone)
        return self._acts.order(
            tx, target, door.id, key, EXEMPT, why, WITHIN_S, person=credential.person, trace=first.id
        )

    def _valid(self, tx: Tx, card: Credential, door: Door) -> bool:
        """Whether the card would open the door by itself, were there no lockdown."""
        cards = people.credentials_of(tx, [card.person]).get(card.person, ())
        in_hands = any(
            each.number == card.number and each.opens <= tx.now and (each.closes is None or tx.now < each.closes)
            for each in usable(cards)
        )
        resources = {f"zone:{zone}" for zone in door.zones}
        granted = any(
            each.resource in resources and each.opens <= tx.now and (each.closes is None or tx.now < each.closes)
            for each in rights.open_grants(tx, [card.person])
        )
        return in_hands and granted and not revocations.suspended(tx, [card.person])

    def _let_in(self, tx: Tx, person: str, locked: list[Condition], campus: Campus) -> bool:
        found = people.persons(tx, [person])[person]
        stays = people.stays_of(tx, [person]).get(person, ())
        today = tx.now.astimezone(campus.zone).date()
        return all(belongs(each.exempt, found, stays, campus, today) for each in locked)


def _door(campus: Campus, target: str, key: str) -> Door | None:
    spec = next((each for each in campus.targets if each.id == target), None)
    return None if spec is None else next((door for door in spec.doors if key_of(door) == key), None)


def _within_hours(tx: Tx, campus: Campus, target: str, door: Door) -> bool:
    """Whether cards open the door at this hour, by its own schedule."""
    spec = next(each for each in campus.targets if each.id == target)
    doors = spec.settings.get("doors")
    told = [one for one in doors if isinstance(one, dict) and one["id"] == door.id] if isinstance(doors, list) else []
    name = told[0].get("schedule") if told else None
    if name is None:
        return True
    local = tx.now.astimezone(campus.zone)
    minute = local.hour * 60 + local.minute
    named = (each for each in schedules(tx, campus) if each.id == name)
    return any(begins <= minute < ends for each in named for begins, ends in each.spans(local.date()))
