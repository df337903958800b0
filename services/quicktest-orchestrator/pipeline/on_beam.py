"""A task's work as Beam: by the stock executor, with the Beam arguments that its container's command carries."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from tfx.dsl.components.base import base_beam_executor, base_executor

IN_THIS_PROCESS = ("--runner=DirectRunner",)


def beam_arguments(executor: base_executor.BaseExecutor) -> list[str]:
    """What the command says beyond what the executor is told in any case: empty unless it names a Beam runner."""
    flags = [str(flag) for flag in executor._extra_flags or ()]
    return flags if any(flag.split("=")[0] == "--runner" for flag in flags) else []


def stock(kind: type, executor: base_executor.BaseExecutor, arguments: Sequence[str]) -> Any:
    """The stock executor of that kind, in the place of `executor`."""
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=list(arguments), tmp_dir=_temporary(executor), unique_id="beam"
    )
    return kind(context)


def _temporary(executor: base_executor.BaseExecutor) -> str:
    return str(executor._get_tmp_dir()) if executor._context else tempfile.mkdtemp(prefix="beam-")
