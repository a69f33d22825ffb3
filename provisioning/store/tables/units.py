"""Seats and flats: who has which, and which are closed. The units themselves are the campus file's."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from provisioning.store.tables.kinds import Instant, metadata

_NOT_ENDED = text("ended IS NULL")

allotment = Table(
    "allotment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("unit", Text),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("stay", Text, ForeignKey("stay.id"), nullable=False),
    Column("ask", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("asked", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("offered_until", Instant),
    Column("held", Instant),
    Column("ended", Instant),
    Column("ended_by", Text),
    Column("lapses", Integer, nullable=False, server_default="0"),
    # One unit, one person; and one unit a person for each thing they ask.
    Index("ux_allotment_unit", "kind", "unit", unique=True, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED),
    Index("ux_allotment_stay", "stay", "ask", unique=True, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED),
)

closure = Table(
    "closure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("ended", Instant),
    Index("ux_closure_unit", "kind", "unit", unique=True, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED),
)
