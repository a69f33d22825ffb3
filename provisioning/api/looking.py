"""The rights of people whom an act has changed, looked at: within its transaction where they are few, and else right after
it, some at a time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from provisioning.api.asking import act
from provisioning.api.rooms import Rooms
from provisioning.nouns.told import Actor
from provisioning.store.engine import Tx

FEW = 8
"""So many people are looked at in the transaction that changed them."""
LOOK_AT_ONCE = 25
ALLOT_AT_ONCE = 500
"""More in one transaction would keep a revocation waiting that comes meanwhile."""


@contextmanager
def looking(rooms: Rooms, actor: Actor, *, dry_run: bool = False) -> Generator[tuple[Tx, list[str]]]:
    """A transaction for an act that changes people: whoever it puts on the list has been looked at when this ends. A dry run
    looks at nobody."""
    persons: list[str] = []
    with act(rooms.store, dry_run=dry_run) as tx:
        yield tx, persons
        looked = dry_run or looked_at_once(tx, rooms, persons, actor)
    if not looked:
        look(rooms, persons, actor)


def looked_at_once(tx: Tx, rooms: Rooms, persons: Sequence[str], actor: Actor) -> bool:
    """Look at persons' rights in the transaction that changed them, where they are few; whether that is done. A fault of
    ours undoes no more than the looking, and `look` says then what it is."""
    if len(persons) > FEW:
        return False
    try:
        with tx.aside():
            if persons:
                rooms.grants.look(tx, persons, actor)
    except Exception:  # noqa: BLE001 - nothing that HR told may be lost by it; whoever calls looks again, and tells of it
        return False
    return True


def look(rooms: Rooms, persons: Sequence[str], actor: Actor) -> None:
    """Look at persons' rights, some at a time; what is granted bears the trace of each one's own notice. Units are
    allotted over the whole batch before. What a crash leaves over is still due, and looked at by the timer."""
    for start in range(0, len(persons) if len(persons) > LOOK_AT_ONCE else 0, ALLOT_AT_ONCE):
        with rooms.store.writing() as tx:
            rooms.grants.allot(tx, persons[start : start + ALLOT_AT_ONCE], actor)
    for start in range(0, len(persons), LOOK_AT_ONCE):
        with rooms.store.writing() as tx:
            rooms.grants.look(tx, persons[start : start + LOOK_AT_ONCE], actor)
