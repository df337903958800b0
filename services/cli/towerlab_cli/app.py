"""The command `towerlab`: which installation is meant, who asks, and how failures end."""

from __future__ import annotations

from typing import Any

import click
from towerlab.client import Api, Refused, Unreachable

from towerlab_cli.dead_letters import dead_letters
from towerlab_cli.failures import Failed, NotReachable
from towerlab_cli.prediction import prediction_report
from towerlab_cli.showing import readable


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as error:
            raise Failed(readable(str(error))) from error
        except Unreachable as error:
            remedy = "Start one machine's stack with `make up`, or say where it is: --api, TOWERLAB_API."
            raise NotReachable(f"{readable(str(error))}\n{remedy}") from error


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise click.BadParameter("an address begins with http:// or https://")
    return value.rstrip("/")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="towerlab", prog_name="towerlab")
@click.option(
    "--api",
    envvar="TOWERLAB_API",
    default="http://127.0.0.1:8080",
    callback=_address,
    show_default=True,
    show_envvar=True,
    help="Where the installation is.",
)
@click.option(
    "--token",
    envvar="TOWERLAB_TOKEN",
    default="",
    show_envvar=True,
    help="Your ID token, where the installation asks for a login.",
)
@click.pass_context
def towerlab(ctx: click.Context, api: str, token: str) -> None:
    """Try a recommender configuration on real data in minutes.

    Every command takes --json for scripts. Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 the
    installation cannot be reached.
    """
    ctx.obj = Api(api, token)


towerlab.add_command(dead_letters)
towerlab.add_command(prediction_report)
