"""Between Flask and the commands: bodies, queries, preconditions, who asks, and what of the installation is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Flask, current_app, request
from marshmallow import Schema
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import PreconditionRequired
from werkzeug.routing import BaseConverter

from config_api.bodies import json_object
from config_api.faults import load

Answer = tuple[dict[str, Any], int, dict[str, str]]
EXTENSION = "towerlab"
LOCAL_ACTOR = "local"


class IdConverter(BaseConverter):
    """An id as this system gives them; anything else is simply not there."""

    regex = "[0-9a-z]{1,40}"


class CountConverter(BaseConverter):
    """A version number."""

    regex = "[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value)


def equip(app: Flask, deps: Deps) -> None:
    """Make `deps()` and the converters work in `app`."""
    app.extensions[EXTENSION] = deps
    app.url_map.converters |= {"id": IdConverter, "count": CountConverter}
    app.url_map.merge_slashes = False  # a redirect would be no problem JSON


def deps() -> Deps:
    return cast(Deps, current_app.extensions[EXTENSION])


def actor() -> str:
    """Who asks. On loopback there is no login, so it is whoever sits at the machine."""
    return LOCAL_ACTOR


def body(schema: Schema, *, optional: bool = False) -> Any:
    """The request's body as `schema` loads it. Raises Invalid with every fault."""
    return load(schema, json_object(request, optional=optional))


def query(schema: Schema) -> Any:
    """The request's query as `schema` loads it. Raises Invalid; a pointer there names the parameter."""
    return load(schema, request.args.to_dict())


def if_match() -> frozenset[str] | None:
    """The revisions that the caller has seen, None for any. Raises HTTP 428 without the header."""
    if not request.headers.get("If-Match", "").strip():
        raise PreconditionRequired("Send the header If-Match with the ETag of what you have read.")
    tags = request.if_match
    return None if tags.star_tag else frozenset(tags.as_set(include_weak=False))


def etag_of(revision: str) -> str:
    """`revision` as an ETag header, which is what If-Match wants."""
    return f'"{revision}"'


def answer(shown: Mapping[str, Any], status: int = 200, *, revision: str | None = None, location: str = "") -> Answer:
    headers = {"ETag": etag_of(revision)} if revision else {}
    if location:
        headers["Location"] = location
    return dict(shown), status, headers
