"""What is urgent is found at once, however much else is still to be done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        "ix_record_urgent",
        "record",
        ["target", "due"],
        sqlite_where=sa.text("dirty = 1 AND urgent = 1"),
        postgresql_where=sa.text("dirty AND urgent"),
    )
