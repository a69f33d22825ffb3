"""The whole campus: notices that keep what they said, stays that change, holds, units, and eras."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "change_of_mind",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("less", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_of_mind")),
    )
    with op.batch_alter_table("change_of_mind", schema=None) as batch_op:
        batch_op.create_index("ix_change_of_mind_at", ["at"], unique=False)

    op.create_table(
        "closure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.create_index(
            "ux_closure_unit",
            ["kind", "unit"],
            unique=True,
            sqlite_where=sa.text("ended IS NULL"),
            postgresql_where=sa.text("ended IS NULL"),
        )

    op.create_table(
        "era",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("backup_at", sa.BigInteger(), nullable=False),
        sa.Column("tail_until", sa.BigInteger(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("accepted_by", sa.JSON(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_era")),
    )
    op.create_table(
        "sender",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("name", name=op.f("uq_sender_name")),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("less", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name=op.f("fk_hold_batch_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hold_batch"), ["batch"], unique=False)

    op.create_table(
        "allotment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("stay", sa.Text(), nullable=False),
        sa.Column("ask", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("offered_until", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_allotment_person_person")),
        sa.ForeignKeyConstraint(["stay"], ["stay.id"], name=op.f("fk_allotment_stay_stay")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allotment")),
    )
    with op.batch_alter_table("allotment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allotment_person"), ["person"], unique=False)
        batch_op.create_index(
            "ux_allotment_stay",
            ["stay", "ask"],
            unique=True,
            sqlite_where=sa.text("ended IS NULL"),
            postgresql_where=sa.text("ended IS NULL"),
        )
        batch_op.create_index(
            "ux_allotment_unit",
            ["kind", "unit"],
            unique=True,
            sqlite_where=sa.text("ended IS NULL"),
            postgresql_where=sa.text("ended IS NULL"),
        )

    # Added in place, each with a default: SQLite would empty a table that it makes anew, for others point to it.
    op.add_column("grant", sa.Column("valid_from", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("grant", sa.Column("valid_to", sa.BigInteger(), nullable=True))
    op.add_column("notice", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("notice", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column("notice", sa.Column("told", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("notice", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("notice", sa.Column("content", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("notice", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("notice", sa.Column("standing", sa.Text(), nullable=False, server_default="applied"))
    op.add_column("notice", sa.Column("reason", sa.JSON(), nullable=True))
    op.add_column("notice", sa.Column("hold", sa.Text(), nullable=True))
    op.create_index(op.f("ix_notice_at"), "notice", ["at"], unique=False)
    op.create_index(op.f("ix_notice_hold"), "notice", ["hold"], unique=False)
    op.create_index("ix_record_key", "record", ["key"], unique=False)
    op.add_column("person", sa.Column("merged_into", sa.Text(), nullable=True))
    op.add_column("stay", sa.Column("opened_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("stay", sa.Column("arrived", sa.Date(), nullable=True))
    op.add_column("stay", sa.Column("moves", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("stay", sa.Column("pauses", sa.JSON(), nullable=False, server_default="[]"))
    _fill()


def _fill() -> None:
    """What was kept before this step, said in its words: every notice told of the whole stay as it stands."""
    connection = op.get_bind()
    run = connection.exec_driver_sql
    run(
        'UPDATE "grant" SET valid_from = opens, valid_to = CASE WHEN ended IS NULL THEN closes'
        " WHEN closes IS NULL OR closes > ended THEN ended ELSE closes END"
    )
    run(
        "UPDATE stay SET opened_by = coalesce((SELECT n.id FROM notice AS n WHERE n.stay = stay.id"
        " ORDER BY n.at, n.id LIMIT 1), notice)"
    )
    run("UPDATE notice SET told = at, kind = 'announced'")
    told = sa.text(
        "SELECT n.id, s.department, s.post, s.kind, s.area, s.arrival, s.departure"
        " FROM notice AS n JOIN stay AS s ON s.id = n.stay"
    )
    names = ("department", "post", "kind", "area", "arrival", "departure")
    rows = [
        {"of": id_, "said": json.dumps(dict(zip(names, map(_plain, rest), strict=True)))}
        for id_, *rest in connection.execute(told)
    ]
    if rows:
        connection.execute(sa.text("UPDATE notice SET content = :said WHERE id = :of"), rows)


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
