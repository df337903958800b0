"""The images: pinned, not as root, with what each service imports and no more, run as the stack runs its programs."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployment.images import FOLDER, image
from deployment.services import DEPLOYMENTS, Deployment
from local_stack.layout import Layout
from local_stack.programs import APPS, MLFLOW_SETTINGS, embedded

from tests.images import SERVICES_ENVIRONMENT, laid_out
from tests.stacks import REPOSITORY
from tests.terraform import ROOT, Module

DOCKERFILES = ("services.Dockerfile", "pipeline.Dockerfile", "tracking.Dockerfile")
OTHERS = ("tensorflow", "tfx", "apache_beam", "pandas", "mlflow", "pytest", "local_stack", "deployment", "pipeline")
PACKAGES = {deployment.package for deployment in DEPLOYMENTS}
LOCAL = {program.name: program.command for program in embedded(Layout(Path("/state"), 8080)).programs}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_is_pinned_and_runs_as_nobody_in_particular(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert set(re.findall(r"^FROM (\S+@\S+)", text, re.MULTILINE)) == {"python:${PYTHON}@${PYTHON_DIGEST}"}
    assert re.search(r"^ARG PYTHON=3\.11\.\d+-slim-\w+$", text, re.MULTILINE)
    assert re.search(r"^ARG PYTHON_DIGEST$", text, re.MULTILINE), "a digest with a default is never looked at again"
    assert "--require-hashes" in text
    assert "--no-deps" in text
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image(name, {"SERVICE": "codegen"}).user)


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_is_copied_exists_and_enters_the_build(name: str) -> None:
    sources = re.findall(r"^COPY (?!--from)(\S+) ", (FOLDER / name).read_text("utf-8"), re.MULTILINE)
    assert sources
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    let_in = [line[1:] for line in (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"]
    assert [source for source in sources if not any(is_below(source, pattern) for pattern in let_in)] == []


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one.name)
def test_an_image_has_all_that_its_service_imports_and_no_other_service(deployment: Deployment, tmp_path: Path) -> None:
    if not SERVICES_ENVIRONMENT.exists():
        pytest.skip(f"{SERVICES_ENVIRONMENT} is missing: `make setup` installs it")
    service = laid_out(deployment, tmp_path / "app")
    module, _, call = deployment.app.partition(":")
    code = f"""
import importlib, importlib.util, json, sys
app = importlib.import_module({module!r}).{call}
others = {(*OTHERS, *sorted(PACKAGES - {deployment.package}))!r}
print(json.dumps({{
    "found": [name for name in others if importlib.util.find_spec(name)],
    "loaded": [name for name in sys.modules if name.startswith(("google.cloud", "google.pubsub", "grpc", "duckdb"))],
    "from": [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)],
}}))"""
    answer = subprocess.run(
        [*service.python, "-c", code], env=service.environment(), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    seen: dict[str, list[str]] = json.loads(answer.stdout.splitlines()[-1])
    assert seen["found"] == []
    assert seen["loaded"] == []
    assert not [path for path in seen["from"] if str(REPOSITORY / "shared") in path]


def test_gunicorn_runs_as_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP", "codegen.app:create()")
    monkeypatch.setenv("PORT", "8080")
    settings = runpy.run_path(str(FOLDER / "gunicorn.conf.py"))
    there = options(LOCAL["codegen"])
    here = {f"--{name.replace('_', '-')}": str(value) for name, value in settings.items()}
    assert {"--log-level": here["--loglevel"], **{name: here[name] for name in there.keys() & here.keys()}} | {
        "--bind": there["--bind"]
    } == there
    assert settings["bind"] == "0.0.0.0:8080"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one.name)
def test_an_image_runs_the_app_that_the_stack_runs(deployment: Deployment) -> None:
    here = image("services.Dockerfile", {"SERVICE": deployment.service})
    assert here.environment["APP"] == APPS[deployment.service]
    assert here.command == ("gunicorn", "--config", "/app/gunicorn.conf.py")
    assert here.healthcheck


def test_mlflow_runs_as_on_one_machine() -> None:
    here = image("tracking.Dockerfile", {})
    assert MLFLOW_SETTINGS.items() <= here.environment.items()
    there, ours = options(LOCAL["mlflow"]), options(here.command)
    assert here.command[:2] == ("mlflow", "server")
    assert ours == {**{name: there[name] for name in ours}, "--host": "0.0.0.0", "--port": "8080"}
    told = Module(ROOT).declared("module")["tracking"]
    assert {"MLFLOW_ARTIFACTS_DESTINATION"} <= set(told["environment"])
    assert {"MLFLOW_BACKEND_STORE_URI"} <= set(told["secrets"])


def test_the_pipeline_image_has_what_the_compiled_job_runs() -> None:
    template = REPOSITORY / "services/quicktest-orchestrator/pipeline/quick_test.json"
    containers = [one["container"] for one in executors(json.loads(template.read_text("utf-8"))) if "container" in one]
    here = image("pipeline.Dockerfile", {})
    assert here.command == ()
    assert {tuple(one["command"][:2]) for one in containers} == {("python", "-m")}
    classes = [one["args"][one["args"].index("--executor_class_path") + 1] for one in containers]
    ours = [name.rpartition(".")[0] for name in classes if name.startswith("pipeline.")]
    assert ours
    copied = {target: source for source, target in here.copies}
    assert [
        name for name in ours if not (REPOSITORY / f"{copied['pipeline']}/{name.partition('.')[2]}.py").exists()
    ] == []


def test_every_image_is_built_and_asked_for() -> None:
    build = yaml.safe_load((FOLDER / "cloudbuild.yaml").read_text("utf-8"))
    built = {step["id"] for step in build["steps"]}
    assert built == {deployment.service for deployment in DEPLOYMENTS} | {"pipeline", "tracking"}
    assert {name.rpartition("/")[2].partition(":")[0] for name in build["images"]} == built
    asked = Module(ROOT).referred(r"for name in \[([^\]]+)\] :")
    assert {name for group in asked for name in re.findall(r'"([^"]+)"', group)} >= built


def options(command: tuple[str, ...]) -> dict[str, str]:
    return {word: command[place + 1] for place, word in enumerate(command) if word.startswith("--")}


def executors(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job["pipelineSpec"]["deploymentSpec"]["executors"].values())


def is_below(source: str, pattern: str) -> bool:
    wanted = pattern.replace("*", "[^/]*")
    return re.match(rf"{wanted}(/|$)", source) is not None
