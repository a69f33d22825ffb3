"""The story is only ever added to: SQLite itself refuses to change or shorten it, save by somebody who removes these
triggers first, and then `foyer audit verify` tells."""

from __future__ import annotations

from sqlalchemy import Connection

_GUARDS = (
    """
    CREATE TRIGGER IF NOT EXISTS event_unchanged BEFORE UPDATE ON event
    WHEN OLD.position IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.kind IS NOT OLD.kind
      OR NEW.actor IS NOT OLD.actor OR NEW.person IS NOT OLD.person OR NEW.target IS NOT OLD.target
      OR NEW.trace IS NOT OLD.trace OR NEW.body IS NOT OLD.body OR NEW.leaf IS NOT OLD.leaf
    BEGIN SELECT RAISE(ABORT, 'an event of the story is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS event_stays BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'an event of the story is never deleted'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS checkpoint_unchanged BEFORE UPDATE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS checkpoint_stays BEFORE DELETE ON checkpoint
    BEGIN SELECT RAISE(ABORT, 'a checkpoint is never deleted'); END
    """,
)


def put_guards(connection: Connection) -> None:
    """Put the triggers where they are missing; in the caller's transaction."""
    if connection.dialect.name == "sqlite":
        for guard in _GUARDS:
            connection.exec_driver_sql(guard)
