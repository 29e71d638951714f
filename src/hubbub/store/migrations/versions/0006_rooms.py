"""Direct conversations, and invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["room.id"], name=op.f("fk_conversation_room")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_conversation")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "invite",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("uses_left", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_invite_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invite_code_hash", "invite", ["code_hash"], unique=True)
    op.create_index("ix_invite_room", "invite", ["room", "created_at"])
