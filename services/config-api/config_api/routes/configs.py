"""Feature configs, their versions and the code generated for them."""

from __future__ import annotations

from flask import Blueprint, Response
from towerlab.configs.config import ConfigVersion
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from werkzeug.exceptions import NotFound

from config_api import judging, reading
from config_api.commands import configs as commands
from config_api.commands import status
from config_api.http import Answer, answer, body, caller, deps, if_match, if_match_or_any, once, query
from config_api.listing import configs_of
from config_api.representations import configs as shown
from config_api.schemas.configs import CloneSchema, ConfigChangeSchema, NewConfigSchema
from config_api.schemas.queries import ConfigListSchema, PageSchema
from config_api.schemas.quick_tests import NothingSchema
from config_api.states import ConfigState, edit_revision, state_of

routes = Blueprint("configs", __name__, url_prefix="/api")


@routes.get("/datasets/<id:dataset_id>/feature-configs/")
def configs(dataset_id: str) -> Answer:
    asked = query(ConfigListSchema())
    documents = deps().documents
    reading.dataset(documents, dataset_id)
    page = configs_of(documents, dataset_id, asked)
    items = [shown.config_line(config, summary, edit_revision(config)) for config, summary in page.lines]
    return answer({"items": items, "next_cursor": page.next_cursor, "total": page.total})


@routes.post("/datasets/<id:dataset_id>/feature-configs/")
def post_config(dataset_id: str) -> Answer:
    new = body(NewConfigSchema(), judging.of_new_config(deps(), dataset_id))
    return once(_made, lambda by: commands.create(deps(), by, dataset_id, new))


@routes.get("/feature-configs/<id:config_id>/")
def config(config_id: str) -> tuple[bytes, int, dict[str, str]]:
    return shown.config_as_read(state_of(deps().documents, config_id))


@routes.put("/feature-configs/<id:config_id>/")
def put_config(config_id: str) -> Answer:
    seen = if_match()
    change = body(ConfigChangeSchema(), judging.of_config_change(deps(), config_id))
    return shown.config_answer(commands.update(deps(), caller(), config_id, change, seen))


@routes.delete("/feature-configs/<id:config_id>/")
def delete_config(config_id: str) -> Response:
    commands.delete(deps(), caller(), config_id, if_match())
    return Response(status=204)


@routes.post("/feature-configs/<id:config_id>/clone/")
def clone_config(config_id: str) -> Answer:
    name = body(CloneSchema(), optional=True)
    return once(_made, lambda by: commands.clone(deps(), by, config_id, name))


@routes.post("/feature-configs/<id:config_id>/promote/")
def promote_config(config_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(shown.config_answer, lambda by: status.promote(deps(), by, config_id, if_match_or_any()))


@routes.post("/feature-configs/<id:config_id>/archive/")
def archive_config(config_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(shown.config_answer, lambda by: status.archive(deps(), by, config_id, if_match_or_any()))


@routes.post("/feature-configs/<id:config_id>/restore/")
def restore_config(config_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(shown.config_answer, lambda by: status.restore(deps(), by, config_id, if_match_or_any()))


@routes.get("/feature-configs/<id:config_id>/versions/")
def versions(config_id: str) -> Answer:
    asked = query(PageSchema())
    documents = deps().documents
    reading.config(documents, config_id)
    where = {"config_id": config_id}
    page = records.query(documents, ConfigVersion, where, ("-version",), limit=asked["limit"], cursor=asked["cursor"])
    items = [shown.config_version(version) for version in page.values]
    total = records.count(documents, ConfigVersion, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.get("/feature-configs/<id:config_id>/versions/<count:number>/")
def version(config_id: str, number: int) -> Answer:
    reading.config(deps().documents, config_id)
    return answer(shown.config_version(reading.version(deps().documents, config_id, number)))


@routes.get("/feature-configs/<id:config_id>/versions/<count:number>/code/")
def code(config_id: str, number: int) -> Answer:
    reading.config(deps().documents, config_id)
    reading.version(deps().documents, config_id, number)
    record = records.find(deps().documents, CodeRecord, reading.version_id(config_id, number))
    if record is None:
        raise NotFound(f"The code of version {number} is not generated yet; ask again in a few seconds.")
    files = record.value.files
    contents = {name: deps().artifacts.read(file.uri).decode() for name, file in files.items()}
    return answer(shown.code(record.value, contents))


def _made(state: ConfigState) -> Answer:
    return shown.config_answer(state, 201)
