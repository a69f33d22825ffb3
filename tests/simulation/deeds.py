"""What security and HR do beside sheets and cards, by the seed: suspensions, loans, lockdowns, fire, doors opened from afar,
signed notices, mergers, and what waits for a second person. Each is done as the API does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from provisioning.compose import House
from provisioning.intake.notices import actor_of
from provisioning.nouns.conditions import ConditionKind
from provisioning.nouns.told import Actor
from provisioning.store.senders import Sender
from tests.simulation.lives import NOBODY, WHO, Act, Lives, Row, to_somebody

SENDER = Sender("snd-storm", "storm", "https://hr.test/notices", b"", datetime(2027, 3, 1, tzinfo=UTC))
OTHER = Actor("operator:other", frozenset({"hr", "security", "system"}))
ZONES = ("north-public", "south-public", "north-offices", "south-offices", "plant")
DOORS = ("gate-1", "gate-3", "north-1", "south-2", "annex-1")
AREA_IDS = ("north", "south")
DEPARTMENT_IDS = ("organisation", "finance", "it-centre")


@to_somebody
def suspend(lives: Lives, house: House, row: Row) -> str:
    with house.store.writing() as tx:
        house.revoking.suspend(tx, house.persons.get(tx, row.no), WHO, "storm")
    return row.no


@to_somebody
def resume(lives: Lives, house: House, row: Row) -> str:
    with house.store.writing() as tx:
        house.revoking.resume(tx, house.persons.get(tx, row.no), WHO, "storm")
    return row.no


@to_somebody
def lend(lives: Lives, house: House, row: Row) -> str:
    """A card for some hours, or over midnight."""
    number, hours = lives.new_card(), lives.dice.choice((1, 1, 5, 30))
    with house.store.writing() as tx:
        person, zone = house.persons.get(tx, row.no), house.campuses.current(tx).zone
        until = (tx.now + timedelta(hours=hours)).astimezone(zone).replace(tzinfo=None, microsecond=0)
        card = house.loans.lend(tx, person, number, until, zone, WHO, beside=lives.dice.random() < 0.3)
        house.grants.look(tx, [person.id], WHO, card.id, urgent=True)
    return f"{number} to {row.no} until {until}"


def take_back(lives: Lives, house: House) -> str:
    number = lives.dice.choice(lives.cards[-8:])
    with house.store.writing() as tx:
        card = house.loans.take_back(tx, number, WHO)
        house.grants.look(tx, [card.person], WHO, card.id, urgent=True)
    return str(number)


def lock(lives: Lives, house: House) -> str:
    """A lockdown of some zone; for some minutes, or until somebody releases it."""
    zone = lives.dice.choice(ZONES)
    minutes = lives.dice.choice((None, None, 1, 4))
    with house.store.writing() as tx:
        until = None
        if minutes is not None:
            at = (tx.now + timedelta(minutes=minutes)).astimezone(house.campuses.current(tx).zone)
            until = at.replace(tzinfo=None)
        house.conditions.lock(tx, zone, "storm", WHO, ("department:it-centre",), until)
    return f"{zone} {minutes}"


def release(lives: Lives, house: House) -> str:
    zone, kind = lives.dice.choice(ZONES), lives.dice.choice(list(ConditionKind))
    with house.store.writing() as tx:
        house.conditions.release(tx, kind, zone, WHO)
    return f"{kind.value} {zone}"


def release_all(_: Lives, house: House) -> str:
    """Everything is as the campus file says."""
    count = 0
    for kind in ConditionKind:
        with house.store.writing() as tx:
            for each in house.conditions.listed(tx, kind):
                if each.condition.released is None:
                    house.conditions.release(tx, kind, each.condition.zone, WHO)
                    count += 1
    return str(count)


def burn(lives: Lives, house: House) -> str:
    zone = lives.dice.choice(ZONES)
    with house.store.writing() as tx:
        house.conditions.free(tx, zone, WHO, "storm")
    return zone


def open_door(lives: Lives, house: House) -> str:
    door = lives.dice.choice(DOORS)
    with house.store.writing() as tx:
        return house.conditions.open_door(tx, door, WHO, "storm", 10.0).id


@to_somebody
def hear(lives: Lives, house: House, row: Row) -> str:
    """HR tells something of somebody by a notice of its own."""
    today, dice = lives.today(house), lives.dice
    said: dict[str, dict[str, Any]] = {
        "moved": {"day": _told(today), "area": dice.choice(AREA_IDS), "department": dice.choice(DEPARTMENT_IDS)},
        "suspended": {"day": _told(today + timedelta(days=dice.choice((0, 0, 1))))},
        "resumed": {"day": _told(today)},
        "extended": {"departure": _told(today + timedelta(days=dice.choice((0, 1, 3, 30))))},
        "left": {"day": _told(today - timedelta(days=dice.choice((0, 1))))},
    }
    kind = dice.choice((*said, "moved", "resumed", "extended"))
    return _notice(lives, house, kind, row.no, said[kind])


def merge(lives: Lives, house: House) -> str:
    """Two people turn out to be one."""
    if len(lives.rows) < 2:
        return NOBODY
    no, into = lives.dice.sample(list(lives.rows), 2)
    told = _notice(lives, house, "merged", no, {"into": into})
    lives.rows.pop(no, None)
    return told


def decide(lives: Lives, house: House) -> str:
    """A second person decides on what waits, and rather lets it go."""
    with house.store.writing() as tx:
        waiting = house.holds.open(tx)
        if not waiting:
            return "nothing"
        hold = lives.dice.choice(waiting)
        if lives.dice.random() < 0.3:
            house.proposals.refuse(tx, hold, OTHER, "storm")
            return f"{hold.kind.value} refused"
        decided = house.proposals.approve(tx, hold, OTHER)
        house.grants.look(tx, list(decided.people), OTHER, hold.id)
    return f"{hold.kind.value} {'shown anew' if decided.before is not None else 'approved'}"


def _notice(lives: Lives, house: House, kind: str, no: str, said: dict[str, Any]) -> str:
    lives.notices += 1
    with house.store.writing() as tx:
        event = {
            "specversion": "1.0",
            "id": f"{no}-{lives.notices}",
            "source": SENDER.source,
            "type": f"foyer.hr.{kind}",
            "subject": no,
            "time": tx.now.isoformat(),
            "data": said,
        }
        (taken,) = house.notices.take(tx, SENDER, [event])
        house.grants.look(tx, list(taken.persons), actor_of(SENDER), taken.notice)
    if taken.refusal is not None:
        return f"{kind} {no} refused {type(taken.refusal).__name__}"
    return f"{kind} {no} {'' if taken.standing is None else taken.standing.value}"


def _told(day: date) -> str:
    return day.isoformat()


MOODS: tuple[tuple[Act, ...], ...] = (
    (suspend,),
    (suspend, resume),
    (resume, suspend),
    (lend,),
    (lend, take_back),
    (lock,),
    (lock, release),
    (lock, lock, release),
    (release,),
    (burn, release),
    (lock, release_all),
    (open_door, open_door),
    (hear,),
    (hear, hear),
    (hear, Lives.revoke),
    (merge,),
    (decide,),
    (Lives.newcomers, decide),
)
