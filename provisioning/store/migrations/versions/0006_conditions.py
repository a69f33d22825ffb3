"""Conditions of zones, acts that are done at most once, and suspensions beside revocations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "condition",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("exempt", sa.JSON(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("released", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("warned", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
    )
    with op.batch_alter_table("condition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_condition_since"), ["since"], unique=False)
        batch_op.create_index(
            "ux_condition_in_force",
            ["kind", "zone"],
            unique=True,
            sqlite_where=sa.text("released IS NULL"),
            postgresql_where=sa.text("released IS NULL"),
        )
    op.create_table(
        "act",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_act_person_person")),
        sa.ForeignKeyConstraint(["target"], ["target.id"], name=op.f("fk_act_target_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    with op.batch_alter_table("act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_act_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_person"), ["person"], unique=False)
        batch_op.create_index(
            "ix_act_open",
            ["target"],
            unique=False,
            sqlite_where=sa.text("ended IS NULL"),
            postgresql_where=sa.text("ended IS NULL"),
        )
    op.add_column("revocation", sa.Column("kind", sa.Text(), server_default="revoked", nullable=False))
    op.add_column("revocation", sa.Column("lifted", sa.BigInteger(), nullable=True))
    op.add_column("revocation", sa.Column("lifted_by", sa.Text(), nullable=True))
    op.create_index(
        "ux_revocation_suspended",
        "revocation",
        ["person"],
        unique=True,
        sqlite_where=sa.text("kind = 'suspended' AND lifted IS NULL"),
        postgresql_where=sa.text("kind = 'suspended' AND lifted IS NULL"),
    )
