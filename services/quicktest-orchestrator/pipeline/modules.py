"""Generated modules on their way into a task: only what was recorded, and only what the allow-list lets pass."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from types import ModuleType

import fsspec

from pipeline import worker_package

HASH_MARK = "#sha256="


class RefusedModule(Exception):
    """The module must not be imported; the message says why."""


def read_checked(parameter: str, verify: Callable[[str], None]) -> bytes:
    """The source of '<uri>#sha256=<hex>'. Raises RefusedModule when the hash differs, and whatever `verify` raises."""
    uri, mark, recorded = parameter.rpartition(HASH_MARK)
    if not mark:
        raise RefusedModule(f"the module parameter carries no hash: {parameter!r}")
    with fsspec.open(uri, "rb") as file:
        source: bytes = file.read()
    if hashlib.sha256(source).hexdigest() != recorded:
        raise RefusedModule(f"module does not match its recorded hash: {uri}")
    verify(source.decode("utf-8"))
    return source


def unpack(source: bytes, name: str) -> str:
    """The path of a file with `source` in a new folder."""
    path = os.path.join(tempfile.mkdtemp(prefix="module-"), f"{name}.py")
    with open(path, "wb") as file:
        file.write(source)
    return path


def load(source: bytes, name: str) -> ModuleType:
    """The module, imported under a name of its own."""
    full_name = worker_package.module_name(source, name)
    spec = importlib.util.spec_from_file_location(full_name, unpack(source, name))
    if spec is None or spec.loader is None:
        raise RefusedModule(f"{name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    spec.loader.exec_module(module)
    return module
