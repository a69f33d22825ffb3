"""Gateways of their own, and who had which target from when on."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, Table, Text

from provisioning.store.tables.kinds import Instant, RowId, metadata

# `heard` is when it last asked for its list; `silent` since when that is too long ago; `attested` who says that it is
# unplugged.
gateway = Table(
    "gateway",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("operator", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("code_digest", LargeBinary, nullable=False, unique=True),
    Column("code_until", Instant, nullable=False),
    Column("public_key", Text),
    Column("software", Text),
    Column("enrolled", Instant),
    Column("revoked", Instant),
    Column("revoked_by", Text),
    Column("heard", Instant),
    Column("silent", Instant),
    Column("attested", JSON, nullable=False),
)

# None stands for the hub's own gateway.
assignment = Table(
    "assignment",
    metadata,
    Column("row", RowId, primary_key=True, autoincrement=True),
    Column("target", Text, ForeignKey("target.id"), nullable=False, index=True),
    Column("gateway", Text),
    Column("before", Text),
    Column("at", Instant, nullable=False),
    Column("because", Text, nullable=False),
)
