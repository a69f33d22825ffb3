"""How many offers of a unit somebody let pass: whoever did, waits behind all who did not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("allotment", sa.Column("lapses", sa.Integer(), nullable=False, server_default="0"))
