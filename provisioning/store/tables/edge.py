"""What targets should hold, what they do hold, and where the two differ."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from provisioning.store.tables.kinds import Instant, RowId, Words, metadata

target = Table(
    "target",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", JSON, nullable=False),
    Column("building", Text, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("due", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Text),
    Column("epoch", Integer, nullable=False, default=0),
    Column("lease", Instant),
    Column("identity", Text),
    Column("counter", BigInteger),
    Column("incarnation", Integer, nullable=False, default=0),
    Column("seen", Instant),
    Column("unreachable", Text),
    Column("unreachable_since", Instant),
    Column("read", Instant),
    Column("read_due", Instant),
    Column("reading_since", Instant),
    Column("reading_found", Integer),
    # Who has it (None: the hub's own gateway), whom it is being handed to, until when it may be worked without the hub, and
    # a counter of what has changed among its records.
    Column("gateway", Text),
    Column("heir", Text),
    Column("term_until", Instant),
    Column("seq", Integer, nullable=False, server_default="0"),
    Index("ix_target_due", "due"),
    Index(
        "ix_target_gateway",
        "gateway",
        sqlite_where=text("gateway IS NOT NULL"),
        postgresql_where=text("gateway IS NOT NULL"),
    ),
)

record = Table(
    "record",
    metadata,
    Column("target", Text, ForeignKey("target.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("holder", Text),
    Column("wanted", Text),
    Column("revision", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("grants", Words, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("dirty", Boolean, nullable=False),
    Column("due", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("changed", Instant, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("held", Text),
    Column("held_revision", Integer, nullable=False, default=0),
    Column("seen", Instant),
    Column("sent", Instant),
    Column("proved", Instant),
    Column("proof", Text),
    Column("receipt", RowId),
    Column("refused", Text),
    Column("reason", Text),
    # The target's `seq` when it last changed, where another gateway than the hub's own has the target; else 0.
    Column("seq", Integer, nullable=False, server_default="0"),
    Index("ix_record_holder", "holder"),
    Index("ix_record_key", "key"),
    Index(
        "ix_record_dirty",
        "target",
        "due",
        sqlite_where=text("dirty = 1"),
        postgresql_where=text("dirty"),
    ),
    # Asked many times a second, also where tens of thousands of records wait that are not.
    Index(
        "ix_record_urgent",
        "target",
        "due",
        sqlite_where=text("dirty = 1 AND urgent = 1"),
        postgresql_where=text("dirty AND urgent"),
    ),
    Index("ix_record_seq", "target", "seq", "key", sqlite_where=text("seq > 0"), postgresql_where=text("seq > 0")),
)

drift = Table(
    "drift",
    metadata,
    Column("id", Text, primary_key=True),
    Column("target", Text, ForeignKey("target.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("found", Text),
    Column("proved", Text),
    Column("at", Instant, nullable=False, index=True),
    Column("righted", Instant),
    Column("alarm", Text),
    Index(
        "ix_drift_open",
        "target",
        sqlite_where=text("righted IS NULL"),
        postgresql_where=text("righted IS NULL"),
    ),
)

# What the schedules of the campus are made of, each under the numbers that targets keep it by.
schedule = Table(
    "schedule",
    metadata,
    Column("row", RowId, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended", Instant),
    Index(
        "ux_schedule_in_force",
        "id",
        unique=True,
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    ),
)
