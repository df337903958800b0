"""How a command fails: with a message on stderr, and an exit code. A wrong command line is 2, by click's own rule."""

from __future__ import annotations

import click


class Failed(click.ClickException):
    """It was refused, or cannot be done."""

    exit_code = 1


class NotReachable(click.ClickException):
    """There is no installation to ask."""

    exit_code = 3
