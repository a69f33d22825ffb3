"""The living part of the status page on a campus of many targets."""

from __future__ import annotations

import random
import re
from pathlib import Path

from devices.clock import SetClock
from provisioning.campus.campuses import shipped
from provisioning.compose import World, opened
from provisioning.console.status import TARGETS_WELL_SHOWN, board
from provisioning.settings import Settings
from tests.provisioning.housed import BOSS, Housed
from tests.simulation.loop import inline

_ROWS = re.compile(r'<th scope="row">([^<]+)<br>')


def test_what_needs_looking_at_comes_first_and_the_rest_does_not_bury_the_page(tmp_path: Path, clock: SetClock):
    world = World(clock=clock, random_bytes=random.Random(7).randbytes, hop=inline)
    with opened(Settings(data=tmp_path), world) as house:
        with house.store.writing() as tx:
            change = house.campuses.apply(tx, shipped("xiongan").read_text("utf-8"), "xiongan.yaml", BOSS)
        targets = change.ids("target", change.changes[0].verb)
        housed = Housed(house, clock)
        assert sorted(_ROWS.findall(board(house, "en"))) == sorted(targets), "none was ever seen: all are shown"
        housed.hand.off = {targets[-1]}
        while housed.hand.work():
            continue
        shown = _ROWS.findall(board(house, "en"))
        assert shown[0] == targets[-1]
        assert len(shown) == 1 + TARGETS_WELL_SHOWN
        assert f"… and {len(targets) - len(shown)} more, which are well." in board(house, "en")
        assert f"另有 {len(targets) - len(shown)} 台正常" in board(house, "zh")
