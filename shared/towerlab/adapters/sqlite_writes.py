"""Documents as rows of one table, and the statements that write them."""

from __future__ import annotations

import secrets
import sqlite3

from towerlab.adapters import sqlite_listing
from towerlab.adapters.documents_checks import body
from towerlab.ports.documents import Delete, Put

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents(
    kind TEXT NOT NULL, id TEXT NOT NULL, revision TEXT NOT NULL, body TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY(id, kind));
"""  # id first: a key that begins with kind would tempt the planner away from the listings' indexes


def statement(write: Put | Delete) -> tuple[str, dict[str, str | None]]:
    """SQL that changes one row when the stored revision is the expected one, else none."""
    values: dict[str, str | None] = {"kind": write.key.kind, "id": write.key.id, "expect": write.expect}
    if isinstance(write, Delete):
        return "DELETE FROM documents WHERE kind = :kind AND id = :id AND revision = :expect", values
    fields = sqlite_listing.fields(write.index)
    values |= {"revision": secrets.token_hex(8), "body": body(write), "fields": fields}
    if write.expect is None:
        return "INSERT INTO documents VALUES(:kind, :id, :revision, :body, :fields) ON CONFLICT DO NOTHING", values
    change = "UPDATE documents SET revision = :revision, body = :body, fields = :fields"
    return f"{change} WHERE kind = :kind AND id = :id AND revision = :expect", values


def put_if_absent(connection: sqlite3.Connection, write: Put) -> None:
    """Part of an open transaction; a document that is there already is left alone."""
    connection.execute(*statement(write))
