"""Other ways to sign in than by password."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, LargeBinary, String, Table

from hubbub.store.tables.metadata import metadata

identity = Table(
    "identity",
    metadata,
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_identity_person", "person", "issuer", unique=True),
    sqlite_with_rowid=False,
)
"""Who somebody is at a provider: at most one for an account and a provider."""

passkey = Table(
    "passkey",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["person"], ["person.id"]),
    Index("ix_passkey_person", "person"),
    sqlite_with_rowid=False,
)
"""`id` is the credential's (WebAuthn, section 5.8.1), in base64url."""
