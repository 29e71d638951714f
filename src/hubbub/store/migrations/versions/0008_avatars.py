"""Pictures of people."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("account", sa.Column("avatar", sa.String(), nullable=True))
    op.create_index("ix_account_avatar", "account", ["avatar"])
