"""What devices report of their doors, and how far each of them has been taken in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from provisioning.store.tables.kinds import Instant, RowId, metadata

passage = Table(
    "passage",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("target", Text, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("door", Text),
    Column("granted", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("card", BigInteger),
    Column("person", Text),
    Column("inside", Boolean),
    Column("at", Instant, nullable=False),
    Column("heard", Instant, nullable=False),
    UniqueConstraint("target", "incarnation", "number"),
    Index("ix_passage_at", "at"),
    Index("ix_passage_person_at", "person", "at"),
    Index("ix_passage_door_at", "door", "at"),
)

# `number` and `at` are those of the newest passage that was taken in; `since` is when the target was first followed.
passage_cursor = Table(
    "passage_cursor",
    metadata,
    Column("target", Text, ForeignKey("target.id"), primary_key=True),
    Column("incarnation", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", Instant),
    Column("since", Instant, nullable=False),
)

# Whatever somebody did before this instant says no more whether they are inside.
forgiven = Table(
    "forgiven",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("at", Instant, nullable=False),
)
