"""Roles of people in the place and in rooms, kinds of rooms, and who may not speak or come in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("person", sa.Column("role", sa.String(), nullable=False, server_default="guest"))
    op.add_column("membership", sa.Column("role", sa.String(), nullable=False, server_default="member"))
    for column in (
        sa.Column("kind", sa.String(), nullable=False, server_default="public"),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("announcement", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("slow_s", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("retention_days", sa.Integer(), nullable=True),
    ):
        op.add_column("room", column)
    op.create_table(
        "sanction",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_sanction_person")),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_sanction_by")),
        sa.PrimaryKeyConstraint("person", "room", "kind", name=op.f("pk_sanction")),
        sqlite_with_rowid=False,
    )
    owners = "SELECT 1 FROM room WHERE room.id = membership.room AND room.created_by = membership.person"
    op.execute(f"UPDATE membership SET role = 'owner' WHERE EXISTS ({owners})")
