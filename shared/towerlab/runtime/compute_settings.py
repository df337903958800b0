"""The machines that an installation on Google Cloud takes, as its environment says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from towerlab.domain.compute import Machine, Offer
from towerlab.runtime.settings_error import SettingsError

_MACHINE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_ACCELERATOR = re.compile(r"([A-Z][A-Z0-9_]*):(1|2|4|8|16)")
DEFAULT = Offer()


def offer_from(environ: Mapping[str, str]) -> Offer:
    """The offer that `environ` describes. Raises SettingsError."""
    return Offer(
        dataflow_rows=_number(environ, "TOWERLAB_DATAFLOW_ROWS", DEFAULT.dataflow_rows, 0, 10**12),
        workers=_number(environ, "TOWERLAB_DATAFLOW_WORKERS", DEFAULT.workers, 1, 1000),
        worker_machine=_machine(environ, "TOWERLAB_DATAFLOW_MACHINE"),
        worker_image=environ.get("TOWERLAB_DATAFLOW_IMAGE", ""),
        trainer=_trainer(environ),
    )


def _trainer(environ: Mapping[str, str]) -> Machine:
    accelerator, count = _accelerator(environ, "TOWERLAB_TRAINER_ACCELERATOR")
    return Machine(
        cpu=_number(environ, "TOWERLAB_TRAINER_CPU", DEFAULT.trainer.cpu, 1, 96),
        memory_gb=_number(environ, "TOWERLAB_TRAINER_MEMORY_GB", DEFAULT.trainer.memory_gb, 1, 624),
        accelerator=accelerator,
        accelerators=count,
    )


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
        raise SettingsError(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return int(text)


def _machine(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(name) or DEFAULT.worker_machine
    if not _MACHINE.fullmatch(text):
        raise SettingsError(f"{name} is {text!r}; it must be a machine type, such as {DEFAULT.worker_machine}")
    return text


def _accelerator(environ: Mapping[str, str], name: str) -> tuple[str, int]:
    text = environ.get(name, "")
    if not text:
        return "", 0
    found = _ACCELERATOR.fullmatch(text)
    if found is None:
        example = "NVIDIA_TESLA_T4:1"
        raise SettingsError(f"{name} is {text!r}; it must be a type and 1, 2, 4, 8 or 16 of it, such as {example}")
    return found[1], int(found[2])
