"""What people have, by which cause, and what was taken from them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from provisioning.store.tables.kinds import Instant, RowId, metadata

grant = Table(
    "grant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("stay", Text, ForeignKey("stay.id"), nullable=False),
    Column("resource", Text, nullable=False, index=True),
    Column("opens", Instant, nullable=False),
    Column("closes", Instant),
    Column("rule", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("clause", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("ended", Instant),
    Column("ended_by", Text),
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
)

revocation = Table(
    "revocation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False, server_default="revoked"),
    Column("lifted", Instant),
    Column("lifted_by", Text),
    Index(
        "ux_revocation_suspended",
        "person",
        unique=True,
        sqlite_where=text("kind = 'suspended' AND lifted IS NULL"),
        postgresql_where=text("kind = 'suspended' AND lifted IS NULL"),
    ),
)

revocation_line = Table(
    "revocation_line",
    metadata,
    Column("revocation", Text, ForeignKey("revocation.id"), primary_key=True),
    Column("target", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("exposed_until", Instant),
    Column("proved", Instant),
    Column("receipt", RowId),
    Index("ix_revocation_line_target_key", "target", "key"),
)
