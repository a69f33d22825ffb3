"""How the PIN of a card's holder is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("credential", sa.Column("pin", sa.Text(), nullable=True))
