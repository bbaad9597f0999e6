"""The database itself refuses to change or delete audit rows; only their actor may be taken out."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = (
    "id", "at", "organisation_id", "action", "object_kind", "object_id", "before_hash", "after_hash",
    "reason", "versions", "request_id",
)  # fmt: skip
SAYING = "audit rows are only added"

SQLITE = (
    f"""CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, '{SAYING}'); END""",
    f"""CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
    WHEN NEW.actor_id IS NOT NULL OR {" OR ".join(f'NEW."{name}" IS NOT OLD."{name}"' for name in KEPT)}
    BEGIN SELECT RAISE(ABORT, '{SAYING}'); END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND NEW.actor_id IS NULL
            AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{SAYING}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER audit_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_kept()""",
    """CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_kept()""",
)


def upgrade() -> None:
    """Set the guard."""
    for statement in SQLITE if _sqlite() else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Lift it; the rows stay."""
    if _sqlite():
        op.execute("DROP TRIGGER audit_not_deleted")
        op.execute("DROP TRIGGER audit_not_changed")
    else:
        op.execute("DROP TRIGGER audit_not_changed ON audit")
        op.execute("DROP TRIGGER audit_not_emptied ON audit")
        op.execute("DROP FUNCTION audit_kept()")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
