"""What the hub's tests share: a real database file, a clock that stands where it is put, seeded randomness."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import insert

from devices.clock import SetClock
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses, shipped
from provisioning.campus.file import Campus
from provisioning.holds.holds import Holds
from provisioning.identity.cards import Cards
from provisioning.identity.persons import Persons
from provisioning.intake.intake import Intake
from provisioning.nouns.gateways import Because
from provisioning.nouns.ids import RandomBytes
from provisioning.nouns.told import Actor
from provisioning.store import gateways, tables
from provisioning.store.engine import Store, Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault
from tests.provisioning.gatewayed import NAMES, Distant, enrolled
from tests.provisioning.housed import Housed, housing
from tests.provisioning.served import Served, serving
from tests.provisioning.stored import stored

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # a Monday, 09:30 in Beijing
MASTER = bytes(range(64))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def random_bytes() -> RandomBytes:
    return random.Random(20260302).randbytes


@pytest.fixture
def store(tmp_path: Path, clock: SetClock, random_bytes: RandomBytes) -> Iterator[Store]:
    store = stored(tmp_path / "foyer.db", clock, random_bytes)
    yield store
    store.close()


@pytest.fixture
def vault(random_bytes: RandomBytes) -> Vault:
    return Vault(MASTER, random_bytes)


@pytest.fixture
def story(vault: Vault) -> Story:
    return Story(vault)


@pytest.fixture
def actor() -> Actor:
    return Actor("wang", frozenset({"hr"}))


@pytest.fixture
def newcomer() -> Callable[[Tx, str], str]:
    """A person row with nothing sealed yet, for rooms that only need somebody to be there: (tx, no) -> person id."""

    def arrive(tx: Tx, no: str) -> str:
        person = tx.ids.new("per")
        tx.run(insert(tables.person).values(id=person, no=no, sealed=b"", created=tx.now))
        return person

    return arrive


@pytest.fixture
def campuses(store: Store, story: Story, actor: Actor) -> Campuses:
    """The demonstration campus, in force."""
    rooms = Campuses(story)
    with store.writing() as tx:
        rooms.apply(tx, shipped("small").read_text(encoding="utf-8"), "small.yaml", actor)
    return rooms


@pytest.fixture
def small(store: Store, campuses: Campuses) -> Campus:
    with store.reading() as tx:
        return campuses.current(tx)


@pytest.fixture
def persons(vault: Vault, story: Story) -> Persons:
    return Persons(vault, story)


@pytest.fixture
def cards(story: Story) -> Cards:
    return Cards(story)


@pytest.fixture
def intake(persons: Persons, story: Story, campuses: Campuses) -> Intake:
    return Intake(persons, story, campuses, Holds(story, Alarms(story)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that answers at a free port, with the demonstration campus; one for the tests of a module."""
    with serving(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def housed(tmp_path: Path, clock: SetClock) -> Iterator[Housed]:
    """A whole house on the demonstration campus, its clock at START, worked by a gateway by hand."""
    with housing(tmp_path / "hub", clock) as house:
        yield house


@pytest.fixture(scope="module")
def peopled(served: Served) -> Served:
    """That hub with twelve people."""
    served.take(served.sheet(12))
    return served


@pytest.fixture
def client(served: Served) -> Iterator[httpx2.Client]:
    """Somebody who calls that hub."""
    with httpx2.Client(base_url=served.url, trust_env=False, verify=False, timeout=30) as client:
        yield client


@pytest.fixture
def site(peopled: Served, client: httpx2.Client) -> Iterator[Distant]:
    """A gateway that has nothing yet; whatever anybody was handed goes back afterwards."""
    name = next(NAMES)
    yield enrolled(peopled, name, client, seed=sum(name.encode()))
    with peopled.house.store.writing() as tx:
        for one in gateways.assigned(tx):
            if one.gateway is not None or one.heir is not None:
                gateways.give(tx, one, None, Because.FREE)
