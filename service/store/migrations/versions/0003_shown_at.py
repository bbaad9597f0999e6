"""For each audience and each share, when what it is shown of a record last changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
COLUMNS = ("shown_public_at", "shown_network_industry_at", "shown_network_at")


def upgrade() -> None:
    """Add the times; until now everybody saw the last change of anything."""
    with op.batch_alter_table("records") as batch:
        for name in COLUMNS:
            batch.add_column(sa.Column(name, TIME, nullable=True))
    with op.batch_alter_table("shares") as batch:
        batch.add_column(sa.Column("shown_at", TIME, nullable=True))
    op.execute(f"UPDATE records SET {', '.join(f'{name} = updated_at' for name in COLUMNS)}")
    op.execute(
        "UPDATE shares SET shown_at = (SELECT updated_at FROM records WHERE records.id = shares.record_id)"
    )
    with op.batch_alter_table("records") as batch:
        for name in COLUMNS:
            batch.alter_column(name, existing_type=TIME, nullable=False)
            batch.create_index(f"ix_records_kind_{name}_id", ["kind", name, "id"])
        batch.create_index("ix_records_of_organisation", ["kind", "organisation_id", "updated_at", "id"])
    with op.batch_alter_table("shares") as batch:
        batch.alter_column("shown_at", existing_type=TIME, nullable=False)


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("shares") as batch:
        batch.drop_column("shown_at")
    with op.batch_alter_table("records") as batch:
        batch.drop_index("ix_records_of_organisation")
        for name in COLUMNS:
            batch.drop_index(f"ix_records_kind_{name}_id")
            batch.drop_column(name)
