"""Answers of the audit log."""

from __future__ import annotations

from config_api.answers.parts import Answered, choice, mapped, moment, page_of, text, whole


class AuditLine(Answered):
    id = text()
    at = moment()
    who = text(example="local")
    action = text(example="updated")
    kind = choice(("dataset", "feature_config", "quick_test", "full_training", "exploration", "dead_letter"))
    object = text()
    dataset = text()
    from_version = whole(null=True)
    to_version = whole(null=True)
    detail = mapped()
    correlation_id = text()


AuditPage = page_of(AuditLine)
