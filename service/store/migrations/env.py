"""What Alembic runs for `service.store.migrate`: the steps, on the connection that it was given."""

from alembic import context

from service.store.tables import Base


def run() -> None:
    """Run the steps within the transaction that the connection is in."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name by which Alembic loads it; a test that only collects it runs nothing
    run()
