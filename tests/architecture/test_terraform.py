"""The Terraform configuration: formatted, whole, every reference meets what it refers to, variables refuse nonsense."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stacks import REPOSITORY
from tests.terraform import ROOT, Module, modules

MODULES = {module.folder.name: module for module in modules()}
ROOT_MODULE = MODULES["terraform"]
DIGEST = "a" * 64
IMAGES = ("config-api", "codegen", "quicktest-orchestrator", "metrics-collector", "pipeline", "tracking")
GOOD = {
    "project": '"made-up-project"',
    "region": '"moon-north1"',
    "images": "{ " + ", ".join(f'{name} = "registry/{name}@sha256:{DIGEST}"' for name in IMAGES) + " }",
    "people": '["group:a@example.org"]',
    "roles": '{ "ann@example.org" = "admin", "*@example.org" = { "d1" = "viewer" } }',
}
BAD = [
    ("project", '"Shop"'),
    ("region", '"EU"'),
    ("images", f'{{ codegen = "registry/codegen@sha256:{DIGEST}" }}'),
    ("images", GOOD["images"].replace(f"@sha256:{DIGEST}", ":latest")),
    ("people", '["allUsers"]'),
    ("people", "[]"),
    ("roles", '{ "ann@example.org" = "viewer" }'),
    ("source_datasets", '["sales"]'),
    ("pipeline_outputs_days", "20"),
    ("upload_megabytes", "2000"),
    ("full_training", '"elsewhere"'),
]


def terraform(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed; the configuration is read with python-hcl2 alone")
    command = ["terraform", f"-chdir={folder}", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def test_the_configuration_is_formatted() -> None:
    answer = terraform(ROOT, "fmt", "-check", "-recursive", ".")
    assert answer.returncode == 0, answer.stdout


def test_the_configuration_is_valid_for_the_providers(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "deploy" / "derived", tmp_path / "derived")
    folder = Path(shutil.copytree(ROOT, tmp_path / "terraform"))
    if terraform(folder, "init", "-backend=false", "-input=false").returncode != 0:
        pytest.skip("the providers cannot be had here: `terraform init` does not reach a registry")
    answer = terraform(folder, "validate")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", MODULES)
def test_every_file_can_be_read_and_says_what_it_is_for(name: str) -> None:
    module = MODULES[name]
    assert all(document for document in module.parsed)
    assert any(path.read_text("utf-8").startswith("#") for path in module.files), "no line says what this part is"


@pytest.mark.parametrize("name", MODULES)
def test_what_is_used_is_declared_and_what_is_declared_is_used(name: str) -> None:
    module = MODULES[name]
    assert module.referred(r"\bvar\.(\w+)") == set(module.declared("variable"))
    assert module.referred(r"\blocal\.(\w+)") == set(module.locals)
    used = module.referred(r"(?<![\w\"])((?:data\.|ephemeral\.)?(?:google|random)_\w+\.\w+)")
    assert used <= module.resources


@pytest.mark.parametrize("name", ROOT_MODULE.declared("module"))
def test_a_module_is_given_what_it_asks_for(name: str) -> None:
    call = ROOT_MODULE.declared("module")[name]
    variables = called(name).declared("variable")
    given = {key for key in call if not key.startswith("__")} - {"source", "for_each", "depends_on", "providers"}
    needed = {variable for variable, body in variables.items() if "default" not in body}
    assert needed <= given <= set(variables)


def test_every_output_of_a_module_exists_and_is_used() -> None:
    used = ROOT_MODULE.referred(r"\bmodule\.(\w+)\.(\w+)")
    there = {(name, output) for name in ROOT_MODULE.declared("module") for output in called(name).declared("output")}
    assert used == there
    assert {call["source"].strip('"') for call in ROOT_MODULE.declared("module").values()} == {
        f"./modules/{folder}" for folder in MODULES if folder != "terraform"
    }


def test_providers_are_pinned() -> None:
    versions = ROOT_MODULE.referred(r'version = "([^"]+)"')
    assert len(versions) >= 2
    assert all(version.startswith("~> ") for version in versions)


def test_variables_take_what_is_right(tmp_path: Path) -> None:
    assert planned(tmp_path, GOOD).returncode == 0


@pytest.mark.parametrize(("name", "value"), BAD)
def test_variables_refuse_what_cannot_work(tmp_path: Path, name: str, value: str) -> None:
    answer = planned(tmp_path, GOOD | {name: value})
    assert answer.returncode != 0
    assert f"var.{name}" in answer.stderr


def called(name: str) -> Module:
    return MODULES[ROOT_MODULE.declared("module")[name]["source"].strip('"').rpartition("/")[2]]


def planned(folder: Path, values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A plan of the variables alone: without resources it needs no provider."""
    shutil.copy(ROOT / "variables.tf", folder)
    uses = ", ".join(f"var.{name}" for name in ROOT_MODULE.declared("variable"))
    (folder / "uses.tf").write_text(f'output "all" {{\n  value = [{uses}]\n}}\n')
    (folder / "given.tfvars").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    assert terraform(folder, "init", "-input=false").returncode == 0
    return terraform(folder, "plan", "-input=false", "-no-color", "-var-file=given.tfvars")
