"""The living part of the status page where there are more targets than anybody reads."""

from __future__ import annotations

import re

import pytest

from provisioning.console import status
from tests.provisioning.housed import Housed

_ROWS = re.compile(r'<th scope="row">([^<]+)<br>')
WELL_SHOWN = 3


def test_what_needs_looking_at_comes_first_and_the_rest_does_not_bury_the_page(
    housed: Housed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status, "TARGETS_WELL_SHOWN", WELL_SHOWN)
    with housed.house.store.reading() as tx:
        targets = [one.id for one in housed.house.delivery.targets(tx)]
    assert _ROWS.findall(status.board(housed.house, "en")) == targets, "none was ever seen: all are shown"
    housed.hand.off = {targets[-1]}
    while housed.hand.work():
        continue
    page = status.board(housed.house, "en")
    assert _ROWS.findall(page) == [targets[-1], *targets[:WELL_SHOWN]]
    more = len(targets) - 1 - WELL_SHOWN
    assert more > 0
    assert f"… and {more} more, which are well." in page
    assert f"另有 {more} 台正常" in status.board(housed.house, "zh")
