"""The database: one writer at a time in the order of asking, all or nothing, and one hub on a folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from provisioning.nouns.refusals import StoreBusy, StoreFull, StoreHeld
from provisioning.store import tables
from provisioning.store.engine import PASSED_MAX, Store
from provisioning.store.holding import held

WAIT_S_MAX = 20


def put(tx, name: str) -> None:
    tx.run(insert(tables.lease).values(name=name, owner="o", until=tx.now))


def names(store: Store) -> list[str]:
    with store.reading() as tx:
        return list(tx.run(select(tables.lease.c.name).order_by(tables.lease.c.name)).scalars())


def test_what_a_block_writes_is_kept_when_it_ends(store: Store):
    with store.writing() as tx:
        put(tx, "a")
        assert names(store) == [], "nobody sees it before"
    assert names(store) == ["a"]


def test_an_error_keeps_nothing_and_wakes_nobody(store: Store):
    woken: list[frozenset[str]] = []
    store.listen(woken.append)
    with pytest.raises(ZeroDivisionError), store.writing() as tx:
        put(tx, "a")
        tx.wake("delivery")
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), store.writing() as tx:
        put(tx, "b")
        put(tx, "b")
    assert names(store) == []
    assert woken == []
    with store.writing() as tx:
        put(tx, "c")
        tx.wake("delivery")
    assert names(store) == ["c"]
    assert woken == [frozenset({"delivery"})]


def test_a_rehearsal_sees_its_own_doing_and_leaves_none(store: Store):
    woken: list[frozenset[str]] = []
    store.listen(woken.append)
    with store.rehearsing() as tx:
        put(tx, "a")
        tx.wake("delivery")
        assert tx.run(select(tables.lease.c.name)).scalars().all() == ["a"]
    assert names(store) == []
    assert woken == []


def test_what_is_done_while_reading_is_not_kept(store: Store):
    with store.reading() as tx:
        put(tx, "a")
    assert names(store) == []


def test_writers_are_served_in_the_order_of_asking(store: Store):
    order: list[int] = []
    threads = [threading.Thread(target=_write, args=(store, nth, order)) for nth in range(24)]
    with store.writing() as tx:
        put(tx, "first")
        for nth, thread in enumerate(threads):
            thread.start()
            _until(lambda nth=nth: len(store._turns._waiting) == nth + 1)
    for thread in threads:
        thread.join(WAIT_S_MAX)
    assert order == list(range(24))
    assert len(names(store)) == 25


def test_who_is_urgent_goes_past_who_waits_but_not_for_ever(store: Store):
    order: list[int] = []
    usual = [threading.Thread(target=_write, args=(store, nth, order)) for nth in range(3)]
    many = [threading.Thread(target=_write, args=(store, 100 + nth, order, True)) for nth in range(PASSED_MAX + 2)]
    with store.writing() as tx:
        put(tx, "first")
        for line, threads in ((store._turns._waiting, usual), (store._turns._urgent, many)):
            for nth, thread in enumerate(threads):
                thread.start()
                _until(lambda line=line, nth=nth: len(line) == nth + 1)
    for thread in usual + many:
        thread.join(WAIT_S_MAX)
    last = [100 + nth for nth in range(PASSED_MAX, PASSED_MAX + 2)]
    assert order == [*range(100, 100 + PASSED_MAX), 0, *last, 1, 2]


def test_many_writers_lose_nothing_and_never_find_it_busy(store: Store):
    failures: list[BaseException] = []

    def write(nth: int) -> None:
        try:
            for time_ in range(10):
                with store.writing() as tx:
                    put(tx, f"{nth}-{time_}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(nth,)) for nth in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S_MAX)
    assert failures == []
    assert len(names(store)) == 160


def test_a_writer_that_fails_lets_the_next_one_in(store: Store):
    done: list[int] = []
    with pytest.raises(ZeroDivisionError), store.writing():
        thread = threading.Thread(target=_write, args=(store, 1, done))
        thread.start()
        _until(lambda: len(store._turns._waiting) == 1)
        raise ZeroDivisionError
    thread.join(WAIT_S_MAX)
    assert done == [1]


def test_a_full_disk_is_said_keeps_nothing_and_harms_nothing(store: Store):
    with store.writing() as tx:
        put(tx, "before")
        pages = tx.run(text("PRAGMA page_count")).scalar_one()
    with pytest.raises(StoreFull) as refused, store.writing() as tx:
        tx.run(text(f"PRAGMA max_page_count = {pages + 2}"))
        for nth in range(10_000):
            put(tx, f"{nth:0200}")
    assert "full" in refused.value.sentence("en")
    assert refused.value.status == 507
    assert names(store) == ["before"]
    with store.writing() as tx:
        tx.run(text("PRAGMA max_page_count = 1000000"))
        put(tx, "later")
    assert names(store) == ["before", "later"]
    with store.reading() as tx:
        assert tx.run(text("PRAGMA integrity_check")).scalar_one() == "ok"


def test_another_program_in_the_database_is_said(store: Store):
    code = (
        "import sqlite3, sys\n"
        "other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "other.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with store.reading() as tx:
            tx.run(text("PRAGMA busy_timeout = 50"))  # of the one pooled connection, which the writer takes next
        with pytest.raises(StoreBusy, match=store.path.name), store.writing() as tx:
            put(tx, "a")
    finally:
        other.kill()
        other.communicate()
    with store.writing() as tx:
        put(tx, "b")
    assert names(store) == ["b"]


def test_the_steps_lead_to_the_tables_as_they_are_written(store: Store):
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_database_of_this_version_is_left_as_it_is(store: Store):
    with store.writing() as tx:
        put(tx, "a")
        before = tx.run(text("PRAGMA schema_version")).scalar_one()
    again = Store(store.path, store.clock, store.ids)
    assert names(again) == ["a"]
    with again.reading() as tx:
        assert tx.run(text("PRAGMA schema_version")).scalar_one() == before
    again.close()


def test_it_survives_a_power_cut_as_far_as_sqlite_promises(store: Store):
    with store.writing() as tx:
        found = {
            name: tx.run(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_second_hub_on_a_folder_is_refused_by_the_process_that_has_it(tmp_path: Path):
    lock = tmp_path / "hub.lock"
    with held(lock):
        code = (
            "import sys; from pathlib import Path\n"
            "from provisioning.store.holding import held\n"
            "from provisioning.nouns.refusals import StoreHeld\n"
            "try:\n"
            "    with held(Path(sys.argv[1])): print('got it')\n"
            "except StoreHeld as refusal: print(refusal.sentence('en'))\n"
        )
        asked = [sys.executable, "-c", code, str(lock)]
        said = subprocess.run(asked, capture_output=True, text=True, timeout=WAIT_S_MAX, check=True).stdout
        assert f"process {os.getpid()}" in said
        assert str(tmp_path) in said
        with pytest.raises(StoreHeld), held(lock):
            pytest.fail("twice in one process")
    assert subprocess.run(asked, capture_output=True, text=True, timeout=WAIT_S_MAX, check=True).stdout == "got it\n"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def _write(store: Store, nth: int, order: list[int], urgent: bool = False) -> None:
    with store.writing(urgent=urgent) as tx:
        order.append(nth)
        put(tx, f"{nth}")


def _until(true) -> None:
    end = time.monotonic() + WAIT_S_MAX
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)
