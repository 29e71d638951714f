"""Rooms, who is in them, ways into them, and what is said of the whole place."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    false,
)

from hubbub.store.tables.metadata import metadata

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

room = Table(
    "room",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String),
    Column("archived", Boolean, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("kind", String, nullable=False, server_default="public"),
    Column("topic", String),
    Column("announcement", Boolean, nullable=False, server_default=false()),
    Column("slow_s", Integer, nullable=False, server_default="0"),
    Column("retention_days", Integer),
    Column("floor", BigInteger, nullable=False, server_default="0"),
    Index("ix_room_name_key", "name_key"),
    sqlite_with_rowid=False,
)

membership = Table(
    "membership",
    metadata,
    Column("room", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("joined_at", BigInteger, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("role", String, nullable=False, server_default="member"),
    ForeignKeyConstraint(["room"], ["room.id"]),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_membership_person", "person"),
    sqlite_with_rowid=False,
)

conversation = Table(
    "conversation",
    metadata,
    Column("key", String, primary_key=True),
    Column("room", String, nullable=False),
    ForeignKeyConstraint(["room"], ["room.id"]),
    sqlite_with_rowid=False,
)
"""Which room is the direct conversation of these people: `key` is made from their ids."""

invite = Table(
    "invite",
    metadata,
    Column("id", String, primary_key=True),
    Column("code_hash", String, nullable=False),
    Column("room", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("uses_left", Integer),
    ForeignKeyConstraint(["created_by"], ["person.id"]),
    Index("ix_invite_code_hash", "code_hash", unique=True),
    Index("ix_invite_room", "room", "created_at"),
    sqlite_with_rowid=False,
)
"""Ways in: into a room or, with the room "", into the whole place. The code itself is not kept."""
