"""The documentation page of the transforms, from what they say of themselves: python -m towerlab.transforms.page."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from towerlab.transforms.registry import metadata, transforms

_HEAD = """# Transforms

Made by `make transforms-page` from the transforms themselves; do not edit.

A feature is `{"column": ..., "type": ...}` with the parameters below. Each has a default and may be left out.
"""


def page() -> str:
    """Markdown: a section for each feature type, a table for each of its transforms."""
    parts = [_HEAD, *(part for kind in metadata() for part in _section(kind))]
    return "\n".join(parts)


def _section(kind: dict[str, Any]) -> Iterator[str]:
    yield f"## `{kind['type']}`: {kind['label']}\n"
    yield f"For columns of type {', '.join(kind['applies_to'])}.\n"
    for entry in kind["transforms"]:
        yield from _transform(entry)


def _transform(entry: dict[str, Any]) -> Iterator[str]:
    yield f"### {entry['label']}\n"
    yield f"{_docstrings()[entry['key']]}\n"
    if not entry["prepares"]:
        crossed = "can be crossed" if entry["crossable"] else "cannot be crossed"
        yield f"Its output is called `<column>{entry['suffix']}` and {crossed}.\n"
    yield "| parameter | default | allowed | meaning |\n|---|---|---|---|"
    yield from (_row(parameter) for parameter in entry["parameters"])
    yield ""


def _row(parameter: dict[str, Any]) -> str:
    meaning = ". ".join(part for part in (parameter["label"], parameter["help"]) if part)
    cells = [f"`{parameter['path'][1:].replace('/', '.')}`", f"`{_json(parameter['default'])}`", _allowed(parameter)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in [*cells, meaning]) + " |"


def _allowed(parameter: dict[str, Any]) -> str:
    if parameter["choices"] is not None:
        return " or ".join(f"`{_json(choice)}`" for choice in parameter["choices"])
    low, high = parameter["minimum"], parameter["maximum"]
    match parameter["type"]:
        case "boolean":
            return "`true` or `false`"
        case "string":
            return f"text of {low} to {high} characters"
        case _:
            return f"{low:,} to {high:,}"


def _json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _docstrings() -> dict[str, str]:
    return {found.key: " ".join((inspect.getdoc(type(found)) or "").split()) for found in transforms()}


if __name__ == "__main__":
    print(page(), end="")
