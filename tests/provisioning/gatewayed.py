"""A gateway of its own as the hub meets it: a real key, real calls over a real socket. It has no devices: tests say what
became of its tasks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from connectors import messages
from connectors.contract import Done
from connectors.desk import Report
from connectors.messages import Asked, Listed, Outcomes, Reporting, TargetTold, TaskTold, Upto
from connectors.tokens import public_of, signed
from tests.provisioning.served import Served


@dataclass
class Distant:
    """One gateway at work. `have` is what it would keep on its disk."""

    url: str
    key: Ed25519PrivateKey
    id: str
    hub: str
    chance: random.Random
    client: httpx2.Client
    era: int = 0
    have: dict[str, Upto] = field(default_factory=dict)
    tasks: dict[tuple[str, str], TaskTold] = field(default_factory=dict)
    targets: dict[str, TargetTold] = field(default_factory=dict)
    told: Listed | None = None

    def token(self, **other: Any) -> str:
        """A token of now; `key`, `gateway`, `hub` and `off_s` may be others than its own."""
        now = datetime.now(UTC) + timedelta(seconds=other.get("off_s", 0))
        key, gateway, hub = (other.get(name, getattr(self, mine)) for name, mine in _OWN)
        return signed(key, gateway, hub, now, self.chance.randbytes(8).hex())

    def post(self, path: str, said: BaseModel | dict | bytes, token: str | None = None) -> httpx2.Response:
        body = said if isinstance(said, bytes) else None
        text = said.model_dump_json() if isinstance(said, BaseModel) else None
        headers = {"Authorization": f"Bearer {token or self.token()}", "Accept-Language": "en"}
        if isinstance(said, dict):
            return self.client.post(path, json=said, headers=headers)
        return self.client.post(path, content=body if text is None else text, headers=headers)

    def refresh(self, most: int = 1000) -> Listed:
        """Ask until there is no more, and keep it as a gateway would; the last answer."""
        while True:
            answer = self.post(messages.LIST, Asked(era=self.era, have=self.have, most=most))
            assert answer.status_code == 200, answer.text
            told = Listed.model_validate_json(answer.content)
            if told.era != self.era:
                self.tasks.clear()
                self.have.clear()
                self.era = told.era
            for gone in told.gone:
                self.have.pop(gone, None)
                self.targets.pop(gone, None)
            for task in told.tasks:
                self.tasks[task.target, task.key] = task
            self.have |= {each.id: each.upto for each in told.targets}
            self.targets |= {each.id: each for each in told.targets}
            self.told = told
            if not told.more:
                return told

    def epoch(self, target: str) -> int:
        return self.targets[target].epoch

    def owing(self, target: str | None = None) -> list[TaskTold]:
        return [each for each in self.tasks.values() if each.dirty and target in (None, each.target)]

    def report(self, tasks: Sequence[TaskTold], outcome: Any = None, epoch: int | None = None) -> list[str]:
        """Say that tasks are done; the targets that the hub refused."""
        by: dict[str, list[Report]] = {}
        for each in tasks:
            one = Report(each.key, each.revision, outcome or Done(), outcome is None, each.body, datetime.now(UTC))
            by.setdefault(each.target, []).append(one)
        said = [
            Outcomes(target=at, epoch=self.epoch(at) if epoch is None else epoch, reports=tuple(told))
            for at, told in by.items()
        ]
        answer = self.post(messages.REPORT, Reporting(outcomes=tuple(said)))
        assert answer.status_code == 200, answer.text
        for each in tasks:
            self.tasks.pop((each.target, each.key), None)
        return answer.json()["refused"]

    def say(self, path: str, target: str, **more: Any) -> httpx2.Response:
        """Something about one of its targets."""
        return self.post(path, {"target": target, "epoch": self.epoch(target), **more})


_OWN = (("key", "key"), ("gateway", "id"), ("hub", "hub"))


def code_of(served: Served, name: str) -> str:
    with served.client("system") as system:
        answer = system.post("/gateways", json={"name": name})
    assert answer.status_code == 200, answer.text
    return answer.json()["code"]


def enrol(served: Served, client: httpx2.Client, code: str, key: Ed25519PrivateKey) -> httpx2.Response:
    said = {"code": code, "public_key": public_of(key), "software": "test"}
    return client.post(messages.ENROL, json=said, headers={"Accept-Language": "en"})


def enrolled(served: Served, name: str, client: httpx2.Client, seed: int = 7) -> Distant:
    """A new gateway, enrolled."""
    chance = random.Random(seed)
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    answer = enrol(served, client, code_of(served, name), key)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return Distant(served.url, key, told["gateway"], told["hub"], chance, client)


def hand(served: Served, what: str, to: str) -> list[dict]:
    with served.client("system") as system:
        answer = system.post("/gateways/hand", json={"what": what, "to": to})
    assert answer.status_code == 200, answer.text
    return answer.json()


NAMES = (f"site-{number}" for number in count())


def refused(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
