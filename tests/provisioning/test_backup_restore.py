"""A backup is whole or none, however busy the hub; a restore leaves the old database or the new one, whatever kills it."""

from __future__ import annotations

import os
import sqlite3
import sys
import tarfile
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from devices.clock import SetClock
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.refusals import StoreHeld
from provisioning.story.backups import BackupAltered, NoBackup, check
from provisioning.story.restoring import RestoreUnfinished
from tests.provisioning.housed import BOSS, HEADERS, Housed
from tests.provisioning.restored import Life, back_up, card, seal, verdict, watch, work_through

NAME, PHONE, NUMBER = "欧阳金丝雀", "13900001111", "110101199003074274"
STEPS = ("link", "unlink", "rename", "replace", "fsync", "ftruncate")


@pytest.fixture
def life(tmp_path: Path, clock: SetClock) -> Life:
    return Life(tmp_path / "hub", clock)


def take(housed: Housed, row: str, name: str = "one.csv") -> None:
    with housed.house.store.writing() as tx:
        housed.house.intake.take(tx, read_sheet(f"{HEADERS}\n{row}\n".encode(), name), BOSS)


def test_a_backup_is_checked_and_says_what_it_is(life: Life, tmp_path: Path):
    with life.house() as housed:
        housed.come("E1", 1001)
        seal(housed)
        path = back_up(housed, tmp_path / "hub.tar")
        manifest = check(path, tmp_path / "out.sqlite3")
        assert (manifest.campus, manifest.origin) == ("small", housed.house.proofs.key.name)
        assert manifest.at == housed.clock.now()
        with housed.house.store.reading() as tx:
            assert manifest.size == len(list(housed.house.proofs.export(tx))) - 2
        assert housed.story("backup.taken")[0]["data"]["digest"] == manifest.digest
        assert list(life.folder.glob("backup-*")) == []
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["manifest.json", "hub.sqlite3"]


def test_a_backup_while_batches_are_taken_is_of_one_instant(life: Life, tmp_path: Path):
    with life.house() as housed:
        stop = threading.Event()

        def send() -> None:
            for nth in range(10_000):
                if stop.is_set():
                    return
                housed.arrive(f"E{nth}", 1000 + nth)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            found = [_counted(back_up(housed, tmp_path / f"{nth}.tar"), tmp_path) for nth in range(5)]
        finally:
            stop.set()
            sender.join()
    assert found == sorted(found)
    assert found[-1] > found[0], "the hub went on meanwhile"


def _counted(archive: Path, folder: Path) -> int:
    """People in a backup: as many as stays, cards, notices, and events that tell of them."""
    unpacked = folder / "counted.sqlite3"
    check(archive, unpacked)
    with closing(sqlite3.connect(unpacked)) as copy:
        (people,) = copy.execute("SELECT count(*) FROM person").fetchone()
        for query in ("stay", "credential", "notice", "batch", "event WHERE kind = 'stay.announced'"):
            assert copy.execute(f"SELECT count(*) FROM {query}").fetchone() == (people,), query  # noqa: S608 - own words
    return people


def test_nothing_personal_is_in_the_archive_or_the_tail(life: Life, tmp_path: Path):
    with life.house() as housed:
        header = HEADERS + ",身份证号,手机号"
        row = f"{NAME},E1,财政局,科员,公务员,2026-03-02,,1001,北办公区,{NUMBER},{PHONE}"
        with housed.house.store.writing() as tx:
            report = housed.house.intake.take(tx, read_sheet(f"{header}\n{row}\n".encode(), "one.csv"), BOSS)
        assert report.lines[0].effect == "new", report.lines[0].sentences("en")
        housed.look(housed.person("E1"))
        seal(housed)
        path = back_up(housed, tmp_path / "hub.tar")
        with housed.house.store.reading() as tx:
            private = housed.house.persons.private(tx, housed.person("E1"))
        assert private is not None
        assert (private.name, private.phone) == (NAME, PHONE)
        key = life.settings.master_key.read_bytes()
    for file in (path, *life.settings.tail_folder.iterdir()):
        data = file.read_bytes()
        assert b"E1" in data, "it is the one that was looked for"
        for canary in (
            NAME.encode(),
            NAME.encode("unicode_escape"),
            PHONE.encode(),
            NUMBER.encode(),
            key[:32],
            key[32:],
        ):
            assert canary not in data, file.name
    assert {file.stat().st_mode & 0o077 for file in life.settings.tail_folder.iterdir()} == {0}


@pytest.mark.parametrize("wrong", ["cut", "flipped", "empty", "text", "another tar", "no database"])
def test_a_file_that_is_no_whole_backup_is_refused_and_touches_nothing(life: Life, tmp_path: Path, wrong: str):
    with life.house() as housed:
        housed.come("E1", 1001)
        path = back_up(housed, tmp_path / "hub.tar")
    data = bytearray(path.read_bytes())
    if wrong == "cut":
        data = data[: len(data) // 2]
    elif wrong == "flipped":
        data[len(data) // 2] ^= 1
    elif wrong == "empty":
        data = bytearray()
    elif wrong == "text":
        data = bytearray(b"backup " * 1000)
    elif wrong == "no database":
        data = data[:1024] + bytearray(10_240)
    path.write_bytes(data)
    if wrong == "another tar":
        with tarfile.open(path, "w") as archive:
            archive.add(life.settings.database, "hub.sqlite3")
    before = life.settings.database.read_bytes()
    with pytest.raises((NoBackup, BackupAltered)) as refused:
        life.restore(path)
    assert path.name in refused.value.sentence("zh")
    assert life.settings.database.read_bytes() == before
    assert sorted(each.name for each in life.folder.iterdir() if "restore" in each.name) == []


def test_a_hub_that_runs_is_not_restored_over(life: Life, tmp_path: Path):
    with life.house() as housed:
        path = back_up(housed, tmp_path / "hub.tar")
        with pytest.raises(StoreHeld):
            life.restore(path)


def test_whatever_kills_a_restore_the_old_or_the_new_is_whole_and_again_goes_on(life: Life, tmp_path: Path):
    with life.house() as housed:
        housed.come("E1", 1001)
        work_through(housed, 2)
        path = back_up(housed, tmp_path / "hub.tar")
        housed.revoke(housed.person("E1"))
        work_through(housed, 2)
    kills = 0
    while _killed_at(life, path, kills):
        kills += 1
        assert kills < 200
        _one_is_whole(life)
        if kills % 3 == 0:  # and sometimes it is run again between two blows
            life.restore(path)
            with life.house() as housed:
                work_through(housed, 2)
                assert card(1001) not in watch(housed).written
    assert kills > 5
    with life.house() as housed:
        work_through(housed)
        assert card(1001) not in watch(housed).written
        assert verdict(housed).ok
    assert len(list(life.folder.glob("hub.before-*.sqlite3"))) >= 1


def _killed_at(life: Life, archive: Path, nth: int) -> bool:
    """Restore in a process of its own that dies just before its nth step on the disk; False where it had no such step."""
    life.clock.put(life.clock.now() + timedelta(seconds=2))
    child = os.fork()
    if child == 0:
        seen = 0

        def watch(_: FrameType, event: str, called: Any) -> None:
            nonlocal seen
            if event == "c_call" and getattr(called, "__name__", "") in STEPS:
                seen += 1
                if seen > nth:
                    os._exit(9)

        sys.setprofile(watch)
        try:
            life.restore(archive)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), code
    return code == 9


def _one_is_whole(life: Life) -> None:
    """What stands at the hub's place, or beside it, can be opened, and one of them is the old one."""
    unfinished = (life.folder / "hub.restored.sqlite3").exists()
    if unfinished:
        with pytest.raises(RestoreUnfinished), life.house():
            pass
    whole = 0
    for path in (life.settings.database, *life.folder.glob("hub.before-*.sqlite3")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as one:
            assert one.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            whole += one.execute("SELECT count(*) FROM event WHERE kind = 'person.revoked'").fetchone()[0]
    assert whole, "nothing that was there is gone"
