"""The index for search."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from hubbub.store.tables.metadata import metadata

search_block = Table(
    "search_block",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("rooms", Text, nullable=False),
    Column("places", LargeBinary, nullable=False),
    Index("ix_search_block_last_at", "last_at", "first_at"),
)
"""Some thousand messages that are indexed together, and when they were posted: see `hubbub.store.index`."""

search_term = Table(
    "search_term",
    metadata,
    Column("block", Integer, primary_key=True),
    Column("term", String, primary_key=True),
    Column("docs", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Which messages of a block have a term."""

search_mark = Table(
    "search_mark",
    metadata,
    Column("room", String, primary_key=True),
    Column("backlog", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    ForeignKeyConstraint(["room"], ["room.id"]),
    sqlite_with_rowid=False,
)
"""Messages after `backlog` up to `done` are in a block; later ones are new, earlier ones are older than the index."""
