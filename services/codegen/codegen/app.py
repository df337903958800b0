"""Code generation as a web application: pushes about config versions that need code."""

from __future__ import annotations

from flask import Flask
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.emit.generator import generator
from towerlab.emit.record import CodeRecord
from towerlab.events.envelope import Event
from towerlab.runtime import announce, records
from towerlab.runtime.outcomes import Done, Duplicate, Outcome, Reject
from towerlab.runtime.push import Handler, reacting_app
from towerlab.runtime.wiring import Deps, begin

from codegen.generate import FAILED, code_of

SERVICE = "codegen"


def create(deps: Deps | None = None) -> Flask:
    return reacting_app(SERVICE, HANDLERS, deps or begin(SERVICE))


def on_code_needed(deps: Deps, event: Event) -> Outcome:
    """Code and its announcement in one commit. A version whose code is recorded already is left alone, unless another
    release wrote it."""
    id = f"{event.data['config_id']}.{event.data['version']}"
    version = records.find(deps.documents, ConfigVersion, id)
    config = records.find(deps.documents, FeatureConfig, str(event.data["config_id"]))
    if version is None or config is None:
        return Reject(f"there is no config version {id!r}")
    held = records.find(deps.documents, CodeRecord, id)
    if held is not None and held.value.generator == generator():
        return Duplicate()
    code = code_of(deps.artifacts, config.value, version.value)
    return Done([records.put(code, id, expect=held.revision if held else None)], [_announcement(deps, code)])


def _announcement(deps: Deps, code: CodeRecord) -> Event:
    return announce.event(
        deps,
        "transform-code.failed" if code.status == FAILED else "transform-code.generated",
        code.config_id,
        config_id=code.config_id,
        version=code.version,
        config_hash=code.config_hash,
    )


HANDLERS: dict[str, Handler] = {
    "feature-config.version-created": on_code_needed,
    "transform-code.requested": on_code_needed,
}
