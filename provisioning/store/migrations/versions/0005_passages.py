"""Passages, how far each target's have been taken in, and whom the muster forgot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "passage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("inside", sa.Boolean(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passage")),
        sa.UniqueConstraint("target", "incarnation", "number", name=op.f("uq_passage_target_incarnation_number")),
    )
    op.create_index("ix_passage_at", "passage", ["at"])
    op.create_index("ix_passage_person_at", "passage", ["person", "at"])
    op.create_index("ix_passage_door_at", "passage", ["door", "at"])
    op.create_table(
        "passage_cursor",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["target"], ["target.id"], name=op.f("fk_passage_cursor_target_target")),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_passage_cursor")),
    )
    op.create_table(
        "forgiven",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_forgiven_person_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_forgiven")),
    )
    # Whoever's card was shown is asked with every passage, and most cards that are over are never asked for by person.
    op.create_index("ix_credential_number", "credential", ["number"])
