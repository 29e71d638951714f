"""Accounts, what is known of a session, and links that work once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("session", sa.Column("id", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("session", sa.Column("seen_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("session", sa.Column("agent", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("session", sa.Column("address", sa.String(), nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE session SET id = substr(token_hash, 1, 16), seen_at = created_at")
    op.create_index(op.f("ix_session_person"), "session", ["person", "id"])
    op.create_index(op.f("ix_person_kind"), "person", ["kind", "role"])
    op.create_table(
        "account",
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("login_key", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_account_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_account")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_account_login_key"), "account", ["login_key"], unique=True)
    op.create_index(op.f("ix_account_email_key"), "account", ["email_key", "created_at"])
    op.create_table(
        "link",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_link_person")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_link")),
        sqlite_with_rowid=False,
    )
