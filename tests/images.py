"""Services laid out as their images have them: the Dockerfile's files, the lock's packages, nothing of the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deployment.images import Stage, image, lay_out
from deployment.services import Deployment
from deployment.settings import made_up

from tests.stacks import REPOSITORY

SERVICES_ENVIRONMENT = REPOSITORY / ".envs" / "services"
WORKING_FOLDER = "/app"


@dataclass(frozen=True)
class LaidOut:
    """`python` sees the layout and the packages of locks/services.txt alone: -S leaves out the environment's .pth file,
    which leads to the checkout."""

    folder: Path
    stage: Stage

    @property
    def python(self) -> tuple[str, ...]:
        return (str(SERVICES_ENVIRONMENT / "bin" / "python"), "-S")

    @property
    def command(self) -> tuple[str, ...]:
        program, *arguments = self.stage.command
        return (*self.python, "-m", program, *(self.here(argument) for argument in arguments))

    def environment(self, **more: str) -> dict[str, str]:
        """The image's, with made-up settings of an installation on Google Cloud."""
        own = {name: self.here(value) for name, value in self.stage.environment.items() if name != "PATH"}
        packages = SERVICES_ENVIRONMENT / "lib" / "python3.11" / "site-packages"
        return own | {"PYTHONPATH": f"{self.folder}:{packages}"} | made_up() | more

    def here(self, text: str) -> str:
        return text.replace(WORKING_FOLDER, str(self.folder), 1) if text.startswith(WORKING_FOLDER) else text


def laid_out(deployment: Deployment, folder: Path) -> LaidOut:
    stage = image("services.Dockerfile", {"SERVICE": deployment.service})
    lay_out(stage, folder)
    stage.environment["APP"] = deployment.app
    return LaidOut(folder, stage)
