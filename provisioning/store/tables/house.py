"""The house itself: what it watches, who uses it, and by which campus and rules."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from provisioning.store.tables.kinds import Instant, RowId, metadata

alarm = Table(
    "alarm",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text),
    Column("person", Text),
    Column("at", Instant, nullable=False, index=True),
    Column("template", Text, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("sameness", LargeBinary, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged", Instant),
    Column("level", Integer, nullable=False),
    Column("told", Integer, nullable=False),
    Column("due", Instant),
    Column("note", Text),
    Index(
        "ux_alarm_open",
        "sameness",
        unique=True,
        sqlite_where=text("acknowledged IS NULL"),
        postgresql_where=text("acknowledged IS NULL"),
    ),
    Index("ix_alarm_due", "due", sqlite_where=text("due IS NOT NULL"), postgresql_where=text("due IS NOT NULL")),
)

# Where alarms are told outside the hub. `attempts` and `due` are those of the place, which fails or answers as a whole.
hook = Table(
    "hook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("by", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    Column("due", Instant),
    Column("attempts", Integer, nullable=False),
    Column("sent", Instant),
    Column("failing", Instant),
    Column("why", Text),
    Column("status", Integer),
)

# What is still to be told there, written with the alarm itself; a row goes once it was taken, or given up.
hook_message = Table(
    "hook_message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hook", Text, ForeignKey("hook.id"), nullable=False),
    Column("alarm", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Instant, nullable=False),
    Index("ix_hook_message_due", "hook", "due"),
)

operator = Table(
    "operator",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("roles", JSON, nullable=False),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("bootstrap", Boolean, nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
)

campus_version = Table(
    "campus_version",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("text", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

rules_version = Table(
    "rules_version",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("text", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", Instant, nullable=False),
)
