"""What services were sent and could not handle: to be looked at, sent again, or given up."""

from __future__ import annotations

from flask import Blueprint, Response
from towerlab.runtime import records
from towerlab.runtime.records import DeadLetter

from config_api.commands import dead_letters as commands
from config_api.http import Answer, answer, body, caller, deps, if_match, once, query
from config_api.representations.dead_letters import dead_letter, dead_letter_line
from config_api.schemas.dead_letters import DeadLettersSchema
from config_api.schemas.quick_tests import NothingSchema

routes = Blueprint("dead_letters", __name__, url_prefix="/api/dead-letters")


@routes.get("/")
def letters() -> Answer:
    asked = query(DeadLettersSchema())
    where = {name: asked[name] for name in ("consumer", "type") if asked[name]}
    page = records.query(deps().documents, DeadLetter, where, ("-at",), limit=asked["limit"], cursor=asked["cursor"])
    items = [dead_letter_line(letter) for letter in page.values]
    total = records.count(deps().documents, DeadLetter, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.get("/<letter:letter_id>/")
def letter(letter_id: str) -> Answer:
    found = records.get(deps().documents, DeadLetter, letter_id).value
    return answer(dead_letter(found), revision=commands.letter_revision(found))


@routes.post("/<letter:letter_id>/replay/")
def replay(letter_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_sent_again, lambda by: commands.replay(deps(), by, letter_id))


@routes.delete("/<letter:letter_id>/")
def discard(letter_id: str) -> Response:
    commands.discard(deps(), caller(), letter_id, if_match())
    return Response(status=204)


def _sent_again(letter: DeadLetter) -> Answer:
    return answer(dead_letter_line(letter), 202)
