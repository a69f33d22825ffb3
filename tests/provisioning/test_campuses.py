"""The campus in force: previewed, applied, kept by version; what leaves the file stays until it is cleared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from provisioning.campus.campuses import Campuses, CampusOther, NoCampus, shipped
from provisioning.campus.change import Verb
from provisioning.campus.file import CampusFaults
from provisioning.nouns.told import Actor
from provisioning.store import tables
from provisioning.store.campus import target_rows
from provisioning.store.engine import Store, Tx
from provisioning.story.story import Story

SMALL = shipped("small").read_text(encoding="utf-8")
LESS = SMALL.partition("  - id: f-1")[0]


def events(store: Store) -> list[str]:
    with store.reading() as tx:
        return list(tx.run(select(tables.event.c.kind).order_by(tables.event.c.id)).scalars())


def test_before_the_first_there_is_none(store: Store, story: Story):
    with store.reading() as tx, pytest.raises(NoCampus):
        Campuses(story).current(tx)


def test_a_preview_keeps_nothing(store: Store, story: Story):
    rooms = Campuses(story)
    with store.writing() as tx:
        change = rooms.plan(tx, SMALL, "small.yaml")[0]
    assert len(change.ids("target", Verb.ADDED)) == 11
    assert change.version is None
    with store.reading() as tx, pytest.raises(NoCampus):
        rooms.current(tx)
    assert events(store) == []


def test_applying_puts_targets_there_to_be_read(store: Store, campuses: Campuses):
    with store.reading() as tx:
        rows = target_rows(tx)
        due = tx.run(select(tables.target.c.due, tables.target.c.read_due)).all()
    assert len(rows) == 11
    assert rows["a-1"].settings["serial"] == 405419896
    assert all(row.active for row in rows.values())
    assert all(at is not None for row in due for at in row)
    assert events(store) == ["campus.applied"]


def test_the_same_text_again_changes_nothing(store: Store, campuses: Campuses, actor: Actor):
    with store.writing() as tx:
        before = campuses.current(tx)
        again = campuses.apply(tx, SMALL, "small.yaml", actor)
        assert again.nothing
        assert not tx.woken
        assert campuses.current(tx) is before
    assert events(store) == ["campus.applied"]


def test_the_effect_is_what_the_preview_said(
    store: Store, campuses: Campuses, actor: Actor, newcomer: Callable[[Tx, str], str]
):
    text = SMALL.replace("127.60.0.3:60000", "127.60.0.33:60000")
    with store.writing() as tx:
        newcomer(tx, "E1")
    with store.reading() as tx:
        shown = campuses.plan(tx, text, "small.yaml")[0]
    with store.writing() as tx:
        tx.run(update(tables.target).values(due=None, read_due=None))
        done = campuses.apply(tx, text, "small.yaml", actor)
        assert {"persons", "delivery"} <= tx.woken
    assert done.changes == shown.changes
    assert [one.sentence("en") for one in done.changes] == ["The target b-1 (Building B, floor 1) changes: address."]
    with store.reading() as tx:
        due = {row.id: row.due for row in tx.run(select(tables.target.c.id, tables.target.c.due))}
        assert {at for at, when in due.items() if when is not None} == {"b-1"}
        assert tx.run(select(tables.person.c.due)).scalar_one() is not None


def test_a_target_that_left_stays_until_it_is_cleared_and_may_come_back(store: Store, campuses: Campuses, actor: Actor):
    with store.writing() as tx:
        campuses.apply(tx, LESS, "less.yaml", actor)
        assert len(campuses.current(tx).targets) == 7
        assert target_rows(tx)["f-1"].active is False
        campuses.apply(tx, SMALL, "small.yaml", actor)
        assert target_rows(tx)["f-1"].active is True


def test_another_campus_is_refused(store: Store, campuses: Campuses, actor: Actor):
    with store.writing() as tx, pytest.raises(CampusOther):
        campuses.apply(tx, SMALL.replace("campus: small", "campus: large"), "large.yaml", actor)


def test_a_broken_file_leaves_what_was(store: Store, campuses: Campuses, actor: Actor):
    with store.writing() as tx:
        with pytest.raises(CampusFaults):
            campuses.apply(tx, SMALL.replace("serial: 405419911", "serial: 405419896"), "x.yaml", actor)
        assert len(campuses.current(tx).targets) == 11


def test_what_was_rolled_back_is_not_remembered(store: Store, campuses: Campuses, actor: Actor):
    with pytest.raises(RuntimeError, match="crash"), store.writing() as tx:
        campuses.apply(tx, LESS, "less.yaml", actor)
        assert len(campuses.current(tx).targets) == 7
        raise RuntimeError("crash")
    with store.writing() as tx:
        assert len(campuses.current(tx).targets) == 11
        campuses.apply(tx, SMALL.replace("A 座东门", "东门"), "other.yaml", actor)
        assert len(campuses.current(tx).targets) == 11
