"""Brings a database to the shape of this version, one numbered step after another."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from provisioning.store.guards import put_guards

STEPS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Run the steps that this database has not seen; each is kept whole or not at all."""
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    with engine.connect() as reading:
        present = MigrationContext.configure(reading).get_current_revision()
    if present == ScriptDirectory.from_config(config).get_current_head():
        return
    with engine.connect() as connection:
        config.attributes["connection"] = connection.execution_options(foyer_writes=True)
        command.upgrade(config, "head")
        put_guards(connection)
        connection.commit()
