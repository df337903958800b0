"""Query strings of comparisons and estimates."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema
from towerlab.domain.quicktest import BATCH_SIZES, EPOCHS, MAX_REPLICATES, SAMPLE_PERCENTS, TestSettings

from config_api.fields import Choice, Digits, Text

DEFAULTS = TestSettings()
SIDE = {"description": "A config's id, or id@version"}


class DigitChoice(Choice):
    """One of a few integers, as a query string writes them."""

    def read(self, value: Any) -> Any:
        plain = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10
        return super().read(int(value) if plain else value)


class DiffSchema(Schema):
    left = Text(60, required=True, metadata=SIDE)
    right = Text(60, required=True, metadata=SIDE)


class EstimateSchema(Schema):
    data_sample_percent = DigitChoice(SAMPLE_PERCENTS, load_default=DEFAULTS.data_sample_percent)
    epochs = DigitChoice(EPOCHS, load_default=DEFAULTS.epochs)
    batch_size = DigitChoice(BATCH_SIZES, load_default=DEFAULTS.batch_size)
    replicates = Digits(1, MAX_REPLICATES, load_default=DEFAULTS.replicates)
    version = Digits(1, 10**9, load_default=None)
