"""200 gateways of their own on one hub: from the commit of a change until the gateway that it concerns has it in its list.
Gateways are plain HTTP clients in a process of their own: a line of server-sent events each, and a list for each "changed".

By itself (`python -m bench.gateways URL HUB GATEWAYS`) it is the process of the gateways.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import httpx2
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.ground import BENCH, START_S_MAX, Figure, campus_text
from connectors.messages import CHANGES, LIST, Asked, Enrolment, Listed, Upto
from connectors.tokens import public_of, signed
from provisioning.api.app import create_app
from provisioning.compose import House, opened
from provisioning.settings import Settings
from provisioning.store import rights
from provisioning.store.campus import TargetRow, add_targets

GATEWAYS = 200
CHANGES_MADE = 400
PACE_S = 0.05
WAIT_S_MAX = 60.0
CARD = 40_000_000


def measure() -> list[Figure]:
    """One target changes at a time, each of another gateway; then all of them in one transaction."""
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data=Path(folder))) as house:
        keys = _furnish(house)
        with _served(house) as url, _gateways(house, url, keys) as heard:
            spans = sorted(_one(house, heard, nth) for nth in range(CHANGES_MADE))
            whole = _all(house, heard)
    what = f"{GATEWAYS} gateways on one hub: commit → gateway"
    return [
        Figure(f"{what}, p50", 1e3 * spans[len(spans) // 2], "ms", None, f"{CHANGES_MADE} changes"),
        Figure(f"{what}, p99", 1e3 * spans[len(spans) * 99 // 100], "ms", None, f"{CHANGES_MADE} changes"),
        Figure(f"{what}, one transaction for all of them, the last", whole, "s", None, f"{GATEWAYS} lists"),
    ]


def _one(house: House, heard: SimpleQueue[tuple[str, float]], nth: int) -> float:
    target = _target((nth * 37) % GATEWAYS)
    _change(house, [target], nth)
    done = time.monotonic()
    came, at = heard.get(timeout=WAIT_S_MAX)
    if came != target:
        raise RuntimeError(f"{came} was told of a change of {target}")
    time.sleep(PACE_S)
    return at - done


def _all(house: House, heard: SimpleQueue[tuple[str, float]]) -> float:
    _change(house, [_target(nth) for nth in range(GATEWAYS)], CHANGES_MADE)
    done = time.monotonic()
    return max(heard.get(timeout=WAIT_S_MAX)[1] for _ in range(GATEWAYS)) - done


def _change(house: House, targets: list[str], nth: int) -> None:
    with house.store.writing() as tx:
        wishes = [
            rights.Wish(at, f"card:{CARD + nth}", None, '{"number":1}', 1, 2, (), urgent=False, fresh=True)
            for at in targets
        ]
        rights.wish(tx, wishes)


def _target(nth: int) -> str:
    return f"p-{nth:03}"


def _furnish(house: House) -> dict[str, Ed25519PrivateKey]:
    """Gateways with a panel each; their keys, by id."""
    source = random.Random(5)
    keys: dict[str, Ed25519PrivateKey] = {}
    with house.store.writing() as tx:
        house.campuses.apply(tx, campus_text(), "bench.yaml", BENCH)
        name = {"en": "panel", "zh": "控制器"}
        add_targets(tx, [TargetRow(_target(nth), "wg", name, "a", {}, active=True) for nth in range(GATEWAYS)])
    for nth in range(GATEWAYS):
        key = Ed25519PrivateKey.from_private_bytes(source.randbytes(32))
        with house.store.writing() as tx:
            added, code = house.office.gateways.add(tx, f"site-{nth}", BENCH)
            house.office.gateways.enrol(tx, Enrolment(code=code, public_key=public_of(key), software="bench"))
            house.office.handing.hand(tx, _target(nth), added.id, BENCH)
        keys[added.id] = key
    return keys


@contextmanager
def _served(house: House) -> Generator[str]:
    door = socket.create_server(("127.0.0.1", 0), backlog=2 * GATEWAYS)
    config = uvicorn.Config(
        create_app(house), log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        house.office.bells.stop()
        server.should_exit = True
        thread.join(START_S_MAX)
        door.close()


@contextmanager
def _gateways(house: House, url: str, keys: dict[str, Ed25519PrivateKey]) -> Generator[SimpleQueue[tuple[str, float]]]:
    """The process of the gateways, once each of them listens; what it says: a target, and when it was told of it."""
    seeds = {id_: base64.b64encode(key.private_bytes_raw()).decode() for id_, key in keys.items()}
    heard: SimpleQueue[tuple[str, float]] = SimpleQueue()
    command = [sys.executable, "-m", "bench.gateways", url, house.office.gateways.hub]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        said, asked = process.stdout, process.stdin
        if said is None or asked is None:
            raise RuntimeError("the process of the gateways has no pipes")
        asked.write(json.dumps(seeds).encode())
        asked.close()
        try:
            if said.readline() != b"ready\n":
                raise RuntimeError("the gateways did not begin")
            threading.Thread(target=_hear, args=(said, heard), daemon=True).start()
            yield heard
        finally:
            process.terminate()


def _hear(said: IO[bytes], heard: SimpleQueue[tuple[str, float]]) -> None:
    for line in said:
        target, at = line.decode().split()
        heard.put((target, float(at)))


class _Gateway:
    """One of them."""

    def __init__(self, client: httpx2.AsyncClient, hub: str, id_: str, seed: str) -> None:
        self._client = client
        self._hub = hub
        self._id = id_
        self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))
        self._have: dict[str, Upto] = {}
        self._calls = 0
        self.listens = asyncio.Event()

    async def run(self) -> None:
        async with self._client.stream("GET", CHANGES, headers=self._headers()) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    await self._list()

    async def _list(self) -> None:
        body = Asked(era=0, have=self._have, most=100).model_dump_json()
        answer = await self._client.post(LIST, content=body, headers=self._headers())
        told = Listed.model_validate_json(answer.raise_for_status().content)
        at = time.monotonic()
        for task in told.tasks:
            sys.stdout.write(f"{task.target} {at}\n")
        sys.stdout.flush()
        self._have = {one.id: one.upto for one in told.targets}
        self.listens.set()

    def _headers(self) -> dict[str, str]:
        self._calls += 1
        token = signed(self._key, self._id, self._hub, datetime.now(UTC), str(self._calls))
        return {"Authorization": f"Bearer {token}"}


async def _work(url: str, hub: str, seeds: dict[str, str]) -> None:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        httpx2.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=WAIT_S_MAX, limits=limits) as client,
        asyncio.TaskGroup() as tasks,
    ):
        all_of_them = [_Gateway(client, hub, id_, seed) for id_, seed in seeds.items()]
        for each in all_of_them:
            tasks.create_task(each.run())
        for each in all_of_them:
            await each.listens.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2], json.loads(sys.stdin.read())))
