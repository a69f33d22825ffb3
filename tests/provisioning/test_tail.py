"""The story's tail: what stands under a checkpoint stands there before, at once where something was taken away; a line that
a crash tore is none; and a disk that is full keeps nothing from being signed."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.nouns.told import Told
from provisioning.story.story import ANCHORS, OPENING, TAKING
from provisioning.story.tail import MARK, Tail, TailForeign, read_tail
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import seal


def lines(housed: Housed) -> list[dict]:
    folder = housed.house.settings.tail_folder
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def places(housed: Housed) -> list[int]:
    return [line["position"] for line in lines(housed) if "position" in line]


def test_it_holds_every_sealed_event_once_and_in_order(housed: Housed):
    for nth in range(3):
        housed.come(f"E{nth}", 1000 + nth)
        seal(housed)
    assert places(housed) == list(range(len(housed.story())))
    assert lines(housed)[0] == {"is": MARK, "origin": housed.house.proofs.key.name, "era": 0}
    rows = {(line["row"], line["is"].get("no")) for line in lines(housed) if "row" in line}
    assert ("person", "E2") in rows
    assert {"person_key", "stay", "credential", "notice"} <= {name for name, _ in rows}


def test_another_day_begins_another_file(housed: Housed):
    seal(housed)
    housed.later(days=1)
    housed.come("E1", 1001)
    seal(housed)
    names = sorted(path.name for path in housed.house.settings.tail_folder.iterdir())
    assert names == ["tail-2026-03-02.jsonl", "tail-2026-03-03.jsonl"]
    assert places(housed) == list(range(len(housed.story())))


def test_a_torn_line_is_dropped_and_written_again(housed: Housed):
    housed.come("E1", 1001)
    seal(housed)
    folder = housed.house.settings.tail_folder
    (path,) = folder.iterdir()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 7)
    again = Tail(folder, housed.house.proofs.key.name)
    count = len(housed.story())
    assert again.reaches() == count - 1
    housed.house.sealer._tail = again
    housed.come("E2", 1002)
    seal(housed)
    assert places(housed) == list(range(len(housed.story())))


def test_a_tail_that_cannot_be_written_is_an_alarm_and_the_story_is_signed_all_the_same(housed: Housed):
    seal(housed)
    folder = housed.house.settings.tail_folder
    (path,) = folder.iterdir()
    path.unlink()
    path.mkdir()
    housed.house.sealer._tail = Tail(folder, housed.house.proofs.key.name)
    housed.come("E1", 1001)
    seal(housed)
    assert "story.untailed" in housed.alarms()
    with housed.house.store.reading() as tx:
        assert housed.house.proofs.verify(tx).fields["unsigned"] <= 1
    path.rmdir()
    seal(housed)
    assert places(housed) == list(range(len(housed.story())))


def test_another_hubs_tail_is_never_written_to(tmp_path: Path):
    (tmp_path / "tail-2026-03-02.jsonl").write_text(json.dumps({"is": MARK, "origin": "foyer/x", "era": 0}) + "\n")
    with pytest.raises(TailForeign):
        Tail(tmp_path, "foyer/y").reaches()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("kind", ["person.revoked", "card.lost", "stay.changed", "grant.ended", "operator.ended"])
def test_what_takes_away_is_copied_at_once(housed: Housed, kind: str):
    heard: list[frozenset[str]] = []
    housed.house.store.listen(heard.append)
    with housed.house.store.writing() as tx:
        housed.house.story.tell(tx, Told(kind, BOSS.name))
    assert any(ANCHORS in topics for topics in heard)


def test_what_only_opens_waits_for_its_minute(housed: Housed):
    heard: list[frozenset[str]] = []
    housed.house.store.listen(heard.append)
    for kind in sorted(OPENING | {"record.proved", "grants.decided"}):
        with housed.house.store.writing() as tx:
            housed.house.story.tell(tx, Told(kind, BOSS.name))
    assert not any(ANCHORS in topics for topics in heard)
    assert all(kind.startswith(TAKING) for kind in OPENING)


def test_a_revocation_is_outside_within_seconds_while_the_hub_runs(housed: Housed):
    """By the running sealer, whose next minute is far."""
    person = housed.come("E1", 1001)

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(housed.house.sealer.run(stop, asyncio.to_thread))
        await _until(lambda: "notice" in str(lines(housed)))
        await asyncio.to_thread(housed.revoke, person)
        await _until(lambda: "person.revoked" in [line.get("kind") for line in lines(housed)])
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(run(), 30))


async def _until(true) -> None:
    while not true():  # noqa: ASYNC110 - a file has no event for it
        await asyncio.sleep(0.02)


def test_reading_tells_what_is_wrong_and_goes_on(housed: Housed, clock: SetClock):
    housed.come("E1", 1001)
    seal(housed)
    folder, origin = housed.house.settings.tail_folder, housed.house.proofs.key.name
    (path,) = folder.iterdir()
    with path.open("ab") as file:
        file.write(b"\xff\xfe\n[]\n{}\n" + b'{"row": 1, "is": 2}\n' + b'{"body": "?", "id": null}\n')
    whole = len(housed.story())
    read = read_tail(folder, origin, 0, clock.now() - timedelta(days=1))
    assert len(read.events) == whole
    assert len(read.faults) == 5
    assert list(folder.iterdir()) == [path]
