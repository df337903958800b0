"""All transforms and feature types, found by looking into this folder: a new transform is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any, TypeVar

from towerlab.transforms.base import FeatureType, Param, Prepare, Produce, Transform
from towerlab.transforms.widths import pointer, width_of

AnyTransform = TypeVar("AnyTransform", bound=type[Transform[Any]])

_FOUND: dict[str, Transform[Any]] = {}


def transform(cls: AnyTransform) -> AnyTransform:
    """Register a transform under its key."""
    if cls.key in _FOUND:
        raise ValueError(f"two transforms are called {cls.key}")
    _FOUND[cls.key] = cls()
    return cls


@cache
def transforms() -> tuple[Transform[Any], ...]:
    """Every transform, in the order in which they work and are shown."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
    return tuple(sorted(_FOUND.values(), key=lambda found: (found.rank, found.key)))


@cache
def feature_types() -> dict[str, FeatureType]:
    """Feature types by key."""
    return {kind.key: kind for found in transforms() for kind in found.feature_types}


def transforms_of(kind: FeatureType) -> tuple[Transform[Any], ...]:
    return tuple(found for found in transforms() if kind in found.feature_types)


def metadata() -> list[dict[str, Any]]:
    """Every feature type with its transforms and their parameters: what a form needs to draw itself."""
    return [
        {
            "type": kind.key,
            "label": kind.label,
            "applies_to": sorted(kind.applies_to),
            "transforms": [_described(found) for found in transforms_of(kind)],
        }
        for kind in feature_types().values()
    ]


def _described(found: Transform[Any]) -> dict[str, Any]:
    return {
        "key": found.key,
        "label": found.label,
        "description": (type(found).__doc__ or "").strip(),
        "prepares": isinstance(found, Prepare),
        "suffix": found.suffix if isinstance(found, Produce) else "",
        "width": width_of(found) if isinstance(found, Produce) else None,
        "crossable": isinstance(found, Produce) and found.operand is not None,
        "parameters": [_parameter(entry) for entry in found.params()],
    }


def _parameter(entry: Param) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": pointer(entry),
        "type": _JSON_TYPES[entry.type],
        "label": entry.label,
        "default": _plain(entry.default),
        "minimum": entry.low,
        "maximum": entry.high,
        "choices": None if entry.choices is None else [_plain(choice) for choice in entry.choices],
        "suggestions": list(entry.suggestions),
        "help": entry.help,
    }


_JSON_TYPES = {bool: "boolean", int: "integer", tuple: "array", str: "string"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
