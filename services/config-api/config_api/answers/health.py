"""Health and readiness."""

from __future__ import annotations

from marshmallow import fields

from config_api.answers.parts import Answered, choice


class Health(Answered):
    status = choice(("ok",))


class Readiness(Answered):
    status = choice(("ready", "not ready"))
    reason = fields.String()
