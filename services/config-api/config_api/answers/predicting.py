"""The answer that says how well quick tests predict."""

from __future__ import annotations

from marshmallow import fields

from config_api.answers.boards import ProtocolAnswer
from config_api.answers.parts import Answered, flag, number, one, several, share, text, whole


class PredictedAnswer(Answered):
    feature_config = text()
    number = whole(null=True, minimum=1)
    name = text()
    version = whole(minimum=1)
    after_request = flag()
    quick_recall_at_100 = share()
    full_recall_at_100 = share()
    quick_runs = whole(minimum=1, description="Trainings that the mean is over.")
    full_runs = whole(minimum=1)


class PredictionAnswer(Answered):
    quick = one(ProtocolAnswer)
    full = one(ProtocolAnswer)
    configs = whole(minimum=2)
    tau = number(null=True, minimum=-1, maximum=1, description="Kendall's tau-b.")
    tau_interval = several(fields.Float())
    apart = share()
    pairs = whole(minimum=0, description="Pairs at least so far apart on the full data.")
    pairs_in_order = whole(minimum=0)
    share_in_order = share(null=True)
    winner_loses = share()
    reason = text()
    items = several(PredictedAnswer)
    protocols = several(ProtocolAnswer)
