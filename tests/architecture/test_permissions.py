"""Each service's account may do what its code calls, and no more; every grant is bound to something and explained."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

import pytest
from deployment.__main__ import FOLDER
from deployment.permissions import NEEDS
from deployment.reading import PORTS, WIRING, asked, imports, source
from deployment.services import DEPLOYMENTS

from tests.stacks import REPOSITORY
from tests.terraform import ROOT, Module

PERMISSIONS = json.loads((FOLDER / "permissions.json").read_text("utf-8"))
ACCESS = Module(ROOT / "modules" / "access")
CLIENTS = {
    "google.cloud.firestore": "google.cloud.firestore",
    "google.pubsub": "google.cloud.pubsub",
    "google.cloud.pubsub": "google.cloud.pubsub",
    "google.cloud.storage": "google.cloud.storage",
    "gcsfs": "google.cloud.storage",
    "google.cloud.bigquery": "google.cloud.bigquery",
    "google.cloud.aiplatform": "google.cloud.aiplatform",
}  # what is imported -> the API that it calls
METHODS = {
    node.name: node
    for node in ast.walk(source(f"{WIRING}_google"))
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("__")
}


def test_every_port_has_its_needs() -> None:
    assert set(NEEDS) == PORTS


@pytest.mark.parametrize("port", sorted(PORTS & METHODS.keys()))
def test_the_adapter_behind_a_port_calls_the_apis_that_its_roles_are_for(port: str) -> None:
    adapters = set(wired(port))
    if not adapters:
        pytest.skip(f"no adapter stands behind {port} on Google Cloud yet")
    assert {api for adapter in adapters for api in apis(adapter)} == NEEDS[port].apis


def test_codegen_has_no_role_in_bigquery_and_nobody_but_the_orchestrator_runs_jobs_as_another_account() -> None:
    assert not [role for role, _ in grants("codegen") if "bigquery" in role]
    acting = {name for name in PERMISSIONS if "pipeline_account" in dict(map(reversed, grants(name)))}
    assert acting - {"pipeline"} == {"quicktest-orchestrator"}  # the pipeline has workers run as itself


def test_no_account_owns_or_edits_the_project() -> None:
    roles = {role for name in PERMISSIONS for role, _ in grants(name)}
    assert not [role for role in roles if role in ("roles/owner", "roles/editor") or role.endswith((".admin", "Admin"))]


def test_every_grant_is_bound_to_what_it_is_on() -> None:
    targets = {on for name in PERMISSIONS for _, on in grants(name)}
    buckets = Module(ROOT).declared("module")["access"]["buckets"]
    bound = ACCESS.referred(r'grant\.on == "(\w+)"') | set(buckets) | {"tracking"}
    assert targets <= bound
    assert 'contains(entry.grants[*].on, "tracking")' in Module(ROOT).text


def test_custom_roles_are_those_that_are_granted() -> None:
    granted = {role.removeprefix("custom/") for name in PERMISSIONS for role, _ in grants(name) if "custom/" in role}
    assert granted == {name for name in ACCESS.locals["custom_roles"] if not name.startswith("__")}


def test_only_what_is_asked_for_is_granted() -> None:
    for deployment in DEPLOYMENTS:
        possible = [grant for port in PORTS & asked(deployment) for grant in NEEDS[port].grants]
        more = [grant for needs in NEEDS.values() for grants in needs.methods.values() for grant in grants]
        allowed = {(grant.role, grant.on) for grant in (*possible, *more)} | {("roles/pubsub.publisher", "topics")}
        assert set(grants(deployment.name)) <= allowed


def test_the_page_about_the_cloud_has_a_row_for_every_grant() -> None:
    page = (REPOSITORY / "docs" / "cloud.md").read_text("utf-8")
    missing = [
        row
        for name, entry in PERMISSIONS.items()
        for grant in entry["grants"]
        if (row := f"| {name} | `{grant['role']}` | {grant['on']} | {grant['why']} |") not in page
    ]
    assert not missing


def grants(account: str) -> list[tuple[str, str]]:
    return [(grant["role"], grant["on"]) for grant in PERMISSIONS[account]["grants"]]


def wired(name: str) -> Iterator[str]:
    """The adapters that a method of the wiring imports, itself or by the wiring's other methods."""
    for node in ast.walk(METHODS[name]):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("towerlab.adapters."):
                yield module
            case ast.Attribute(ast.Name("self"), attr) if attr in METHODS:
                yield from wired(attr)


def apis(module: str, seen: frozenset[str] = frozenset()) -> set[str]:
    found = {api for name in imports(module) for client, api in CLIENTS.items() if name.startswith(client)}
    for name in imports(module):
        if name.startswith("towerlab.adapters.") and name not in seen and is_module(name):
            found |= apis(name, seen | {module})
    return found


def is_module(name: str) -> bool:
    return (REPOSITORY / "shared" / f"{name.replace('.', '/')}.py").exists()
