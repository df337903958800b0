"""The stack on stand-ins of Google Cloud: the services as they run there, and what they call, on one machine."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from local_stack.layout import LOOPBACK, SERVICES, Layout
from local_stack.programs import Blueprint, Program, mlflow, python, runner, scheduler, services
from towerlab.adapters.bigquery_engine import scratch_dataset
from towerlab.runtime.settings import settings_from
from towerlab.runtime.subscriptions import subscriptions
from towerlab.runtime.wiring import Deps

from tests.cloud import bigquery_tables, emulators
from tests.cloud.emulators import REPOSITORY
from tests.cloud.front import SETTINGS as FRONT_SETTINGS
from tests.cloud.signing import AUDIENCE, Signer, key_in

STAND_INS = ("firestore", "pubsub", "bigquery", "bigquery-storage", "storage", "vertex", "google")
PROJECT = "towerlab-demo"
REGION = "europe-west4"
ARTIFACTS, PIPELINES = "towerlab-artifacts", "towerlab-pipelines"
SNAPSHOTS = "snapshots"
PUSHING, PERSON, RUNNING = (f"{name}@example.org" for name in ("pushes", "demo", "pipelines"))


@dataclass(frozen=True)
class CloudLayout(Layout):
    @property
    def ports(self) -> dict[str, int]:
        own = super().ports
        return {**own, **{name: self.port + len(own) + offset for offset, name in enumerate(STAND_INS)}}

    @property
    def key(self) -> Path:
        return self.state / "signing-key.pem"

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def address(self, name: str) -> str:
        return f"{LOOPBACK}:{self.ports[name]}"

    def environment(self) -> dict[str, str]:
        here = super().environment()
        common = ("TOWERLAB_ALLOWED_HOSTS", "TOWERLAB_TRACKING_URI", "TOWERLAB_PUBLIC_URL",
                  "TOWERLAB_PIPELINE_TEMPLATE", "TOWERLAB_LOG")  # fmt: skip
        return {name: here[name] for name in common} | self._installation() | self.emulators()

    def emulators(self) -> dict[str, str]:
        """Where Google's own clients look for stand-ins."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.address("firestore"),
            "PUBSUB_EMULATOR_HOST": self.address("pubsub"),
            "BIGQUERY_EMULATOR_HOST": self.url("bigquery"),
            "BIGQUERY_STORAGE_EMULATOR_HOST": self.address("bigquery-storage"),
            "STORAGE_EMULATOR_HOST": self.url("storage"),
            "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        }

    def _installation(self) -> dict[str, str]:
        return {
            "TOWERLAB_PLATFORM": "google",
            "TOWERLAB_PROJECT": PROJECT,
            "TOWERLAB_REGION": REGION,
            "TOWERLAB_ARTIFACTS": f"gs://{ARTIFACTS}",
            "TOWERLAB_PIPELINE_ROOT": f"gs://{PIPELINES}/runs",
            "TOWERLAB_SNAPSHOTS": f"{PROJECT}.{SNAPSHOTS}",
            "TOWERLAB_PUSH_AUDIENCE": AUDIENCE,
            "TOWERLAB_PUSH_ACCOUNTS": PUSHING,
            "TOWERLAB_PIPELINE_IMAGE": "towerlab-pipeline:here",
            "TOWERLAB_PIPELINE_ACCOUNT": RUNNING,
            "TOWERLAB_VERTEX_ENDPOINT": self.url("vertex"),
            "TOWERLAB_TOKEN_CERTS": f"{self.url('google')}/certs",
            "TOWERLAB_AUDIENCES": AUDIENCE,
            "TOWERLAB_ROLES": json.dumps({PERSON: "admin"}),
        }


def on_stand_ins(layout: CloudLayout) -> Blueprint:
    """Raises emulators.Unavailable when this machine lacks one."""
    in_tests = {"PYTHONPATH": str(REPOSITORY)}
    vertex = ("--port", str(layout.ports["vertex"]), "--folder", str(layout.runner))
    return Blueprint(
        layout,
        (
            _stand_in(layout, "firestore", emulators.firestore_command(layout.ports["firestore"])),
            _stand_in(layout, "pubsub", emulators.pubsub_command(layout.ports["pubsub"])),
            Program(
                "bigquery",
                tuple(emulators.bigquery_command(layout.ports["bigquery"], layout.ports["bigquery-storage"])),
                f"{layout.url('bigquery')}/healthz",
                {"HOME": str(layout.state)},
            ),
            Program(
                "storage",
                tuple(emulators.storage_command(layout.ports["storage"])),
                f"{layout.url('storage')}/_internal/healthcheck",
            ),
            Program("vertex", (python("dev"), "-m", "tests.cloud.fake_vertex", *vertex), settings=in_tests),
            Program(
                "google",
                (python("dev"), "-m", "tests.cloud.front"),
                f"{layout.url('google')}/certs",
                in_tests | {FRONT_SETTINGS: json.dumps(_front(layout))},
            ),
            mlflow(layout),
            runner(layout),
            *services(layout),
            scheduler(
                TOWERLAB_PLATFORM="local",
                TOWERLAB_STATE=str(layout.state),
                TOWERLAB_SERVICES=json.dumps(through_google(layout)),
            ),
        ),
    )


def through_google(layout: CloudLayout) -> dict[str, str]:
    """The base URL of each service where what is posted gets a token on its way."""
    return {name: f"{layout.url('google')}/{name}" for name in SERVICES}


def furnish(layout: CloudLayout) -> None:
    """What Terraform makes in the cloud: buckets, two datasets, topics and subscriptions."""
    emulators.make_buckets(layout.url("storage"), (ARTIFACTS, PIPELINES))
    bigquery_tables.make_datasets(layout.url("bigquery"), PROJECT, (SNAPSHOTS, scratch_dataset(SNAPSHOTS), "shop"))
    deps = _deps(layout)
    for subscription in subscriptions(through_google(layout)):
        deps.bus.subscribe(subscription)


def person_token(layout: CloudLayout) -> str:
    """What the person who runs the demo is known by."""
    return Signer(key_in(layout.key)).token(email=PERSON, exp=2**31)


def _deps(layout: CloudLayout) -> Deps:
    os.environ.update(layout.emulators())
    return Deps(settings_from(layout.environment()), "terraform")


def _front(layout: CloudLayout) -> dict[str, object]:
    return {
        "port": layout.ports["google"],
        "key": str(layout.key),
        "audience": AUDIENCE,
        "account": PUSHING,
        "services": layout.service_urls,
    }


def _stand_in(layout: CloudLayout, name: str, command: list[str]) -> Program:
    return Program(name, tuple(command), f"{layout.url(name)}/")
