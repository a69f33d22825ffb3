"""Events are written whole, in order, in the transaction that made them, and hold nothing personal in the clear."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.exc import IntegrityError

from provisioning.nouns.told import Told
from provisioning.store import story as rows
from provisioning.story.story import told_in
from provisioning.story.tree import leaf_hash

CANARY = "110101199003078515"
NAME = "欧阳金丝雀"


def told(number):
    return Told("receipt", "gateway:embedded", None, "panel-1", f"ntc-{number}", {"key": f"card:{number}"})


def test_what_is_told_is_kept_as_it_was_hashed(store, story, clock):
    with store.writing() as tx:
        (row,) = story.tell(tx, Told("person.arrived", "wang", "per-1", "panel-1", "ntc-1", {"no": "1001", "days": 3}))
    with store.reading() as tx:
        event = rows.event_of(tx, row)
    assert event is not None
    assert event.leaf == leaf_hash(event.body)
    assert event.position is None
    assert event.at == clock.now()
    assert event.body.decode() == (
        '{"actor":"wang","at":"2026-03-02T01:30:00.000000+00:00","data":{"days":3,"no":"1001"},'
        '"kind":"person.arrived","person":"per-1","target":"panel-1","trace":"ntc-1"}'
    )
    assert told_in(event.body)["data"] == {"no": "1001", "days": 3}


def test_ids_are_in_the_order_of_telling_across_statements(store, story):
    with store.writing() as tx:
        ids = story.tell(tx, *(told(number) for number in range(3_500)))
        more = story.tell(tx, told(3_500), told(3_501))
    assert ids == sorted(set(ids))
    with store.reading() as tx:
        for number, row in [*enumerate(ids), (3_500, more[0]), (3_501, more[1])]:
            event = rows.event_of(tx, row)
            assert event is not None
            assert event.trace == f"ntc-{number}"


def test_nothing_told_is_nothing_written(store, story):
    with store.writing() as tx:
        assert story.tell(tx) == []
        assert tx.woken == set()


def test_a_lost_transaction_tells_nothing(store, story):
    with pytest.raises(RuntimeError), store.writing() as tx:
        story.tell(tx, told(1))
        raise RuntimeError
    with store.reading() as tx:
        assert rows.unsealed_ids(tx, 10) == []


def test_telling_wakes_the_sealer_only_once_it_is_kept(store, story):
    heard = []
    store.listen(heard.append)
    with store.writing() as tx:
        story.tell(tx, told(1))
        assert heard == []
    assert heard == [frozenset({"story"})]


def test_what_is_private_is_sealed_and_opens_until_the_person_is_forgotten(store, story, vault, newcomer, tmp_path):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        private = {"name": NAME, "id_number": CANARY}
        first, second = story.tell(
            tx, told(1), Told("person.arrived", "wang", person, data={"no": "1001"}, private=private)
        )
    with store.reading() as tx:
        plain, event = rows.event_of(tx, first), rows.event_of(tx, second)
        assert plain is not None
        assert event is not None
        assert story.private(tx, plain) is None
        assert story.private(tx, event) == private
        assert set(json.loads(event.body)) == {"actor", "at", "data", "kind", "person", "sealed", "target", "trace"}
    whole = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert event.body in whole
    assert CANARY.encode() not in whole
    assert NAME.encode() not in whole
    with store.writing() as tx:
        vault.forget(tx, person)
    with store.reading() as tx:
        assert story.private(tx, event) is None
        assert rows.event_of(tx, second) == event


def test_private_without_a_person_is_a_mistake(store, story):
    with pytest.raises(ValueError, match="person"), store.writing() as tx:
        story.tell(tx, Told("person.arrived", "wang", private={"name": NAME}))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE event SET body = x'00'",
        "UPDATE event SET leaf = x'00'",
        "UPDATE event SET actor = 'nobody'",
        "UPDATE event SET person = 'per-2'",
        "DELETE FROM event",
    ],
)
def test_the_database_refuses_to_change_an_event(store, story, tampering):
    with store.writing() as tx:
        story.tell(tx, told(1))
    with pytest.raises(IntegrityError, match="never"), store.writing() as tx:
        tx.connection.exec_driver_sql(tampering)


def test_a_position_is_given_once(store, story):
    with store.writing() as tx:
        (row,) = story.tell(tx, told(1))
        rows.place(tx, {row: 0})
        rows.place(tx, {row: 5})
    with store.reading() as tx:
        assert rows.size(tx) == 1
    with pytest.raises(IntegrityError, match="never"), store.writing() as tx:
        tx.connection.exec_driver_sql("UPDATE event SET position = 5")


def test_events_are_found_by_place_trace_and_person(store, story, newcomer):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        ids = story.tell(tx, *(told(number % 3) for number in range(6)), Told("left", "wang", person))
        rows.place(tx, dict(zip(ids, range(7), strict=True)))
    with store.reading() as tx:
        assert [event.position for event in rows.recent(tx, 3)] == [6, 5, 4]
        assert [event.position for event in rows.recent(tx, 2, before=4)] == [3, 2]
        assert [event.position for event in rows.after(tx, 4, 10)] == [5, 6]
        assert [event.id for event in rows.of_trace(tx, "ntc-1", 10)] == [ids[1], ids[4]]
        assert [event.kind for event in rows.of_person(tx, person, 10)] == ["left"]
