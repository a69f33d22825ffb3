"""The sealer gives each event one place, one sealer at a time, and signs nothing that contradicts what it signed."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from provisioning.nouns.told import Told
from provisioning.store import story as rows
from provisioning.story import outside, sealer
from provisioning.story.outside import OutsideDamaged, OutsideUnwritable
from provisioning.story.sealer import Sealer, StoryBroken
from provisioning.story.signing import Signer
from provisioning.story.story import ANCHORS
from provisioning.story.tree import root_of

SIGNER = Signer("foyer/test", bytes(range(32)))


@pytest.fixture
def outside_path(tmp_path):
    return tmp_path / "apart" / "checkpoints.jsonl"


@pytest.fixture
def new_sealer(store, outside_path):
    outside_path.parent.mkdir(exist_ok=True)
    return lambda report=None: Sealer(store, SIGNER, outside_path, report)


@pytest.fixture
def tell(store, story):
    def telling(count):
        with store.writing() as tx:
            return story.tell(tx, *(Told("test", "wang", data={"n": number}) for number in range(count)))

    return telling


def notes(path):
    return list(outside.notes_in(path, outside.end_of(path)))


def test_every_event_gets_the_next_place(store, new_sealer, tell):
    one = new_sealer()
    count = 2 * sealer.SEALED_AT_ONCE_MAX + 50
    ids = tell(count)
    assert one.seal_once() == count
    assert one.seal_once() == 0
    ids += tell(5)
    assert one.seal_once() == 5
    with store.reading() as tx:
        assert [(event.id, event.position) for event in rows.sealed(tx, 0)] == list(
            zip(ids, range(count + 5), strict=True)
        )


def test_two_sealers_never_both_seal(store, new_sealer, tell, clock):
    one, two = new_sealer(), new_sealer()
    tell(3)
    assert one.seal_once() == 3
    tell(3)
    assert two.seal_once() == 0
    assert two.checkpoint_once() is None
    assert one.seal_once() == 3
    clock.put(clock.now() + timedelta(seconds=sealer.LEASE_S))
    tell(1)
    assert two.seal_once() == 1
    assert one.seal_once() == 0
    assert one.checkpoint_once() is None
    assert two.checkpoint_once() is not None
    with store.reading() as tx:
        assert rows.size(tx) == 7


def test_a_checkpoint_names_the_tree_and_is_kept_twice(store, new_sealer, tell, outside_path, clock):
    one = new_sealer()
    assert one.checkpoint_once() is None
    tell(5)
    one.seal_once()
    made = one.checkpoint_once()
    with store.reading() as tx:
        expected = root_of(leaf for _, leaf in rows.leaves(tx, 0))
        assert rows.last_checkpoint(tx) == made
    assert made is not None
    head = SIGNER.verifying_key.head(made.note)
    assert (head.origin, head.size, head.root) == ("foyer/test", 5, expected)
    assert (made.size, made.root, made.at) == (5, expected, clock.now())
    assert notes(outside_path) == [made.note]
    assert one.checkpoint_once() is None


def test_a_new_sealer_goes_on_where_another_stopped(store, new_sealer, tell, outside_path, clock):
    made = []
    for count in (5, 1, 8, 2):
        one = new_sealer()
        clock.put(clock.now() + timedelta(minutes=1))
        tell(count)
        one.seal_once()
        made.append(one.checkpoint_once())
    assert [one.size for one in made] == [5, 6, 14, 16]
    assert notes(outside_path) == [one.note for one in made]


def test_a_sealer_takes_in_what_another_signed_meanwhile(new_sealer, tell, outside_path, clock):
    one, two = new_sealer(), new_sealer()
    for turn in (one, two, one, two, one):
        clock.put(clock.now() + timedelta(minutes=1))
        tell(3)
        turn.seal_once()
        assert turn.checkpoint_once() is not None
    assert len(notes(outside_path)) == 5


def test_what_a_crash_kept_from_the_file_is_written_later(store, new_sealer, tell, outside_path):
    one = new_sealer()
    tell(5)
    one.seal_once()
    one.checkpoint_once()
    tell(2)
    one.seal_once()
    made = one.checkpoint_once()
    whole = outside_path.read_bytes()
    for torn in (len(whole) - 1, len(whole) - 20, whole.index(b"\n") + 1):
        outside_path.write_bytes(whole[:torn])
        assert one.checkpoint_once() is None
        assert outside_path.read_bytes() == whole
    assert notes(outside_path)[-1] == made.note


def broken_by(store, statement):
    with store.writing() as tx:
        for trigger in ("event_unchanged", "event_stays", "checkpoint_unchanged", "checkpoint_stays"):
            tx.connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        tx.connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET leaf = zeroblob(32) WHERE position = 1",
        "DELETE FROM event WHERE position = 1",
        "DELETE FROM event WHERE position >= 3",
        "DELETE FROM checkpoint",
        "UPDATE checkpoint SET root = zeroblob(32)",
        "UPDATE checkpoint SET note = 'nobody signed this'",
        "UPDATE event SET position = CASE position WHEN 0 THEN 10 WHEN 1 THEN 0 ELSE position END",
    ],
)
def test_a_fresh_sealer_signs_nothing_on_a_broken_story(store, new_sealer, tell, outside_path, statement):
    one = new_sealer()
    tell(5)
    one.seal_once()
    one.checkpoint_once()
    one._leave()
    broken_by(store, statement)
    kept = notes(outside_path)
    fresh = new_sealer()
    tell(1)
    fresh.seal_once()
    for _ in range(2):
        with pytest.raises(StoryBroken, match="audit verify"):
            fresh.checkpoint_once()
    assert notes(outside_path) == kept


def test_a_lost_file_outside_stops_the_signing(new_sealer, tell, outside_path):
    one = new_sealer()
    for _ in range(2):
        tell(5)
        one.seal_once()
        one.checkpoint_once()
    outside_path.unlink()
    with pytest.raises(StoryBroken):
        one.checkpoint_once()
    outside_path.write_text("nonsense\n")
    with pytest.raises(OutsideDamaged):
        one.checkpoint_once()


def test_a_file_that_cannot_be_written_is_told_of_and_made_good(new_sealer, tell, outside_path):
    one = new_sealer()
    outside_path.parent.rmdir()
    tell(5)
    one.seal_once()
    with pytest.raises(OutsideUnwritable, match="No such file"):
        one.checkpoint_once()
    outside_path.parent.mkdir()
    assert one.checkpoint_once() is None
    assert len(notes(outside_path)) == 1


async def hop(call, *args):
    return await asyncio.to_thread(call, *args)


def sealed_size(store):
    with store.reading() as tx:
        return rows.size(tx)


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to pass")


def test_running_it_seals_what_is_told_and_signs_at_the_end(store, new_sealer, tell, outside_path):
    async def run():
        one, stop = new_sealer(), asyncio.Event()
        running = asyncio.create_task(one.run(stop, hop))
        tell(3)
        await until(lambda: sealed_size(store) == 3)
        await until(lambda: notes(outside_path))
        await hop(tell, 4)
        await until(lambda: sealed_size(store) == 7)
        stop.set()
        await running
        tell(1)  # nobody is woken any more, and nobody minds

    asyncio.run(run())
    assert [json.loads(line)["note"].split("\n")[1] for line in outside_path.read_text().splitlines()][-1] == "7"
    with store.reading() as tx:
        last = rows.last_checkpoint(tx)
    assert last is not None
    assert last.size == 7


def test_what_asks_for_it_is_anchored_outside_at_once(store, new_sealer, tell, outside_path):
    def revoke():
        with store.writing() as tx:
            tx.wake(ANCHORS)
        tell(1)

    async def run():
        stop = asyncio.Event()
        running = asyncio.create_task(new_sealer().run(stop, hop))
        tell(1)
        await until(lambda: len(notes(outside_path)) == 1)
        await hop(tell, 1)
        await until(lambda: sealed_size(store) == 2)
        assert len(notes(outside_path)) == 1  # the usual waits for its minute
        await hop(revoke)
        await until(lambda: len(notes(outside_path)) == 2)
        stop.set()
        await running

    asyncio.run(run())


def test_running_it_follows_a_sealer_that_died_once_its_lease_is_over(store, new_sealer, tell, clock):
    async def run():
        dead, stop = new_sealer(), asyncio.Event()
        tell(1)
        dead.seal_once()
        tell(1)
        running = asyncio.create_task(new_sealer().run(stop, hop))
        await asyncio.sleep(0.5)
        assert sealed_size(store) == 1
        clock.put(clock.now() + timedelta(seconds=sealer.LEASE_S))
        await until(lambda: sealed_size(store) == 2)
        stop.set()
        await running

    asyncio.run(run())


def test_running_on_a_broken_story_tells_why_and_goes_on_sealing(store, new_sealer, tell):
    told = []

    async def run():
        one = new_sealer()
        tell(5)
        one.seal_once()
        one.checkpoint_once()
        one._leave()
        broken_by(store, "DELETE FROM event WHERE position = 4")
        stop = asyncio.Event()
        running = asyncio.create_task(new_sealer(lambda _, refusal: told.append(refusal)).run(stop, hop))
        await until(lambda: told)
        tell(1)
        await until(lambda: sealed_size(store) == 5)
        stop.set()
        await running

    asyncio.run(run())
    assert {refusal.code() for refusal in told} == {"story-broken"}
    assert "5" in told[0].sentence("zh")
