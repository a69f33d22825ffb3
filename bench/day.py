"""The first day of the whole campus: 1,600 people in 400 batches, from files to all proved on 120 panels and two registers,
against the same records by bare clients. Then revocations while more batches come in."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from itertools import takewhile
from typing import Any

import httpx2
from uhppoted.uhppote_async import UhppoteAsync

from bench.ground import Figure
from bench.town import Town, devices, town, town_text
from devices.campus import Document
from provisioning.campus.file import Campus, read_campus
from provisioning.compose import dice
from provisioning.intake.drafts import draft
from provisioning.intake.headers import Header
from provisioning.intake.sample import ARRIVALS, BATCHES, STAFF, Row, batches, sheet_of, staff

SEED, MORE_SEED = 2026, 4711
RATIO_MAX = 2.0
AT_ONCE = 16
"""Targets that are worked at one time: as many as the hub's gateway has slots."""
TIMEOUT_S = 2.5
REVOKED = 100
SHUT_S_MAX = 1.0
POLL_S = 0.02
CLERKS = 2
"""Files on their way at one time, and decisions of the second operator: 30 departments send in the same morning."""

Records = dict[str, list[tuple[str, dict[str, Any]]]]


def measure() -> list[Figure]:
    """One day of ours, the revocations after it, and the same records by bare clients on new devices."""
    text = town_text()
    campus = read_campus(text, "xiongan")
    with devices(text), town(text, apart=True) as ours:
        today = date.fromtimestamp(time.time())
        opening = sheet_of(staff(STAFF, dice(SEED), campus, today))
        if ours.hand_in("opening.xlsx", opening)["counts"]["refused"]:
            raise AssertionError("the opening load has rows that are refused")
        ours.settled()
        ours.sealed()
        before = {(target, key, str(body)) for target, some in ours.wanted().items() for key, body in some}
        seconds, people = _played(ours, _files(campus, today, SEED))
        records = {
            target: [(key, body) for key, body in some if (target, key, str(body)) not in before]
            for target, some in ours.wanted().items()
        }
        shut, meanwhile = _revoked(ours, _more(campus, today))
    with devices(text) as document:
        bare = asyncio.run(_theirs(document, records))
    count = sum(map(len, records.values()))
    what = f"first day: {people} people in {BATCHES} batches on {len(records)} targets ({count} records), to all proved"
    p99 = shut[int(len(shut) * 0.99) - 1]
    under = f"{meanwhile} batches handed in meanwhile"
    return [
        Figure(what, seconds / bare, "×", RATIO_MAX, f"bare clients, {AT_ONCE} targets at once: {bare:.1f} s"),
        Figure(
            "first day: seconds of ours",
            seconds,
            "s",
            None,
            f"each file over HTTP, {CLERKS} at once; holds approved by a second operator, {CLERKS} at once",
        ),
        Figure(
            f"revocation under that load: last target read without it, p99 of {len(shut)}", p99, "s", SHUT_S_MAX, under
        ),
        Figure("revocation under that load: the same, median", statistics.median(shut), "s", None, under),
    ]


def _files(campus: Campus, today: date, seed: int) -> list[tuple[str, bytes]]:
    found = batches(BATCHES, ARRIVALS, dice(seed), campus, today)
    return [draft(nth, rows, dice(seed + nth)) for nth, rows in enumerate(found, 1)]


def _more(campus: Campus, today: date) -> list[tuple[str, bytes]]:
    """As many batches of others, with staff numbers and cards that nobody has."""
    found = batches(BATCHES, ARRIVALS, dice(MORE_SEED), campus, today)
    return [(f"more-{nth:03d}.xlsx", sheet_of([_another(row) for row in rows])) for nth, rows in enumerate(found, 1)]


def _another(row: Row) -> Row:
    kept = {header: told for header, told in row.items() if header not in (Header.ID_NUMBER, Header.PHONE)}
    return kept | {Header.NO: f"M{row[Header.NO]}", Header.CARD: f"9{row[Header.CARD]}"}


def _played(ours: Town, files: Iterable[tuple[str, bytes]]) -> tuple[float, int]:
    """Hand in every file, a few at a time, while a second operator approves what waits, and wait until all is proved;
    seconds, and how many people came."""
    before = ours.ask("SELECT count(*) FROM stay")[0][0]
    began = time.perf_counter()
    _take(ours, files)
    ours.settled()
    return time.perf_counter() - began, ours.ask("SELECT count(*) FROM stay")[0][0] - before


def _take(ours: Town, files: Iterable[tuple[str, bytes]]) -> int:
    """Hand in every file, and have each hold approved that this makes; both a few at a time. How many files."""
    coming, turn = iter(files), threading.Lock()
    approving: list[Future[None]] = []

    def clerk() -> int:
        handed = 0
        while True:
            with turn:
                file = next(coming, None)
            if file is None:
                return handed
            hold = ours.hand_in(*file)["hold"]
            handed += 1
            if hold is not None:
                approving.append(second.submit(ours.approve, hold))

    with ThreadPoolExecutor(CLERKS) as second, ThreadPoolExecutor(CLERKS) as first:
        handed = sum(each.result() for each in [first.submit(clerk) for _ in range(CLERKS)])
        for each in approving:
            each.result()
    return handed


def _revoked(ours: Town, files: Sequence[tuple[str, bytes]]) -> tuple[list[float], int]:
    """Revoke people in place, one after another, while files are handed in; seconds each, and how many files."""
    nos = [no for (no,) in ours.ask("SELECT no FROM person ORDER BY no LIMIT ?", REVOKED)]
    stop, handed = threading.Event(), 0

    def feed() -> None:
        nonlocal handed
        handed = _take(ours, takewhile(lambda _: not stop.is_set(), files))

    feeding = threading.Thread(target=feed)
    feeding.start()
    try:
        shut = sorted(_revoke(ours, no) for no in nos)
    finally:
        stop.set()
        feeding.join()
    return shut, handed


def _revoke(ours: Town, no: str) -> float:
    ((person,),) = ours.ask("SELECT id FROM person WHERE no = ?", no)
    there = "SELECT 1 FROM record WHERE holder = ? AND NOT (known AND held IS NULL) LIMIT 1"
    began = time.perf_counter()
    ours.post(f"/persons/{no}/revoke", json={"reason": "measurement"})
    while ours.ask(there, person):
        time.sleep(POLL_S)
    return time.perf_counter() - began


async def _theirs(document: Document, records: Records) -> float:
    """Put each record and read it back, as many targets at once as the gateway works."""
    settings = {target["id"]: target for target in document.value["targets"]}
    slots = asyncio.Semaphore(AT_ONCE)
    began = time.perf_counter()

    async def one(target: str, some: Sequence[tuple[str, dict[str, Any]]]) -> None:
        async with slots:
            told = settings[target]
            work = _panel if told["kind"] == "wg" else _register
            await work(told["settings"], some)

    await asyncio.gather(*(one(target, some) for target, some in records.items()))
    return time.perf_counter() - began


async def _panel(told: dict[str, Any], some: Sequence[tuple[str, dict[str, Any]]]) -> None:
    client = UhppoteAsync()
    at = (told["serial"], told["address"], told.get("transport", "udp"))
    for _, body in some:
        opens, closes = date.fromisoformat(body["opens"]), date.fromisoformat(body["closes"])
        one, two, three, four = body["doors"]
        put = await client.put_card(at, body["number"], opens, closes, one, two, three, four, 0, timeout=TIMEOUT_S)
        read = await client.get_card(at, body["number"], timeout=TIMEOUT_S)
        if put is None or not put.stored or read is None or read.end_date != closes:
            raise AssertionError("the panel does not hold what was put there")


async def _register(told: dict[str, Any], some: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """An occupant is put as the unit's, a card beside the occupant who must be there first."""
    occupants: dict[str, dict[str, Any]] = {}
    async with httpx2.AsyncClient(base_url=f"http://{told['address']}", trust_env=False, timeout=TIMEOUT_S) as client:
        for key, body in sorted(some, key=lambda record: record[0].startswith("lock:")):
            kind, _, rest = key.partition(":")
            unit, _, last = rest.rpartition("/")
            seen = await client.get(f"/units/{unit}")
            days = {"from": body["from"], "to": body["to"]}
            cards: list[dict[str, Any]] = []
            if kind == "lock":
                cards = [{"number": int(last), "ref": occupants[unit]["ref"], **days}]
            else:
                occupants[unit] = {"ref": last, **days}
            told_now = {"occupant": occupants[unit], "cards": cards}
            put = await client.put(f"/units/{unit}", json=told_now, headers={"If-Match": seen.headers["ETag"]})
            read = await client.get(f"/units/{unit}")
            if put.is_error or read.json()["occupant"] != told_now["occupant"]:
                raise AssertionError("the register does not hold what was put there")
