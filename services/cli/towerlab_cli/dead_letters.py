"""towerlab dead-letters: what services could not handle is looked at, sent again, or given up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

import click
from towerlab.client import Api, Refused

from towerlab_cli.showing import json_option, print_json, print_lines, print_table, readable

PATH = "/api/dead-letters/"
Letter = dict[str, Any]

_consumer = click.option("--consumer", metavar="SERVICE", help="Only what this service could not handle.")
_type = click.option("--type", "type_", metavar="TYPE", help="Only events of this type.")
_ids = click.argument("ids", nargs=-1, metavar="[ID]...")


@click.group("dead-letters", short_help="Events that a service could not handle.")
def dead_letters() -> None:
    """Events that a service could not handle (for administrators)."""


@dead_letters.command("list")
@_consumer
@_type
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@json_option
@click.pass_obj
def list_letters(api: Api, consumer: str | None, type_: str | None, limit: int, as_json: bool) -> None:
    """List them, newest first."""
    letters = list(islice(api.items(PATH, consumer=consumer, type=type_), limit))
    if as_json:
        print_json({"items": letters})
    elif letters:
        rows = [
            (one["id"], one["at"], one["consumer"] or "-", one["type"] or "(no event)", one["reason"])
            for one in letters
        ]
        print_table(("id", "at", "consumer", "type", "reason"), rows)
    else:
        print_lines("no dead letters")


@dead_letters.command()
@click.argument("id")
@json_option
@click.pass_obj
def show(api: Api, id: str, as_json: bool) -> None:
    """Show one, with the event as it was sent."""
    letter = api.get(_path(id))
    if as_json:
        return print_json(letter)
    sent = letter["content"] if letter["event"] is None else json.dumps(letter["event"], indent=2)
    named = ("id", "at", "consumer", "type", "source", "attempts", "reason")
    return print_lines(*(f"{name:<9} {letter[name] if letter[name] is not None else '-'}" for name in named), "", sent)


@dead_letters.command()
@_ids
@click.option("--all", "all_", is_flag=True, help="All that there are, or all that --consumer and --type leave.")
@_consumer
@_type
@json_option
@click.pass_obj
def replay(api: Api, ids: tuple[str, ...], all_: bool, consumer: str | None, type_: str | None, as_json: bool) -> None:
    """Send events again.

    Remove the cause first: an event that fails again is a dead letter again. Services that have handled it do nothing.
    """
    if bool(ids) == all_:
        raise click.UsageError("Name dead letters by their ids, or say --all.")
    if ids and (consumer or type_):
        raise click.UsageError("--consumer and --type go with --all.")
    letters = list(api.items(PATH, consumer=consumer, type=type_)) if all_ else []
    chosen = ids or [one["id"] for one in letters if one["replayable"]]
    _for_each(chosen, lambda id: api.post(f"{_path(id)}replay/"), "sent again", as_json)


@dead_letters.command()
@_ids
@json_option
@click.pass_obj
def discard(api: Api, ids: tuple[str, ...], as_json: bool) -> None:
    """Give them up. The audit log keeps what they were."""
    if not ids:
        raise click.UsageError("Name dead letters by their ids.")

    def give_up(id: str) -> None:
        _, etag = api.read(_path(id))
        api.delete(_path(id), etag)

    _for_each(ids, give_up, "given up", as_json)


def _path(id: str) -> str:
    return f"{PATH}{quote(id, safe='')}/"


def _for_each(ids: Sequence[str], act: Callable[[str], object], done: str, as_json: bool) -> None:
    """One refusal keeps no other waiting; the exit code tells of it."""
    refused: dict[str, Refused] = {}
    for id in ids:
        try:
            act(id)
        except Refused as error:
            refused[id] = error
    if as_json:
        print_json([{"id": id, "problem": refused[id].problem if id in refused else None} for id in ids])
    else:
        _tell(ids, refused, done)
    if refused:
        raise click.exceptions.Exit(1)


def _tell(ids: Sequence[str], refused: dict[str, Refused], done: str) -> None:
    print_lines(*(f"{id}: {done}" for id in ids if id not in refused))
    for id, error in refused.items():
        click.echo(readable(f"{id}: {error}"), err=True)
    if not ids:
        print_lines("nothing to do")
