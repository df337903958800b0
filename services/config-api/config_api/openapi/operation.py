"""What the document says of one operation beyond its route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

SchemaType = type[Schema] | Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """`answers` maps a status to the schema of its body, None for an answer without one; a schema is
    marshmallow's, or a JSON Schema where names are the dataset's own. `example` is a body that is taken."""

    summary: str
    answers: Mapping[int, SchemaType | None]
    body: SchemaType | None = None
    query: type[Schema] | None = None
    example: Any = None
    may_be_empty: bool = False
    if_match: bool = False
    may_conflict: bool = False  # a GET that some states do not allow
    may_match: bool = False  # If-Match is heeded, not demanded
    etag: bool = False
    keyed: bool = True  # a POST heeds Idempotency-Key
    located: bool = True  # a 201 says where the new object is
    content: str = "application/json"  # of the answer
    body_contents: tuple[str, ...] = ("application/json",)
    description: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)  # further keys of the OpenAPI operation
