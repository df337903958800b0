"""How far the registration of a large dataset is."""

from __future__ import annotations

from flask import Blueprint
from towerlab.domain.registration import Registration
from towerlab.runtime import records

from config_api.http import Answer, answer, deps
from config_api.representations.datasets import registration

routes = Blueprint("registrations", __name__, url_prefix="/api/registrations")


@routes.get("/<id:registration_id>/")
def one_registration(registration_id: str) -> Answer:
    return answer(registration(records.get(deps().documents, Registration, registration_id).value))
