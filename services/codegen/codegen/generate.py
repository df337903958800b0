"""Generate, verify and keep the code of one config version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.errors import Invalid
from towerlab.emit.generator import generator
from towerlab.emit.package import generate
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.emit.verify import UnsafeModule
from towerlab.ports.artifacts import Artifacts

from codegen.formatting import ruff_format

GENERATED, FAILED = "generated", "failed"


def code_of(artifacts: Artifacts, config: FeatureConfig, version: ConfigVersion) -> CodeRecord:
    """The record of the version's code, its files stored; or of why there is none. Raises Transient."""
    try:
        files = _generated(config, version)
    except (Invalid, UnsafeModule) as error:
        return _record(version, FAILED, error=_in_plain_words(error))
    kept = {name: _keep(artifacts, version.config_hash, name, content) for name, content in files.items()}
    return _record(version, GENERATED, kept)


def _generated(config: FeatureConfig, version: ConfigVersion) -> Mapping[str, bytes]:
    resolved = resolve(version.lists, version.columns)
    # verified in there
    return generate(resolved, config.name, version.version, version.config_hash, ruff_format)


def _keep(artifacts: Artifacts, config_hash: str, name: str, content: bytes) -> CodeFile:
    """Named by what it holds: the same file is stored once, and never replaced."""
    sha256 = hashlib.sha256(content).hexdigest()
    uri = artifacts.put_if_absent(f"code/{config_hash}/{sha256}/{name}", content)
    return CodeFile(uri=uri, sha256=sha256)


def _record(
    version: ConfigVersion, status: str, files: Mapping[str, CodeFile] | None = None, error: str = ""
) -> CodeRecord:
    return CodeRecord(
        config_id=version.config_id,
        version=version.version,
        config_hash=version.config_hash,
        status=status,
        files=files or {},
        error=error,
        generator=generator(),
    )


def _in_plain_words(error: Invalid | UnsafeModule) -> str:
    if isinstance(error, UnsafeModule):
        return f"The generated code did not pass its own check: {error}"
    faults = [f"{problem.message}. {problem.remedy}".strip() for problem in error.problems]
    return "The config cannot be turned into code: " + " ".join(faults)
