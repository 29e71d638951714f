"""What keeps order: who may not speak or come in, what was reported, and what was done."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
)

from hubbub.store.tables.metadata import metadata, partial_index

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
    partial_index("ix_report_open", "room", "seq", where="open"),
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
