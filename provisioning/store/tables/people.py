"""Persons, their stays and cards, and what HR said of them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from provisioning.store.tables.kinds import Instant, metadata

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("no", Text, nullable=False, unique=True),
    Column("id_digest", LargeBinary, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("due", Instant, index=True),
    Column("created", Instant, nullable=False),
    Column("merged_into", Text),
)

person_key = Table(
    "person_key",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

stay = Table(
    "stay",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("department", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("arrival", Date, nullable=False, index=True),
    Column("departure", Date),
    Column("state", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("arrived", Date),
    Column("moves", JSON, nullable=False),
    Column("pauses", JSON, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
)

credential = Table(
    "credential",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("opens", Instant, nullable=False),
    Column("closes", Instant),
    Column("state", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    Column("pin", Text),
    Index("ix_credential_number", "number"),
    Index(
        "ux_credential_number_active",
        "number",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("taken", Integer, nullable=False),
    Column("same", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("batch", Text, ForeignKey("batch.id"), index=True),
    Column("line", Integer),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("stay", Text, ForeignKey("stay.id")),
    Column("at", Instant, nullable=False, index=True),
    Column("source", Text),
    Column("sequence", BigInteger),
    Column("told", Instant, nullable=False),
    Column("day", Date),
    Column("content", JSON, nullable=False),
    Column("sealed", LargeBinary),
    Column("standing", Text, nullable=False),
    Column("reason", JSON),
    Column("hold", Text, index=True),
)

sender = Table(
    "sender",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
)
