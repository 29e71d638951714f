"""The log (`event`), and what follows from it about messages and their files."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from hubbub.store.tables.metadata import metadata, partial_index

event = Table(
    "event",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("type", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("message", BigInteger),
    Column("frame", Text, nullable=False),
    ForeignKeyConstraint(["room"], ["room.id"]),
    partial_index("ix_event_message", "room", "message", where="message IS NOT NULL"),
    sqlite_with_rowid=False,
)
"""The log. `frame` is what clients are sent. `message` is set on events that hold another text for an earlier message,
so that it can be erased."""

message = Table(
    "message",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("author", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("key", String),
    Column("reply_to", BigInteger),
    Column("edited_at", BigInteger),
    Column("deleted", Boolean, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("reason", String),
    ForeignKeyConstraint(["room"], ["room.id"]),
    ForeignKeyConstraint(["author"], ["person.id"]),
    partial_index("ix_message_key", "room", "author", "key", where="key IS NOT NULL", unique=True),
    partial_index("ix_message_pinned", "room", "seq", where="pinned"),
    sqlite_with_rowid=False,
)

reaction = Table(
    "reaction",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("emoji", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
    ForeignKeyConstraint(["room", "seq"], ["message.room", "message.seq"]),
    sqlite_with_rowid=False,
)
"""`since` is the `seq` of the event that added it: the order in which people chose."""

file = Table(
    "file",
    metadata,
    Column("id", String, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("name", String, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("thumbnail", String),
    Column("by", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("unused_since", BigInteger),
    ForeignKeyConstraint(["by"], ["person.id"]),
    Index("ix_file_sha256", "sha256"),
    Index("ix_file_thumbnail", "thumbnail"),
    Index("ix_file_by", "by", "at"),
    partial_index("ix_file_unused_since", "unused_since", where="unused_since IS NOT NULL"),
    sqlite_with_rowid=False,
)
"""Uploaded files; their bytes lie beside the database. `thumbnail` is the SHA-256 of a smaller picture. `unused_since`
is NULL while a message holds the file, and 0 once none does any more: then nobody may have it, and it is swept away."""

attachment = Table(
    "attachment",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("file", String, nullable=False),
    ForeignKeyConstraint(["room", "seq"], ["message.room", "message.seq"]),
    ForeignKeyConstraint(["file"], ["file.id"]),
    Index("ix_attachment_file", "file"),
    sqlite_with_rowid=False,
)
"""Which files a message holds, in their order."""
