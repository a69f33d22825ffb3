"""The hub's tables. Instants are microseconds since 1970 in UTC, exact and sortable in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - its parent asks for it
        """Aware datetime → microseconds."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Microseconds → aware datetime in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A few ids, none of which holds a space, kept as one text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:  # noqa: ARG002 - as above
        """Ids → text."""
        return None if value is None else " ".join(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002 - as above
        """Text → ids."""
        return tuple(value.split()) if value else ()


# SQLite gives row ids by itself only to a column declared INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("no", Text, nullable=False, unique=True),
    Column("id_digest", LargeBinary, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("due", Instant, index=True),
    Column("created", Instant, nullable=False),
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
    Column("at", Instant, nullable=False),
)

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
)

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
    Index("ix_target_due", "due"),
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
    Index("ix_record_holder", "holder"),
    Index(
        "ix_record_dirty",
        "target",
        "due",
        sqlite_where=text("dirty = 1"),
        postgresql_where=text("dirty"),
    ),
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
    Index(
        "ux_alarm_open",
        "sameness",
        unique=True,
        sqlite_where=text("acknowledged IS NULL"),
        postgresql_where=text("acknowledged IS NULL"),
    ),
)

revocation = Table(
    "revocation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False, index=True),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
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
