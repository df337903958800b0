"""Requests about quick tests and full trainings: settings with the values that are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_load
from towerlab.domain.quicktest import (
    BATCH_SIZES,
    EPOCHS,
    FULL_EPOCHS,
    MAX_REPLICATES,
    OPTIMIZERS,
    SAMPLE_PERCENTS,
    SPLITS,
    Advanced,
    TestSettings,
)

from config_api.fields import Choice, Flag, Items, Number, Whole

DEFAULTS = TestSettings()


@dataclass(frozen=True)
class TestRequest:
    settings: TestSettings
    version: int | None  # None: the current one
    force: bool


@dataclass(frozen=True)
class TrainingRequest:
    epochs: int
    batch_size: int
    version: int | None  # None: the current one


class AdvancedSchema(Schema):
    split = Choice(SPLITS)
    output_dim = Whole(4, 256)
    hidden_layers = Items(Whole(4, 1024), 3)
    optimizer = Choice(OPTIMIZERS)
    learning_rate = Number(0, 10)
    warmup_steps = Whole(0, 10_000)
    logq = Flag()
    prior = Flag()
    oov_dropout = Number(0, 0.9, inclusive=True)
    exclude_seen = Flag()

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> Advanced:
        if "hidden_layers" in loaded:
            loaded["hidden_layers"] = tuple(loaded["hidden_layers"])
        return Advanced(**loaded)


class QuickTestSchema(Schema):
    data_sample_percent = Choice(SAMPLE_PERCENTS, load_default=DEFAULTS.data_sample_percent)
    epochs = Choice(EPOCHS, load_default=DEFAULTS.epochs)
    batch_size = Choice(BATCH_SIZES, load_default=DEFAULTS.batch_size)
    seed = Whole(0, 2**31 - 1, load_default=DEFAULTS.seed)
    replicates = Whole(1, MAX_REPLICATES, load_default=DEFAULTS.replicates)
    version = Whole(1, 10**9, load_default=None)
    force = Flag(load_default=False)
    advanced = fields.Nested(AdvancedSchema, load_default=DEFAULTS.advanced)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> TestRequest:
        version, force = loaded.pop("version"), loaded.pop("force")
        return TestRequest(TestSettings(**loaded), version, force)


class FullTrainingSchema(Schema):
    epochs = Whole(*FULL_EPOCHS, load_default=20)
    batch_size = Choice(BATCH_SIZES, load_default=DEFAULTS.batch_size)
    version = Whole(1, 10**9, load_default=None)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> TrainingRequest:
        return TrainingRequest(**loaded)


class NothingSchema(Schema):
    """A request that says all by its path: no body, or {}."""
