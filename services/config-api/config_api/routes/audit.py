"""The audit log: who changed what, when, and from which version to which."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.audit import AuditEntry
from towerlab.runtime import records

from config_api.http import Answer, answer, deps, query
from config_api.representations.audit import audit_entry
from config_api.schemas.queries import AuditSchema

routes = Blueprint("audit", __name__, url_prefix="/api/audit")


@routes.get("/")
def audit() -> Answer:
    asked = query(AuditSchema())
    where = {"object": asked["object"]} if asked["object"] else {}
    page = records.query(deps().documents, AuditEntry, where, ("-at",), limit=asked["limit"], cursor=asked["cursor"])
    items = [audit_entry(entry) for entry in page.values]
    total = records.count(deps().documents, AuditEntry, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})
