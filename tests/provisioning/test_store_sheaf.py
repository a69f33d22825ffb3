"""Many rows put in by few statements are all there, as they were given, however much they have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provisioning.nouns.passages import Asked, Passage
from provisioning.store import passages as rows
from provisioning.store.engine import Store

START = datetime(2027, 3, 2, tzinfo=UTC)
SPREADS = [1, 7, 10_000]
"""Among how many instants and cards the rows are dealt out: one for all, few, one for each."""


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("count", [0, 1, 9, 513 + 64 + 8 + 1])
def test_rows_are_there_as_they_were_given(store: Store, spread, count):
    instants = [START + timedelta(seconds=nth) for nth in range(min(spread, count))]
    given = [
        Passage(
            "p", 1, nth, "passed", "door:1", "d" if nth % 2 else None, nth % 3 == 0, "card", nth % spread, None,
            (True, False, None)[nth % 3], instants[nth % spread], START,
        )
        for nth in range(count)
    ]  # fmt: skip
    with store.writing() as tx:
        rows.add_passages(tx, given)
    with store.reading() as tx:
        found = rows.listed(tx, Asked(), count + 1)
    assert sorted((one.passage for one in found), key=lambda one: one.number) == given
