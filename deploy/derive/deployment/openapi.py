"""The API as the page's client knows it: types are made from this document, without Python."""

from __future__ import annotations

from typing import Any

from config_api.app import create_public
from config_api.openapi.document import document
from towerlab.runtime.settings import settings_from
from towerlab.runtime.wiring import Deps

from deployment.services import REPOSITORY
from deployment.settings import made_up

FILE = REPOSITORY / "services" / "web" / "openapi.json"


def openapi() -> dict[str, Any]:
    return document(create_public(Deps(settings_from(made_up()))))
