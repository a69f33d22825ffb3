"""A whole hub for tests: the real app on a real server at a free port, on a real database. Its gateway rests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn
from fastapi import APIRouter

from provisioning.api.app import create_app
from provisioning.campus.campuses import shipped
from provisioning.compose import House, dice, opened
from provisioning.console.pages import Console
from provisioning.intake.sample import sample
from provisioning.nouns.told import Actor
from provisioning.settings import Settings

SYSTEM = Actor("house:test")
ROLES = ("hr", "security", "system", "auditor")


@dataclass(frozen=True)
class Served:
    """One hub that answers, and a token for each role."""

    house: House
    url: str
    tokens: dict[str, str]
    console: Console

    @contextmanager
    def client(self, role: str | None = None, language: str = "en") -> Generator[httpx2.Client]:
        headers = {"Accept-Language": language}
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        with httpx2.Client(base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=30) as client:
            yield client

    def sheet(self, people: int, seed: int = 1) -> bytes:
        """A sample sheet for this hub's campus and today."""
        with self.house.store.reading() as tx:
            campus = self.house.campuses.current(tx)
            return sample(people, dice(seed), campus, tx.now.astimezone(campus.zone).date())

    def take(self, sheet: bytes) -> dict:
        """A sheet, taken: the report."""
        with self.client("hr") as hr:
            answer = hr.post("/hr/batches", files={"file": ("sample.xlsx", sheet)})
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def serving(data: Path, *more: APIRouter) -> Generator[Served]:
    """A hub on a folder, with the demonstration campus and an operator of each role; `more` are further routes."""
    with opened(Settings(data=data)) as house:
        with house.store.writing() as tx:
            house.campuses.apply(tx, shipped("small").read_text("utf-8"), "small.yaml", SYSTEM)
            tokens = {role: house.operators.add(tx, f"the-{role}", [role], SYSTEM) for role in ROLES}
        console = Console(house)
        app = create_app(house, [console.router, *more])
        door = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield Served(house, f"http://127.0.0.1:{door.getsockname()[1]}", tokens, console)
        finally:
            console.stop()
            server.should_exit = True
            thread.join(20)
            door.close()
