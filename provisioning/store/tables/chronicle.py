"""The story, and what is signed of it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, LargeBinary, Table, Text

from provisioning.store.tables.kinds import Instant, RowId, metadata

event = Table(
    "event",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("person", Text, index=True),
    Column("target", Text),
    Column("trace", Text, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("position", BigInteger, unique=True),
    sqlite_autoincrement=True,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
)

era = Table(
    "era",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("begun", Instant, nullable=False),
    Column("backup_at", Instant, nullable=False),
    Column("tail_until", Instant),
    Column("whole", Boolean, nullable=False),
    Column("differences", JSON, nullable=False),
    Column("accepted_by", JSON, nullable=False),
    Column("settled", Instant),
)
