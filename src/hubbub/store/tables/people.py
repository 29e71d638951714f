"""People: how they come in, and how they go."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    String,
    Table,
    text,
)

from hubbub.store.tables.metadata import metadata

person = Table(
    "person",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("role", String, nullable=False, server_default="guest"),
    Index("ix_person_kind", "kind", "role"),
    sqlite_with_rowid=False,
)

person_name = Table(
    "person_name",
    metadata,
    Column("key", String, primary_key=True),
    Column("person", String, primary_key=True),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""By which people are found: their names without case and accents."""

session = Table(
    "session",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("id", String, nullable=False, server_default=text("''")),
    Column("seen_at", BigInteger, nullable=False, server_default="0"),
    Column("agent", String, nullable=False, server_default=text("''")),
    Column("address", String, nullable=False, server_default=text("''")),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_session_person", "person", "id"),
    sqlite_with_rowid=False,
)
"""`id` is the beginning of the hash: a name for others, with which nobody can sign in."""

account = Table(
    "account",
    metadata,
    Column("person", String, primary_key=True),
    Column("login", String, nullable=False),
    Column("login_key", String, nullable=False),
    Column("email", String),
    Column("email_key", String),
    Column("password_hash", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("status", String),
    Column("time_zone", String),
    Column("avatar", String),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_account_avatar", "avatar"),
    Index("ix_account_login_key", "login_key", unique=True),
    Index("ix_account_email_key", "email_key", "created_at"),
    sqlite_with_rowid=False,
)
"""The person's `kind` is `account` then; while its `role` is `guest`, it waits for approval. Several may have one
e-mail address: that it is taken would tell that somebody is here. `avatar` is a file, which the account holds."""

link = Table(
    "link",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("person", String),
    Column("expires_at", BigInteger),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""Links that work once: to become the first owner (`owner`), or to choose a new password (`reset`)."""

guest_address = Table(
    "guest_address",
    metadata,
    Column("person", String, primary_key=True),
    Column("address", String, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""From where guests came, so that they do not come again as somebody else when they are banned."""

address_ban = Table(
    "address_ban",
    metadata,
    Column("address", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("until", BigInteger, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""From where no new guests may come, and because of whom."""

erasure = Table(
    "erasure",
    metadata,
    Column("person", String, primary_key=True),
    Column("messages", String, nullable=False),
    Column("room", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""Who is being forgotten, and how far that has come: to this `seq` of this room, in the order of the rooms' ids."""
