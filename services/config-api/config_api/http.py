"""Between Flask and the commands: bodies, queries, preconditions, who asks, and what of the installation is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request
from marshmallow import Schema
from towerlab.runtime.idempotency import Answer as Answer
from towerlab.runtime.idempotency import AnsweredBefore, receipt, refuse_repetition
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import PreconditionRequired
from werkzeug.routing import BaseConverter

from config_api.bodies import json_object
from config_api.faults import Judge, Sent, load, nothing_more
from config_api.recording import Caller

T = TypeVar("T")
EXTENSION = "towerlab"


class IdConverter(BaseConverter):
    """An id as this system gives them; anything else is simply not there, and 'templates' is something else."""

    regex = r"(?!templates\b)[0-9a-z]{1,40}"


class LetterConverter(BaseConverter):
    """The id of a dead letter, part of which another domain may have given."""

    regex = r"[A-Za-z0-9._-]{1,160}"


class CountConverter(BaseConverter):
    """A version number."""

    regex = "[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value)


def equip(app: Flask, deps: Deps) -> None:
    """Make `deps()` and the converters work in `app`."""
    app.extensions[EXTENSION] = deps
    app.url_map.converters |= {"id": IdConverter, "count": CountConverter, "letter": LetterConverter}
    app.url_map.merge_slashes = False  # a redirect would be no problem JSON


def deps() -> Deps:
    return cast(Deps, current_app.extensions[EXTENSION])


def actor() -> str:
    """Who asks; on loopback there is no login, so it is 'local', whoever sits at the machine."""
    return cast(str, g.actor)


def once(show: Callable[[T], Answer], command: Callable[[Caller], T]) -> Answer:
    """What `show` makes of what `command` gives. A POST that is repeated with its Idempotency-Key has no second effect,
    and the first answer. Raises Invalid for a key that was used for another body."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return show(command(Caller(actor())))
    asked = receipt(actor(), request.path, key, request.get_data(), show)
    try:
        refuse_repetition(deps(), asked)
        return show(command(Caller(actor(), asked)))
    except AnsweredBefore as before:
        shown, status, headers = before.answer
        return shown, status, headers | {"Idempotent-Replayed": "true"}


def caller() -> Caller:
    """Who asks for what needs no key: PUT and DELETE have If-Match."""
    return Caller(actor())


def body(schema: Schema, judge: Judge = nothing_more, *, optional: bool = False) -> Any:
    """The request's body as `schema` loads it. Raises Invalid with every fault; `judge` finds those that are not of
    the schema, in a body that has others."""
    return load(schema, json_object(request, optional=optional), judge)


def query(schema: Schema) -> Any:
    """The request's query as `schema` loads it. Raises Invalid; a pointer there names the parameter."""
    return load(schema, Sent(request.args.to_dict()))


def if_match_or_any() -> frozenset[str] | None:
    """The revisions that the caller has seen, None for one who did not say."""
    return if_match() if request.headers.get("If-Match", "").strip() else None


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
