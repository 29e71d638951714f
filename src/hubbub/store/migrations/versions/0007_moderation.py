"""Order: reports, slow mode, the audit log, banned addresses; and what is erased."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("room", sa.Column("floor", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("message", sa.Column("reason", sa.String(), nullable=True))
    _addresses()
    _order()
    _audit()
    op.create_table(
        "erasure",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("messages", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _of("erasure", "person"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_erasure")),
        sqlite_with_rowid=False,
    )


def _of(table: str, column: str) -> sa.ForeignKeyConstraint:
    target = "room.id" if column == "room" else "person.id"
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _addresses() -> None:
    op.create_table(
        "guest_address",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        _of("guest_address", "person"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_guest_address")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "address_ban",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        _of("address_ban", "person"),
        sa.PrimaryKeyConstraint("address", "person", name=op.f("pk_address_ban")),
        sqlite_with_rowid=False,
    )


def _order() -> None:
    op.create_table(
        "slow",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _of("slow", "room"),
        _of("slow", "person"),
        sa.PrimaryKeyConstraint("room", "person", name=op.f("pk_slow")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "report",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        _of("report", "room"),
        _of("report", "person"),
        sa.PrimaryKeyConstraint("room", "seq", "person", name=op.f("pk_report")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_report_open",
        "report",
        ["room", "seq"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    for column in ("person", "room", "action"):
        op.create_index(f"ix_audit_{column}", "audit", [column, "id"])
