"""Which dead letters a listing shows."""

from __future__ import annotations

from towerlab.events.catalog import CATALOG, SERVICES

from config_api.fields import Choice
from config_api.schemas.queries import PageSchema


class DeadLettersSchema(PageSchema):
    consumer = Choice(SERVICES, load_default=None)
    type = Choice(tuple(CATALOG), load_default=None)
