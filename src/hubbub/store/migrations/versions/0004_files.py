"""Uploaded files, and which message holds them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("thumbnail", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("unused_since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_file_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_file_sha256", "file", ["sha256"])
    op.create_index("ix_file_thumbnail", "file", ["thumbnail"])
    op.create_index("ix_file_by", "file", ["by", "at"])
    used = sa.text("unused_since IS NOT NULL")
    op.create_index("ix_file_unused_since", "file", ["unused_since"], sqlite_where=used, postgresql_where=used)
    op.create_table(
        "attachment",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["room", "seq"], ["message.room", "message.seq"], name=op.f("fk_attachment_room")),
        sa.ForeignKeyConstraint(["file"], ["file.id"], name=op.f("fk_attachment_file")),
        sa.PrimaryKeyConstraint("room", "seq", "place", name=op.f("pk_attachment")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attachment_file", "attachment", ["file"])
