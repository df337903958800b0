"""Code and deployment say the same: topics, routes, ticks, settings, log lines; neither names an installation."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from deployment.__main__ import DERIVED, FOLDER, text, written
from deployment.images import image
from deployment.openapi import FILE, openapi
from deployment.services import DEPLOYMENTS, Deployment
from deployment.settings import BY_FIELD, Recording, made_up
from flask import Flask
from towerlab.events.catalog import CATALOG
from towerlab.runtime.settings import Settings, settings_from
from towerlab.runtime.wiring import Deps

from tests.stacks import REPOSITORY
from tests.terraform import ROOT, Module
from tests.web import dimensions

BY_NAME = {deployment.name: deployment for deployment in DEPLOYMENTS}
TERRAFORM = Module(ROOT)
INTERNAL = ("/events/", "/tasks/", "/dead-letters/")
REGION = re.compile(r"\b(?:us|europe|asia|northamerica|southamerica|australia|me|africa)-[a-z]+\d+\b")
PROJECT = re.compile(
    r"projects/[a-z][a-z0-9-]{5,}/|gs://[a-z0-9][a-z0-9-]{5,}-[a-z0-9-]+|@[a-z0-9-]+\.iam\.gserviceaccount\.com"
)


def derived(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def app(deployment: Deployment) -> Flask:
    module, _, call = deployment.app.partition(":")
    create = getattr(importlib.import_module(module), call.removesuffix("()"))
    made: Flask = create(Deps(settings_from(made_up()), deployment.service))
    return made


def posts(deployment: Deployment) -> set[str]:
    return {rule.rule for rule in app(deployment).url_map.iter_rules() if "POST" in (rule.methods or ())}


@pytest.mark.parametrize("name", DERIVED)
def test_what_terraform_reads_is_up_to_date(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text("utf-8") == written(name), "run `make derived`"


def test_the_pages_copy_of_the_openapi_document_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == text(openapi()), "run `make derived`"


def test_the_dimensions_that_the_page_is_held_against_are_up_to_date() -> None:
    assert dimensions.FILE.read_text("utf-8") == dimensions.text(), "run `make derived`"


def test_every_derived_file_is_read_by_terraform() -> None:
    assert TERRAFORM.referred(r"derived/(\w+)\.json") == set(DERIVED)


def test_every_subscription_pushes_to_a_route_that_exists() -> None:
    events = derived("events")
    for pushed in (*events["subscriptions"].values(), events["dead_letters"]):
        assert pushed["path"] in posts(BY_NAME[pushed["service"]])


def test_every_consumer_of_an_event_has_a_subscription_and_nobody_else() -> None:
    found = {(pushed["service"], pushed["topic"]) for pushed in derived("events")["subscriptions"].values()}
    assert found == {(consumer, event.name) for event in CATALOG.values() for consumer in event.reacting}
    assert set(derived("events")["topics"]) == set(CATALOG)


def test_every_tick_asks_a_route_that_exists() -> None:
    for tick in derived("schedule").values():
        assert tick["path"] in posts(BY_NAME[tick["service"]])


def test_every_task_of_a_service_is_on_the_schedule() -> None:
    tasks = {(one.name, path) for one in DEPLOYMENTS for path in posts(one) if path.startswith("/tasks/")}
    assert tasks == {(tick["service"], tick["path"]) for tick in derived("schedule").values()}


def test_what_people_reach_has_no_internal_endpoint() -> None:
    for deployment in DEPLOYMENTS:
        paths = {rule.rule for rule in app(deployment).url_map.iter_rules()}
        assert bool([path for path in paths if path.startswith(INTERNAL)]) is not deployment.public
        assert "/healthz" in paths


def test_terraform_sets_every_setting_that_is_read_and_no_other() -> None:
    known = derived("settings")
    read = set(known["required"]).union(*known["optional"].values())
    in_terraform = set(TERRAFORM.locals["settings"]) | {"TOWERLAB_ALLOWED_HOSTS"}
    in_images = {name for one in DEPLOYMENTS for name in towerlab_settings(one)}
    assert in_terraform | in_images == read
    assert not in_terraform & in_images
    assert "TOWERLAB_ALLOWED_HOSTS" in str(TERRAFORM.locals["environments"])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one.name)
def test_an_image_sets_what_terraform_leaves_to_it(deployment: Deployment) -> None:
    elsewhere = set(TERRAFORM.locals["settings"]) | {"TOWERLAB_ALLOWED_HOSTS"}
    assert set(derived("settings")["optional"][deployment.name]) - elsewhere <= set(towerlab_settings(deployment))


def test_every_field_of_the_settings_has_its_variable() -> None:
    assert {field.name for field in fields(Settings)} - {"place"} == set(BY_FIELD)
    everything = Recording(made_up())
    settings_from(everything)
    assert set(BY_FIELD.values()) <= everything.asked


def test_alerts_look_for_lines_that_the_services_log() -> None:
    watched = set(re.findall(r"jsonPayload\.event=\(?((?:'[^']+'(?: OR )?)+)", Module(ROOT / "modules" / "watch").text))
    names = {name for group in watched for name in re.findall(r"'([^']+)'", group)}
    assert names
    assert names <= set(logged())


@pytest.mark.parametrize("pattern", [REGION, PROJECT], ids=["region", "project"])
def test_no_installation_is_named_in_code_or_deployment(pattern: re.Pattern[str]) -> None:
    folders = [REPOSITORY / name for name in ("deploy", "shared", "services")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in TEXT and is_ours(path)]
    assert len(files) > 100
    found = {str(path): pattern.findall(path.read_text("utf-8")) for path in files}
    assert not {path: names for path, names in found.items() if names}


TEXT = frozenset({".py", ".tf", ".tfvars", ".json", ".yaml", ".md", ".Dockerfile"})


def is_ours(path: Path) -> bool:
    return not {"__pycache__", "node_modules", ".terraform"} & set(path.parts)


def towerlab_settings(deployment: Deployment) -> list[str]:
    environment = image("services.Dockerfile", {"SERVICE": deployment.service}).environment
    return [name for name in environment if name.startswith("TOWERLAB_")]


def logged() -> Iterator[str]:
    """The first argument of every log call in the services and what they share."""
    for folder in ("shared", "services"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name("_log")), args=[ast.Constant(str(text)), *_]):
                        yield text
