"""What the services' source text says: which modules a deployment runs, and which ports they ask for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grimp

from deployment.services import PACKAGES, Deployment

PORTS = frozenset({"documents", "bus", "artifacts", "warehouse", "uploads", "pipelines", "tracking", "identity"})
WIRING = "towerlab.runtime.wiring"  # names every port, for all services


def asked(deployment: Deployment) -> frozenset[str]:
    """The ports that the deployment's modules take from their `deps`: 'pipelines', and 'pipelines.submit' for a method
    that they call there; 'pipelines.*' where the port is handed on."""
    return frozenset(name for module in modules(deployment) for name in _asked_for(module))


def modules(deployment: Deployment) -> frozenset[str]:
    """Every module of ours that the deployment's parts may import, lazily or not."""
    graph = _graph()
    parts = {name for name in graph.modules if any(_is_within(name, part) for part in deployment.parts)}
    missing = [part for part in deployment.parts if part not in graph.modules]
    if missing:
        raise ValueError(f"{deployment.name} has parts that do not exist: {missing}")
    seen, waiting = set(parts), list(parts)
    while waiting:
        new = {name for name in graph.find_modules_directly_imported_by(waiting.pop()) if not _is_other(name)} - seen
        seen |= new
        waiting.extend(new)
    return frozenset(seen)


def source(module: str) -> ast.Module:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} has no source text")
    return ast.parse(Path(spec.origin).read_text("utf-8"))


def imports(module: str) -> frozenset[str]:
    """What the module imports by absolute name, at run time: 'package.module', and 'package.module.name' of a from."""
    return frozenset(name for node in _at_run_time(source(module)) for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield module
            yield from (f"{module}.{alias.name}" for alias in names)


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _at_run_time(node)


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)


@cache
def _asked_for(module: str) -> frozenset[str]:
    attributes = [node for node in ast.walk(source(module)) if isinstance(node, ast.Attribute)]
    called = {id(node.value): node.attr for node in attributes}
    taken = [node for node in attributes if node.attr in PORTS and _is_deps(node.value)]
    return frozenset(name for node in taken for name in (node.attr, f"{node.attr}.{called.get(id(node), '*')}"))


def _is_deps(node: ast.expr) -> bool:
    """Deps are called so wherever they are: deps.bus, deps().bus, self._deps.bus."""
    match node:
        case ast.Call(func):
            return _is_deps(func)
        case ast.Name(name) | ast.Attribute(attr=name):
            return name in ("deps", "_deps")
    return False


def _is_within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def _is_other(module: str) -> bool:
    return module.startswith(WIRING)
