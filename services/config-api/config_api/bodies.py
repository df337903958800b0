"""JSON bodies as they may come in: one UTF-8 object of bounded size and depth, all of it fit to be stored."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from flask import Request
from towerlab.domain.errors import Invalid, Problem, pointer
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

MAX_BYTES = 2_000_000
REMOVE = "Take the character out."
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1

Path = tuple[str | int, ...]


def json_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """The request's body. With `optional` an empty body is an empty object.

    Raises Invalid for values no field takes, and HTTP 400, 413 and 415 for what is not JSON at all.
    """
    content = request.get_data()  # kept: an Idempotency-Key is compared with it
    if request.content_length is None and len(content) >= MAX_BYTES:
        raise RequestEntityTooLarge  # a chunked body is cut off there
    if optional and not content:
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON with the header Content-Type: application/json.")
    return fit_object(_parsed(content))


def fit_object(body: Any) -> dict[str, Any]:
    """`body` if it is an object of values that some field could take. Raises Invalid with every fault."""
    if not isinstance(body, dict):
        message = "this must be an object of fields"
        raise Invalid([Problem("", "not_an_object", message, "/api/docs/ shows an example.")])
    problems = list(_unfit((), body))
    if problems:
        raise Invalid(problems)
    return body


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


def _unfit(path: Path, value: Any) -> Iterator[Problem]:
    if len(path) > MAX_DEPTH:
        yield Problem(_shown(path), "too_deep", f"nested deeper than {MAX_DEPTH} levels", "Send it flatter.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unfit_text(path, key)
            yield from _unfit((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unfit((*path, index), inner)
    elif isinstance(value, str):
        yield from _unfit_text(path, value)
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        yield Problem(_shown(path), "too_large", "the number does not fit into 64 bits", "Use a smaller number.")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(_shown(path), "too_large", "the number is not finite", "Use a finite number.")


def _unfit_text(path: Path, text: str) -> Iterator[Problem]:
    if "\x00" in text:
        yield Problem(_shown(path), "nul_character", "text must not hold the character U+0000", REMOVE)
    if any("\ud800" <= character <= "\udfff" for character in text):
        yield Problem(_shown(path), "lone_surrogate", "text must not hold half of a surrogate pair", REMOVE)


def _shown(path: Path) -> str:
    """The path as a JSON pointer that any JSON encoder takes."""
    return pointer(*path).encode("utf-8", "replace").decode()
