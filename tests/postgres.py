"""Knows how a test gets a PostgreSQL database of its own; must not know what is kept there."""

from __future__ import annotations

import uuid


def fresh_database(server: str) -> str:
    """The URL of a new, empty database on the server that the fixture ``postgres`` gives; it goes away with the server."""
    import psycopg
    from sqlalchemy import URL, make_url

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        # From template0, since whatever the server was made with, a store needs UTF-8.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    url: URL = make_url(server).set(drivername="postgresql", database=name)
    return url.render_as_string(hide_password=False)
