"""Changes of mind: those that went through, to be counted over a day, and those that wait for a second person."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, Table, Text

from provisioning.store.tables.kinds import Instant, RowId, metadata

hold = Table(
    "hold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("more", Integer, nullable=False),
    Column("less", Integer, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    Column("payload", Text),
    Column("batch", Text, ForeignKey("batch.id"), index=True),
    Column("state", Text, nullable=False),
    Column("decided_by", Text),
    Column("decided", Instant),
    Column("reason", Text),
)

change_of_mind = Table(
    "change_of_mind",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("more", Integer, nullable=False),
    Column("less", Integer, nullable=False),
    Index("ix_change_of_mind_at", "at"),
)
