"""The record of what was generated for a config version, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CodeFile:
    """One generated file; `sha256` in hex, of the very bytes at `uri`."""

    uri: str
    sha256: str


@dataclass(frozen=True)
class CodeRecord:
    """Files by name: preprocessing.py, trainer.py, config.json, README.md. `error` says why when status is failed.
    `generator` is what wrote them (generator.py): the pipeline refuses a trainer that another release made."""

    config_id: str
    version: int
    config_hash: str
    status: str  # generated | failed
    files: Mapping[str, CodeFile] = field(default_factory=dict)
    error: str = ""
    generator: str = ""
    schema: int = 1
