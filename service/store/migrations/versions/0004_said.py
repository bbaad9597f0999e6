"""What titles of messages and errors of jobs are made of, beside their English text."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add the columns; what is there already goes on being shown as it is."""
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("said", PLAIN, nullable=True))
    with op.batch_alter_table("jobs") as batch:
        batch.add_column(sa.Column("error_said", PLAIN, nullable=True))


def downgrade() -> None:
    """Forget them; the English text stays."""
    with op.batch_alter_table("jobs") as batch:
        batch.drop_column("error_said")
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("said")
