"""The tables: the log (`event`), and the current state that follows from it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

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
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_account_login_key", "login_key", unique=True),
    Index("ix_account_email_key", "email_key", "created_at"),
    sqlite_with_rowid=False,
)
"""The person's `kind` is `account` then; while its `role` is `guest`, it waits for approval. Several may have one
e-mail address: that it is taken would tell that somebody is here."""

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

sanction = Table(
    "sanction",
    metadata,
    Column("person", String, primary_key=True),
    Column("room", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", String, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    ForeignKeyConstraint(["by"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""Who may not come in (`ban`) or speak (`mute`), in one room or, with the room "", in the whole place."""

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

slow = Table(
    "slow",
    metadata,
    Column("room", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["room"], ["room.id"]),
    ForeignKeyConstraint(["person"], ["person.id"]),
    sqlite_with_rowid=False,
)
"""When people last posted in rooms that are in slow mode. Leaving the room changes nothing about that."""

report = Table(
    "report",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("person", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("open", Boolean, nullable=False),
    ForeignKeyConstraint(["room"], ["room.id"]),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_report_open", "room", "seq", sqlite_where=text("open"), postgresql_where=text("open")),
    sqlite_with_rowid=False,
)
"""Messages that people have reported, and whether a moderator has still to look."""

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("person", String),
    Column("room", String),
    Column("message", BigInteger),
    Column("until", BigInteger),
    Column("reason", String, nullable=False),
    Index("ix_audit_person", "person", "id"),
    Index("ix_audit_room", "room", "id"),
    Index("ix_audit_action", "action", "id"),
)
"""Who did what to whom. Rows are added, never changed or taken away."""

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
    Index(
        "ix_message_key",
        "room",
        "author",
        "key",
        unique=True,
        sqlite_where=text("key IS NOT NULL"),
        postgresql_where=text("key IS NOT NULL"),
    ),
    Index("ix_message_pinned", "room", "seq", sqlite_where=text("pinned"), postgresql_where=text("pinned")),
    sqlite_with_rowid=False,
)

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
    Index(
        "ix_file_unused_since",
        "unused_since",
        sqlite_where=text("unused_since IS NOT NULL"),
        postgresql_where=text("unused_since IS NOT NULL"),
    ),
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
    Index(
        "ix_event_message",
        "room",
        "message",
        sqlite_where=text("message IS NOT NULL"),
        postgresql_where=text("message IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""The log. `frame` is what clients are sent. `message` is set on events that hold another text for an earlier message,
so that it can be erased."""

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
