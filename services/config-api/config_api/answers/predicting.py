"""The answer that says how well quick tests predict."""

from __future__ import annotations

from marshmallow import fields

from config_api.answers.parts import Answered, number, one, several, share, text, whole


class KnownProtocolAnswer(Answered):
    protocol = text()
    data_sample_percent = whole(minimum=1, maximum=100)
    epochs = whole(minimum=1)
    batch_size = whole(minimum=1)
    versions = whole(minimum=1, description="Config versions that were tested under it.")


class PredictedAnswer(Answered):
    feature_config = text()
    name = text()
    version = whole(minimum=1)
    quick_recall_at_100 = share()
    full_recall_at_100 = share()
    quick_tests = whole(minimum=1)
    full_tests = whole(minimum=1)


class PredictionAnswer(Answered):
    quick = one(KnownProtocolAnswer)
    full = one(KnownProtocolAnswer)
    configs = whole(minimum=2)
    tau = number(null=True, minimum=-1, maximum=1, description="Kendall's tau-b.")
    tau_interval = several(fields.Float())
    apart = share()
    pairs = whole(minimum=0, description="Pairs at least so far apart on the full data.")
    pairs_in_order = whole(minimum=0)
    share_in_order = share(null=True)
    winner_loses = share()
    items = several(PredictedAnswer)
    protocols = several(KnownProtocolAnswer)
