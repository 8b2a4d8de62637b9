"""Run by Alembic. The connection, with its transaction begun, comes from `db.migrate`."""

from alembic import context
from sqlalchemy import Connection

from db.schema.tables import METADATA

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
