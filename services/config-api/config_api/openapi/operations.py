"""Every operation of the public port by method and rule: what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Mapping

from config_api.answers import configs as config_answers
from config_api.answers import datasets as dataset_answers
from config_api.answers.health import Health, Readiness
from config_api.answers.predicting import PredictionAnswer
from config_api.answers.reruns import DriftAnswer, RerunPlanAnswer
from config_api.answers.uploads import UploadAnswer
from config_api.openapi import examples
from config_api.openapi.boards import BOARDS
from config_api.openapi.eventing import EVENTING
from config_api.openapi.explorations import EXPLORATIONS
from config_api.openapi.moves import MOVES
from config_api.openapi.operation import Operation
from config_api.openapi.quick_tests import TESTS
from config_api.schemas import configs, datasets, queries
from config_api.schemas.predicting import PredictionSchema
from config_api.schemas.reruns import DriftSchema, RerunPlanSchema
from config_api.upload_kinds import ENDINGS

_DATASET = "/api/datasets/<id:dataset_id>/"
_CONFIG = "/api/feature-configs/<id:config_id>/"

DATASETS: Mapping[str, Operation] = {
    "GET /api/datasets/": Operation(
        "Datasets, newest change first", {200: dataset_answers.DatasetPage}, query=queries.PageSchema
    ),
    "POST /api/datasets/": Operation(
        "Register a file: copied, profiled, its roles guessed; 202 for a large one, while that goes on",
        {201: dataset_answers.DatasetAnswer, 202: dataset_answers.RegistrationAnswer},
        body=datasets.NewDatasetSchema,
        example=examples.NEW_DATASET,
        etag=True,
    ),
    "GET /api/registrations/<id:registration_id>/": Operation(
        "How far the registration of a large dataset is", {200: dataset_answers.RegistrationAnswer}
    ),
    f"GET {_DATASET}": Operation("One dataset", {200: dataset_answers.DatasetAnswer}, etag=True),
    f"GET {_DATASET}columns/": Operation(
        "Columns with statistics, roles and leak probe", {200: dataset_answers.ColumnPage}
    ),
    f"GET {_DATASET}column-mapping/": Operation(
        "What each column is; guesses carry a reason", {200: examples.MAPPING_ANSWER}, etag=True
    ),
    f"PUT {_DATASET}column-mapping/": Operation(
        "Say what each column is",
        {200: examples.MAPPING_ANSWER},
        body=examples.MAPPING_SCHEMA,
        example=examples.MAPPING,
        if_match=True,
        etag=True,
    ),
    f"GET {_DATASET}rows/": Operation("Sample rows", {200: dataset_answers.RowPage}, query=queries.RowsSchema),
    f"GET {_DATASET}smart-defaults/": Operation(
        "The four lists that fit this dataset, with reasons",
        {200: dataset_answers.SmartDefaultsAnswer},
        query=queries.OutcomesSchema,
    ),
    f"POST {_DATASET}preview/": Operation(
        "What four lists would give; stores nothing",
        {200: config_answers.PreviewAnswer},
        body=configs.PreviewSchema,
        query=queries.PurchaseSchema,
        example=examples.LISTS,
    ),
    "GET /api/transforms/": Operation(
        "Transforms and their parameters, for forms", {200: config_answers.FeatureTypePage}
    ),
}

CONFIGS: Mapping[str, Operation] = {
    f"GET {_DATASET}feature-configs/": Operation(
        "Configs with what a list shows of them", {200: config_answers.ConfigPage}, query=queries.ConfigListSchema
    ),
    f"POST {_DATASET}feature-configs/": Operation(
        "Make a config from lists or from a beginning",
        {201: config_answers.ConfigAnswer},
        body=configs.NewConfigSchema,
        example=examples.NEW_CONFIG,
        etag=True,
    ),
    f"GET {_CONFIG}": Operation("One config", {200: config_answers.ConfigAnswer}, etag=True),
    f"PUT {_CONFIG}": Operation(
        "Change name, description or lists; a change of lists is a new version",
        {200: config_answers.ConfigAnswer},
        body=configs.ConfigChangeSchema,
        example=examples.CONFIG_CHANGE,
        if_match=True,
        etag=True,
    ),
    f"DELETE {_CONFIG}": Operation("Delete a draft without quick tests", {204: None}, if_match=True),
    f"POST {_CONFIG}clone/": Operation(
        "A new draft that computes the same",
        {201: config_answers.ConfigAnswer},
        body=configs.CloneSchema,
        example=examples.CLONE,
        may_be_empty=True,
        etag=True,
    ),
    f"GET {_CONFIG}versions/": Operation(
        "Versions, newest first", {200: config_answers.VersionPage}, query=queries.PageSchema
    ),
    f"GET {_CONFIG}versions/<count:number>/": Operation("One immutable version", {200: config_answers.VersionAnswer}),
    f"GET {_CONFIG}versions/<count:number>/code/": Operation("The generated files", {200: config_answers.CodeAnswer}),
    f"GET {_CONFIG}versions/<count:number>/bundle/": Operation(
        "All that is needed to check and to train a version anywhere, as a zip",
        {200: {"type": "string", "format": "binary"}, 304: None},
        may_conflict=True,
        etag=True,
        content="application/zip",
    ),
}

EXPERIMENTS: Mapping[str, Operation] = {
    f"GET {_DATASET}prediction-report/": Operation(
        "How well quick tests predict the order of configs on the full data",
        {200: PredictionAnswer},
        query=PredictionSchema,
        may_conflict=True,
    ),
    f"GET {_CONFIG}rerun-plan/": Operation("When this config is tested again", {200: RerunPlanAnswer}, etag=True),
    f"PUT {_CONFIG}rerun-plan/": Operation(
        "Test this config again daily, weekly, or whenever its dataset has changed",
        {200: RerunPlanAnswer},
        body=RerunPlanSchema,
        example={"when": "weekly"},
        if_match=True,
        etag=True,
    ),
    f"GET {_CONFIG}drift/": Operation(
        "Recall over the tests of one version, and whether it has left its interval",
        {200: DriftAnswer},
        query=DriftSchema,
    ),
}

HEALTH: Mapping[str, Operation] = {
    "GET /healthz": Operation("Alive", {200: Health}),
    "GET /readyz": Operation("Ready to serve", {200: Readiness, 503: Readiness}),
}

UPLOADS: Mapping[str, Operation] = {
    "POST /api/uploads/": Operation(
        "Bring a file, then register its uri as a dataset's source",
        {201: UploadAnswer},
        body={"type": "string", "format": "binary"},
        body_contents=tuple(ENDINGS),
        located=False,
        keyed=False,
    ),
}

_PAGE = {"type": "string"}
DOCUMENTATION: Mapping[str, Operation] = {
    "GET /api/openapi.json": Operation("This document", {200: {"type": "object"}}),
    "GET /api/docs/": Operation("The page to browse it", {200: _PAGE}, content="text/html"),
    "GET /api/docs/<string:name>": Operation("A file of that page", {200: _PAGE}, content="text/*"),
}

OPERATIONS: Mapping[str, Operation] = {
    **DATASETS,
    **CONFIGS,
    **MOVES,
    **TESTS,
    **EXPERIMENTS,
    **BOARDS,
    **EVENTING,
    **EXPLORATIONS,
    **HEALTH,
    **UPLOADS,
    **DOCUMENTATION,
}
