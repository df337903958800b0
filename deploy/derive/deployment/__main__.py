"""`python -m deployment` (make derived) writes deploy/derived/*.json and the page's OpenAPI document anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from deployment.documents import documents
from deployment.events import events
from deployment.openapi import FILE, openapi
from deployment.permissions import permissions
from deployment.schedule import schedule
from deployment.services import REPOSITORY, services
from deployment.settings import settings

FOLDER = REPOSITORY / "deploy" / "derived"
DERIVED: Mapping[str, Callable[[], object]] = {
    "documents": documents,
    "events": events,
    "permissions": permissions,
    "schedule": schedule,
    "services": services,
    "settings": settings,
}


def written(name: str) -> str:
    """The text of <name>.json as the code has it now."""
    return text(DERIVED[name]())


def text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in DERIVED:
        (FOLDER / f"{name}.json").write_text(written(name), "utf-8")
    FILE.write_text(text(openapi()), "utf-8")


if __name__ == "__main__":
    main()
