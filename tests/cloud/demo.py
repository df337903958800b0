"""`make demo-cloud`: the demo's journey on Firestore, Pub/Sub push, BigQuery, Cloud Storage and Vertex AI stand-ins."""

from __future__ import annotations

import sys
from pathlib import Path

from local_stack import demo
from local_stack.layout import LayoutError, layout_from_environment
from local_stack.stack import StackError, down, is_up, remove_state, up
from rich.console import Console
from towerlab.client import Api, ApiError

from tests.cloud.bigquery_tables import load_file
from tests.cloud.emulators import Unavailable
from tests.cloud.stack import PROJECT, CloudLayout, furnish, on_stand_ins, person_token

TABLE = "shop.online_retail"
SAMPLE_TABLE = {"kind": "bigquery", "uri": f"{PROJECT}.{TABLE}"}


def main() -> int:
    console = Console(highlight=False)
    try:
        return run(cloud_layout(), console)
    except (StackError, LayoutError, ApiError, Unavailable) as error:
        console.print(f"[bold red]demo-cloud failed:[/] {error}", markup=True, soft_wrap=True)
        return 1


def cloud_layout() -> CloudLayout:
    """Beside the embedded stack's: a folder and ports of its own."""
    here = layout_from_environment()
    return CloudLayout(state=Path(f"{here.state}-cloud"), port=here.port + 20, log=here.log)


def run(layout: CloudLayout, console: Console) -> int:
    """Start afresh, walk the journey, stop: what the emulators hold is gone when they end."""
    down(layout)
    remove_state(layout)
    try:
        with console.status("starting the services and what stands in for Google Cloud"):
            begin(layout)
        api = Api(layout.public_url, person_token(layout))
        return demo.journey(api, SAMPLE_TABLE, console, lambda *_: _say_that_it_ends(layout, console))
    finally:
        if is_up(layout):
            down(layout)


def _say_that_it_ends(layout: CloudLayout, console: Console) -> None:
    console.print("The services and stand-ins end here, and all that the stand-ins held is gone with them.")
    console.print(f"  logs         {layout.logs}", soft_wrap=True)


def begin(layout: CloudLayout) -> None:
    """The stack is up, furnished, and has the sample in BigQuery."""
    up(on_stand_ins(layout))
    furnish(layout)
    load_file(layout.url("bigquery"), PROJECT, TABLE, demo.SAMPLE)


if __name__ == "__main__":
    sys.exit(main())
