"""Answers about reruns and drift."""

from __future__ import annotations

from marshmallow import fields
from towerlab.domain.reruns import WHEN

from config_api.answers.parts import Answered, choice, flag, moment, several, share, text, whole


class RerunPlanAnswer(Answered):
    feature_config = text()
    when = choice(WHEN)
    due_at = moment(null=True)
    updated_at = moment(null=True)
    updated_by = text(null=True)


class DriftPointAnswer(Answered):
    test = text()
    completed_at = moment()
    snapshot = text(null=True)
    rerun = flag()
    recall_at_100 = share()
    interval = several(fields.Float())
    outside = flag()


class DriftLineAnswer(Answered):
    protocol = text()
    version = whole(minimum=1)
    tests = whole(minimum=1)


class DriftAnswer(Answered):
    feature_config = text()
    protocol = text(null=True, description="But for the snapshot: a line runs over snapshots.")
    version = whole(null=True, minimum=1)
    expected = several(fields.Float(), null=True)
    items = several(DriftPointAnswer)
    note = text(description="What the newest test says; empty while it is within the expected interval.")
    lines = several(DriftLineAnswer)
