"""The index for search. It is filled while the server runs: see `hubbub.store.index`."""

import sqlalchemy as sa
from alembic import op

from hubbub.core.words import Folded

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "search_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("rooms", sa.Text(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_block")),
    )
    op.create_index("ix_search_block_last_at", "search_block", ["last_at", "first_at"], unique=False)
    op.create_table(
        "search_term",
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("docs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "term", name=op.f("pk_search_term")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_mark",
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("backlog", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["room.id"], name=op.f("fk_search_mark_room")),
        sa.PrimaryKeyConstraint("room", name=op.f("pk_search_mark")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_name",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_person_name_person")),
        sa.PrimaryKeyConstraint("key", "person", name=op.f("pk_person_name")),
        sqlite_with_rowid=False,
    )
    _describe_what_is_there()


def _describe_what_is_there() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("INSERT INTO search_mark (room, backlog, done) SELECT id, head, head FROM room"))
    people = connection.execute(sa.text("SELECT id, name FROM person")).all()
    if people:
        names = sa.table("person_name", sa.column("key"), sa.column("person"))
        connection.execute(sa.insert(names), [{"key": Folded(row.name).bare, "person": row.id} for row in people])
