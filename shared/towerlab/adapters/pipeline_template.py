"""The compiled pipeline that every job is made of: where it is stored, its id, and which parameters it asks for.

`python -m towerlab.adapters.pipeline_template <path>` prints the id.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import fsspec

from towerlab.domain.errors import Invalid, Problem, pointer
from towerlab.ports.errors import Transient

SCHEMA_VERSION = "2.0.0"  # of the pipeline spec; a later one wants its parameters in another form
ID_DIGITS = 32
REMEDY = "Run services and the pipeline's template of one release."
_FORMS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "STRING": ("stringValue", str),
    "INT": ("intValue", lambda text: str(int(text))),
    "DOUBLE": ("doubleValue", float),
}


class StoredTemplate:
    """Read once, when it is first needed, from a path or from any URI that fsspec knows."""

    def __init__(self, location: str) -> None:
        self._location = location

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """Raises Transient."""
        try:
            with fsspec.open(self._location, "rb") as file:
                content: Mapping[str, Any] = json.loads(file.read())
        except OSError as error:
            raise Transient(f"the pipeline's template {self._location} cannot be read: {error}") from error
        return content

    @cached_property
    def id(self) -> str:
        return template_id(self.content)


def template_id(template: Mapping[str, Any]) -> str:
    """The first digits of the SHA-256 of the template in canonical JSON: what it is stored and labelled under."""
    canonical = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_DIGITS]


def runtime_parameters(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """`parameters` in the form that the job's runtimeConfig takes. Raises Invalid, which names everything that is
    missing, not asked for, or of another type than the template says."""
    spec = template["pipelineSpec"]
    if spec["schemaVersion"] != SCHEMA_VERSION:
        raise Invalid([_problem("", "unknown_schema", f"the template's schema is {spec['schemaVersion']}")])
    asked = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    problems = [
        *(_problem(name, "missing", "the template asks for it") for name in asked if name not in parameters),
        *(_problem(name, "unknown", "the template does not ask for it") for name in parameters if name not in asked),
    ]
    values: dict[str, dict[str, Any]] = {}
    for name in parameters.keys() & asked.keys():
        try:
            values[name] = _value(asked[name]["type"], parameters[name])
        except (TypeError, ValueError):
            problems.append(_problem(name, "wrong_type", f"it is no {asked[name]['type']}"))
    if problems:
        raise Invalid(problems)
    return values


def _value(kind: str, text: str) -> dict[str, Any]:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text")
    field, read = _FORMS[kind]
    return {field: read(text)}


def _problem(name: str, code: str, message: str) -> Problem:
    return Problem(pointer("parameters", *([name] if name else [])), code, message, REMEDY)


if __name__ == "__main__":
    print(StoredTemplate(sys.argv[1]).id)
