"""Requests about datasets: registration and column mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, fields, post_load, validates
from towerlab.domain.columns import Availability, ColumnType
from towerlab.domain.datasets import Source
from towerlab.domain.errors import Invalid, Problem, pointer
from towerlab.domain.roles import mapping_faults

from config_api.faults import Sent, elsewhere, fault, load
from config_api.fields import Choice, Text
from config_api.http import deps

LONGEST_NAME = 255
_ELSEWHERE = {
    "bigquery": "this installation is on one machine and reads files; BigQuery comes with one on Google Cloud",
    "file": "this installation is on Google Cloud and reads BigQuery tables; files come with one on a machine of yours",
}
_MENDED = {
    "bigquery": "Load it into BigQuery and register the table as project.dataset.table, with kind bigquery.",
    "file": "Export it as a Parquet or CSV file and register that, with kind file.",
}


@dataclass(frozen=True)
class NewDataset:
    name: str
    source: Source
    time_zone: str


class SourceSchema(Schema):
    kind = Choice(("file", "bigquery"), required=True)
    uri = Text(2000, required=True)

    @validates("kind")
    def is_served_here(self, kind: str, **_: Any) -> None:
        kinds = deps().warehouse.kinds
        if kind not in kinds:
            raise fault("not_here", _ELSEWHERE[kind], " ".join(_MENDED[served] for served in sorted(kinds)))

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> Source:
        return Source(loaded["kind"], loaded["uri"])


class NewDatasetSchema(Schema):
    name = Text(LONGEST_NAME, required=True)
    source = fields.Nested(SourceSchema, required=True)
    time_zone = Text(64, load_default="UTC")

    @validates("time_zone")
    def is_known(self, time_zone: str, **_: Any) -> None:
        if time_zone not in available_timezones():
            raise fault("unknown_time_zone", "no time zone of that name", "Use an IANA name such as Europe/Berlin.")

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> NewDataset:
        return NewDataset(**loaded)


@dataclass(frozen=True)
class PutRole:
    """What a person says of a column. `availability` None: as guessed."""

    role: str | None
    availability: Availability | None


class RoleSchema(Schema):
    role = Text(100, load_default=None, allow_none=True)
    availability = Choice([a.value for a in Availability], load_default=None, allow_none=True)
    reason = Text(1000, load_default="", blank=True)  # a mapping that was read may be put back as it is

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> PutRole:
        availability = loaded["availability"]
        return PutRole(loaded["role"], Availability(availability) if availability else None)


def column_mapping(sent: Sent, columns: Mapping[str, ColumnType]) -> dict[str, PutRole]:
    """`{column: {role, availability}}` of a dataset with these columns. Raises Invalid with every fault."""

    found: list[Problem] = []
    roles: dict[str, PutRole] = {}
    for column, entry in sent.values.items():
        try:
            roles[column] = load(RoleSchema(), Sent(entry))
        except Invalid as error:
            found += [replace(problem, pointer=pointer(column) + problem.pointer) for problem in error.problems]
    problems = [*sent.faults, *elsewhere(found, sent.faults)]
    named = {column: _readable_role(entry) for column, entry in sent.values.items()}
    problems += elsewhere(mapping_faults(named, columns), problems)
    if problems:
        raise Invalid(problems)
    return roles


def _readable_role(entry: Any) -> str | None:
    role = entry.get("role") if isinstance(entry, Mapping) else None
    return role if isinstance(role, str) else None
