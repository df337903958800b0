"""JSON bodies as they may come in: one UTF-8 object of bounded size and depth, all of it fit to be stored."""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Request
from towerlab.domain.errors import Invalid, Problem, pointer
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from config_api.faults import Sent

MAX_BYTES = 2_000_000
REMOVE = "Take the character out."
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1

Path = tuple[str | int, ...]


def json_object(request: Request, *, optional: bool = False) -> Sent:
    """The request's body. With `optional` an empty body is an empty object.

    Raises Invalid for what is no object, and HTTP 400, 413 and 415 for what is not JSON at all.
    """
    content = request.get_data()  # kept: an Idempotency-Key is compared with it
    if request.content_length is None and len(content) >= MAX_BYTES:
        raise RequestEntityTooLarge  # a chunked body is cut off there
    if optional and not content:
        return Sent({})
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON with the header Content-Type: application/json.")
    return sent_object(_parsed(content))


def sent_object(body: Any) -> Sent:
    """`body`, with the faults of values that no field could take. Raises Invalid for what is no object."""
    if not isinstance(body, dict):
        message = "this must be an object of fields"
        raise Invalid([Problem("", "not_an_object", message, "/api/docs/ shows an example.")])
    problems: list[Problem] = []
    return Sent(_fit((), body, problems), tuple(problems))


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: {error.reason} at byte {error.start}.") from error
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except RecursionError as error:
        raise BadRequest("The body is nested too deeply.") from error
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {str(error)[:200]}.") from error


def _refuse_constant(literal: str) -> Any:
    raise ValueError(f"{literal} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a field twice")
    return found


def _fit(path: Path, value: Any, problems: list[Problem]) -> Any:
    """`value`, with null for every part that cannot be stored; the problems with those are noted."""
    found = _problems_of(path, value)
    if found:
        problems.extend(found)
        return None
    if isinstance(value, dict):
        return {
            key: _fit((*path, key), inner, problems) for key, inner in value.items() if _is_fit_key(path, key, problems)
        }
    if isinstance(value, list):
        return [_fit((*path, index), inner, problems) for index, inner in enumerate(value)]
    return value


def _is_fit_key(path: Path, key: str, problems: list[Problem]) -> bool:
    found = _problems_of_text(_shown((*path, key)), key)
    problems.extend(found)
    return not found


def _problems_of(path: Path, value: Any) -> list[Problem]:
    at = _shown(path)
    if len(path) > MAX_DEPTH:
        return [Problem(at, "too_deep", f"nested deeper than {MAX_DEPTH} levels", "Send it flatter.")]
    if isinstance(value, str):
        return _problems_of_text(at, value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return [Problem(at, "too_large", "the number does not fit into 64 bits", "Use a smaller number.")]
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(at, "too_large", "the number is not finite", "Use a finite number.")]
    return []


def _problems_of_text(at: str, text: str) -> list[Problem]:
    found = []
    if "\x00" in text:
        found.append(Problem(at, "nul_character", "text must not hold the character U+0000", REMOVE))
    if any("\ud800" <= character <= "\udfff" for character in text):
        found.append(Problem(at, "lone_surrogate", "text must not hold half of a surrogate pair", REMOVE))
    return found


def _shown(path: Path) -> str:
    """The path as a JSON pointer that any JSON encoder takes."""
    return pointer(*path).encode("utf-8", "replace").decode()
