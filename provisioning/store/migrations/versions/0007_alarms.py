"""Alarms have levels and are told again; hooks tell them outside; a long reading has a place where it stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

WAITED_US = 30 * 60 * 1_000_000


def upgrade() -> None:
    op.add_column("alarm", sa.Column("level", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("alarm", sa.Column("told", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("alarm", sa.Column("due", sa.BigInteger(), nullable=True))
    op.add_column("alarm", sa.Column("note", sa.Text(), nullable=True))
    op.create_index(
        "ix_alarm_due",
        "alarm",
        ["due"],
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    # What nobody has looked at yet is told again as a warning would be.
    op.execute(sa.text("UPDATE alarm SET due = at + :waited WHERE acknowledged IS NULL").bindparams(waited=WAITED_US))
    op.create_table(
        "hook",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=True),
        sa.Column("failing", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
    )
    op.create_table(
        "hook_message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hook"], ["hook.id"], name=op.f("fk_hook_message_hook_hook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_message")),
    )
    with op.batch_alter_table("hook_message", schema=None) as batch_op:
        batch_op.create_index("ix_hook_message_due", ["hook", "due"], unique=False)

    op.add_column("target", sa.Column("reading_since", sa.BigInteger(), nullable=True))
    op.add_column("target", sa.Column("reading_found", sa.Integer(), nullable=True))
