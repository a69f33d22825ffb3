"""A real HTTP receiver of alarms, and a house that may tell it."""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from devices.clock import Clock, SetClock
from provisioning.alarms.posting import Resolve, by_the_system
from provisioning.compose import House, World, opened
from provisioning.nouns.told import Actor
from provisioning.settings import Settings
from tests.simulation.loop import inline

LI = Actor("li", frozenset({"security", "system"}))
TEMPLATE = "There is no {what} {name}. Look at {where}."
FIELDS = {"what": "card", "name": "4711", "where": "panel-1"}
WAIT_S_MAX = 20
LOOK_S = 0.01
HERE = "127.78.0.0/16"


@dataclass
class Receiver:
    """What came, and what is answered: the next of `answers`, else 204."""

    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slow_s: float = 0.0
    url: str = ""

    def bodies(self) -> list[bytes]:
        return [body for _, body in self.came]


class Quiet(ThreadingHTTPServer):
    """Clients that hang up are no news."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed."""


@contextmanager
def receiving(host: str = "127.78.0.1", *, tls: ssl.SSLContext | None = None) -> Generator[Receiver]:
    """A server on a free port of this address."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(length := int(self.headers["content-length"]))
            if len(body) < length:
                return  # whoever called hung up in the middle of it, and will call again
            told.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(told.slow_s)
            self.send_response(told.answers.pop(0) if told.answers else 204)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing is printed."""

    server = Quiet((host, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    told.url = f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}/alarms"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Hooked:
    """The house, its clock, and short ways."""

    house: House
    clock: SetClock

    def hook(self, url: str, level: int = 1) -> tuple[str, str]:
        with self.house.store.writing() as tx:
            hook, secret = self.house.hooks.add(tx, url, level, LI)
        return hook.id, secret

    def alarm(self, kind: str = "drift.foreign", name: str = "4711") -> str:
        with self.house.store.writing() as tx:
            return self.house.alarms.raise_alarm(tx, kind, TEMPLATE, {**FIELDS, "name": name}, "panel-1")

    def waiting(self) -> int:
        with self.house.store.reading() as tx:
            return sum(self.house.hooks.waiting(tx).values())

    def open_kinds(self) -> list[str]:
        with self.house.store.reading() as tx:
            return sorted(alarm.kind for alarm in self.house.alarms.open(tx))

    def look(self) -> None:
        self.house.watch.look(self.house.alarms)

    def later(self, **span: float) -> None:
        self.clock.put(self.clock.now() + timedelta(**span))

    def deliver(self, done: Callable[[], bool]) -> None:
        """Run the courier until it is so."""

        async def run() -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(self.house.courier.run(stop))
            looks = round(WAIT_S_MAX / LOOK_S)
            while not (came := done()) and not running.done() and looks:
                looks -= 1
                await asyncio.sleep(LOOK_S)
            stop.set()
            await running
            assert came, "it did not come so"

        asyncio.run(run())


@contextmanager
def hooked(
    folder: Path, clock: SetClock, *, resolve: Resolve = by_the_system, allowed: str = HERE
) -> Generator[Hooked]:
    """A house on a folder, which may call this network."""
    world = World(clock=clock, random_bytes=random.Random(7).randbytes, hop=inline, resolve=resolve)
    networks = (ip_network(allowed),) if allowed else ()
    with opened(Settings(data=folder, hook_networks=networks), world) as house:
        yield Hooked(house, clock)


def verified(secret: str, headers: dict[str, str], body: bytes, clock: Clock) -> bool:
    """Whether the library itself would make this signature; its `verify` asks the machine's clock."""
    made = Webhook(secret).sign(headers["webhook-id"], clock.now(), body.decode())
    return made in headers["webhook-signature"].split(" ")
