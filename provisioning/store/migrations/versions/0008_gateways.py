"""Gateways of their own, which targets they have, and what has changed there since they last asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "gateway",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("code_until", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("software", sa.Text(), nullable=True),
        sa.Column("enrolled", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("heard", sa.BigInteger(), nullable=True),
        sa.Column("silent", sa.BigInteger(), nullable=True),
        sa.Column("attested", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_gateway_code_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_gateway_name")),
    )
    op.create_table(
        "assignment",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["target"], ["target.id"], name=op.f("fk_assignment_target_target")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_target", "assignment", ["target"])

    op.add_column("target", sa.Column("gateway", sa.Text(), nullable=True))
    op.add_column("target", sa.Column("heir", sa.Text(), nullable=True))
    op.add_column("target", sa.Column("term_until", sa.BigInteger(), nullable=True))
    op.add_column("target", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_target_gateway",
        "target",
        ["gateway"],
        sqlite_where=sa.text("gateway IS NOT NULL"),
        postgresql_where=sa.text("gateway IS NOT NULL"),
    )
    op.add_column("record", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_record_seq",
        "record",
        ["target", "seq", "key"],
        sqlite_where=sa.text("seq > 0"),
        postgresql_where=sa.text("seq > 0"),
    )
