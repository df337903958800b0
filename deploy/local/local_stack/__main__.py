"""What the Makefile calls: python -m local_stack up | down | status | demo | clean."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from towerlab.client import ApiError

from local_stack import demo, status
from local_stack.layout import LayoutError, layout_from_environment
from local_stack.programs import embedded
from local_stack.stack import StackError, down, is_up, remove_state, up

COMMANDS = {
    "up": "start the stack in the background and print its addresses when it is ready",
    "down": "stop the stack; what it stored stays",
    "status": "programs, ports, logs, disk, dead letters",
    "demo": "start the stack if needed and run a real quick test on the sample data",
    "clean": "stop the stack and delete its state folder",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, description in COMMANDS.items():
        commands.add_parser(name, help=description, description=description)
    command = parser.parse_args().command
    console = Console(highlight=False)
    try:
        return _run(command, console)
    except (StackError, LayoutError, ApiError) as error:
        console.print(f"[bold red]{command} failed:[/] {error}", markup=True, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped; what was started goes on (`make down` stops it)")
        return 130


def _run(command: str, console: Console) -> int:
    layout = layout_from_environment()
    if command == "up":
        with console.status("starting the stack (about half a minute the first time)"):
            up(embedded(layout))
        console.print(status.addresses(layout))
    elif command == "down":
        console.print("stopped" if down(layout) else "it was not running")
    elif command == "status":
        status.show(embedded(layout), console)
        return 0 if is_up(layout) else 3
    elif command == "demo":
        return demo.run(embedded(layout), demo.SAMPLE_FILE, console)
    elif command == "clean":
        down(layout)
        console.print(f"removed {layout.state}" if remove_state(layout) else "there was no state to remove")
    return 0


if __name__ == "__main__":
    sys.exit(main())
