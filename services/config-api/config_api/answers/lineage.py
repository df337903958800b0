"""The answer that says where a test's figures come from."""

from __future__ import annotations

from config_api.answers.datasets import SourceAnswer
from config_api.answers.parts import Answered, choice, flag, mapped, moment, one, several, text, whole
from config_api.answers.quick_tests import STATUSES, StageAnswer


class LineageTest(Answered):
    id = text()
    status = choice(STATUSES)
    settings = mapped()
    roles = mapped()
    rerun = flag()
    requested_by = text()
    correlation_id = text()
    created_at = moment()
    started_at = moment(null=True)
    completed_at = moment(null=True)


class LineageDataset(Answered):
    id = text()
    name = text(null=True)
    source = one(SourceAnswer, null=True)


class LineageSnapshot(Answered):
    id = text(description="SHA-256 of the content")
    newest = flag()
    number = whole(null=True, minimum=1)
    uri = text(null=True)
    rows = whole(null=True, minimum=0)
    taken_at = moment(null=True)


class LineageConfig(Answered):
    id = text()
    number = whole(null=True, minimum=1)
    name = text(null=True)
    version = whole(minimum=1)
    config_hash = text()
    created_at = moment(null=True)
    created_by = text(null=True)


class UsedFile(Answered):
    name = text(example="preprocessing.py")
    sha256 = text()
    current = flag()


class LineageCode(Answered):
    recorded = flag()
    generator = text(null=True)
    files = several(UsedFile)


class LineageJob(Answered):
    id = text()
    stages = several(StageAnswer)


class LineageRun(Answered):
    run_id = text()
    url = text()


class StoredFile(Answered):
    name = text(example="ranks")
    uri = text()
    there = flag()


class LineageAnswer(Answered):
    test = one(LineageTest)
    figures = mapped(null=True)
    dataset = one(LineageDataset)
    snapshot = one(LineageSnapshot)
    feature_config = one(LineageConfig)
    code = one(LineageCode)
    job = one(LineageJob, null=True)
    mlflow = one(LineageRun, null=True)
    protocol = mapped(null=True)
    files = several(StoredFile)
