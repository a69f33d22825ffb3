"""What holds for zones just now, and what is to be done at most once."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Table, Text, text

from provisioning.store.tables.kinds import Instant, metadata

condition = Table(
    "condition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("exempt", JSON, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False, index=True),
    Column("until", Instant),
    Column("released", Instant),
    Column("released_by", Text),
    Column("warned", Instant),
    Index(
        "ux_condition_in_force",
        "kind",
        "zone",
        unique=True,
        sqlite_where=text("released IS NULL"),
        postgresql_where=text("released IS NULL"),
    ),
)

act = Table(
    "act",
    metadata,
    Column("id", Text, primary_key=True),
    Column("target", Text, ForeignKey("target.id"), nullable=False),
    Column("door", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("until", Instant, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), index=True),
    Column("state", Text, nullable=False),
    Column("begun", Instant),
    Column("ended", Instant),
    Column("said", Text),
    # Asked many times a second, while nearly all acts are over.
    Index(
        "ix_act_open",
        "target",
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    ),
)
