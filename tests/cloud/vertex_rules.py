"""What PipelineService refuses: the checks that the real one makes before a job is on record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.cloud.aiplatform_v1.types import PipelineJob
from google.protobuf import json_format

JOB_ID = re.compile(r"[a-z][-a-z0-9]{0,127}")
LABEL_KEY, LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")
ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
IMAGE = re.compile(r"[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})")
FORMS = {"STRING": "stringValue", "INT": "intValue", "DOUBLE": "doubleValue"}


class Refused(Exception):
    """The request as it stands cannot be carried out; the answer's status and message."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def checked(job_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The job as JSON values by the API's own types. Raises Refused."""
    try:
        message = json_format.ParseDict(dict(body), PipelineJob.pb(PipelineJob()))
    except json_format.ParseError as error:
        raise Refused(400, f"Invalid JSON payload received. {error}") from error
    job: dict[str, Any] = json_format.MessageToDict(message)
    faults = [*_faults_of_id(job_id), *_faults(job)]
    if faults:
        raise Refused(400, "; ".join(faults))
    return job


def _faults_of_id(job_id: str) -> Iterator[str]:
    if not JOB_ID.fullmatch(job_id):
        yield f"Invalid pipeline_job_id {job_id!r}, must match {JOB_ID.pattern}"


def _faults(job: Mapping[str, Any]) -> Iterator[str]:
    config = job.get("runtimeConfig", {})
    if not re.match(r"gs://[a-z0-9]", config.get("gcsOutputDirectory", "")):
        yield "runtime_config.gcs_output_directory must be a Cloud Storage path"
    if not ACCOUNT.fullmatch(job.get("serviceAccount", "")):
        yield f"service_account {job.get('serviceAccount', '')!r} is no service account"
    for key, value in job.get("labels", {}).items():
        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(value):
            yield f"label {key!r}: {value!r} breaks the rules for labels"
    spec = job.get("pipelineSpec", {})
    try:
        yield from _faults_of_containers(spec)
        yield from _faults_of_parameters(spec, config)
    except (KeyError, TypeError) as error:
        yield f"pipeline_spec is no pipeline: {error!r}"


def _faults_of_containers(spec: Mapping[str, Any]) -> Iterator[str]:
    for name, executor in spec["deploymentSpec"]["executors"].items():
        if not IMAGE.fullmatch(executor["container"]["image"]):
            yield f"executor {name}: {executor['container']['image']!r} is no image with a tag or digest"
    for name, task in spec["root"]["dag"]["tasks"].items():
        if spec["components"][task["componentRef"]["name"]]["executorLabel"] not in spec["deploymentSpec"]["executors"]:
            yield f"task {name} has no executor"


def _faults_of_parameters(spec: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    if spec["schemaVersion"] == "2.0.0" and config.get("parameterValues"):
        yield "runtime_config.parameter_values is for schema_version 2.1.0"
    given = config.get("parameters", {})
    asked = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name in sorted(asked.keys() - given.keys()):
        yield f"parameter {name} has no value and no default"
    for name in sorted(given.keys() - asked.keys()):
        yield f"parameter {name} is not found in the pipeline's input definitions"
    for name in sorted(given.keys() & asked.keys()):
        if set(given[name]) != {FORMS[asked[name]["type"]]}:
            yield f"parameter {name} must be a {asked[name]['type']}"
