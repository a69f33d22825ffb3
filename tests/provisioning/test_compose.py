"""Opening a house on its folder: what a new one is given, what an old one keeps, and that it is one at a time."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from devices.clock import SetClock
from provisioning.compose import EMBEDDED, opened
from provisioning.nouns.refusals import Refusal, StoreHeld
from provisioning.settings import Settings
from provisioning.store import delivery as rows
from tests.provisioning.housed import housing


def token_of(folder: Path) -> str:
    return Settings(data=folder).token.read_text().strip()


def test_a_new_house_has_an_operator_rules_and_keys(tmp_path: Path):
    with opened(Settings(data=tmp_path / "hub")) as house:
        with house.store.reading() as tx:
            operator = house.operators.authenticate(tx, token_of(tmp_path / "hub"))
            assert operator.bootstrap
            assert operator.roles == {"hr", "security", "system"}
            assert house.rulebook.text(tx)
        assert stat.S_IMODE(house.settings.data.stat().st_mode) == 0o700, "the database tells card numbers"
        for secret in (house.settings.token, house.settings.master_key, house.settings.signing_key):
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_an_old_house_keeps_everything(tmp_path: Path, clock: SetClock):
    with housing(tmp_path / "hub", clock) as housed:
        person = housed.come("E1", 1001)
        token, events = token_of(tmp_path / "hub"), housed.story()
    with opened(Settings(data=tmp_path / "hub")) as house, house.store.reading() as tx:
        assert token_of(tmp_path / "hub") == token
        assert house.operators.authenticate(tx, token).bootstrap
        assert house.persons.get(tx, "E1").id == person.id
        private = house.persons.private(tx, house.persons.get(tx, "E1"))
        assert private is not None
        assert private.name == "测试员"
        assert tx.run(text("SELECT count(*) FROM event")).scalar_one() == len(events), "opening tells nothing anew"
        assert house.proofs.verify(tx).ok


def test_a_second_house_on_the_folder_is_refused(tmp_path: Path):
    settings = Settings(data=tmp_path / "hub")
    with opened(settings), pytest.raises(StoreHeld, match="process"), opened(settings):
        pytest.fail("two hubs on one folder")
    with opened(settings):
        pass


def test_what_its_own_gateway_held_when_it_died_is_free_again(tmp_path: Path, clock: SetClock):
    with housing(tmp_path / "hub", clock) as housed, housed.house.store.writing() as tx:
        taken = rows.take(tx, EMBEDDED, 100, 3600, urgent_only=False)
        assert len(taken) == 11
    with opened(Settings(data=tmp_path / "hub")) as house, house.store.writing() as tx:
        again = rows.take(tx, EMBEDDED, 100, 3600, urgent_only=False)
        assert {each.id for each in again} == {each.id for each in taken}
        assert {each.epoch for each in again} == {taken[0].epoch + 2}, "what the dead one still says is void"


@pytest.mark.parametrize("key", ["master_key", "signing_key"])
def test_an_old_house_without_its_key_is_not_opened_with_a_new_one(tmp_path: Path, key: str):
    settings = Settings(data=tmp_path / "hub")
    with opened(settings):
        pass
    getattr(settings, key).unlink()
    with pytest.raises(Refusal), opened(settings):
        pytest.fail("a house with another key")
    assert not getattr(settings, key).exists()


def test_it_runs_and_stops_when_told(tmp_path: Path):
    async def live() -> None:
        with opened(Settings(data=tmp_path / "hub")) as house:
            stop = asyncio.Event()
            running = asyncio.create_task(house.run(stop))
            await asyncio.sleep(0)
            stop.set()
            await asyncio.wait_for(running, 10)

    asyncio.run(live())
