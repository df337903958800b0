"""Where the stack lives: its ports, its folders, and what each of its processes is told."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LOOPBACK = "127.0.0.1"
SERVICES = ("config-api", "codegen", "quicktest-orchestrator", "metrics-collector")


class LayoutError(Exception):
    """A setting cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Layout:
    """`port` is the front door; the ports after it belong to the services behind it."""

    state: Path
    port: int
    log: str = "json"

    @property
    def public_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def ports(self) -> dict[str, int]:
        """Every listening program and its port, the front door first."""
        return {name: self.port + offset for offset, name in enumerate(("front-door", *SERVICES, "mlflow"))}

    @property
    def service_urls(self) -> dict[str, str]:
        """The internal base URL of each service, for the bus and the scheduler."""
        return {name: f"http://{LOOPBACK}:{self.ports[name]}" for name in SERVICES}

    @property
    def tracking_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['mlflow']}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def runner(self) -> Path:
        return self.state / "runner"

    @property
    def token_file(self) -> Path:
        return self.state / "token"

    @property
    def marker(self) -> Path:
        """Says that this folder is a stack's state, so that `clean` never removes anything else."""
        return self.state / "towerlab-state"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def control_socket(self) -> Path:
        return self.state / "supervisor.sock"

    def environment(self) -> dict[str, str]:
        """What the services read (runtime/settings.py)."""
        return {
            "TOWERLAB_STATE": str(self.state),
            "TOWERLAB_INTERNAL_TOKEN_FILE": str(self.token_file),
            "TOWERLAB_DATA_FOLDERS": f"{REPOSITORY / 'data'}:{self.state / 'uploads'}",
            "TOWERLAB_ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            "TOWERLAB_TRACKING_URI": self.tracking_url,
            "TOWERLAB_PUBLIC_URL": self.public_url,
            "TOWERLAB_PIPELINE_TEMPLATE": str(pipeline_template()),
            "TOWERLAB_PAGE": str(page()),
            "TOWERLAB_SERVICES": json.dumps(self.service_urls),
            "TOWERLAB_LOG": self.log,
        }


def pipeline_template() -> Path:
    return REPOSITORY / "services" / "quicktest-orchestrator" / "pipeline" / "quick_test.json"


def page() -> Path:
    return REPOSITORY / "services" / "web" / "dist"


def layout_from_environment() -> Layout:
    """TOWERLAB_STATE and TOWERLAB_PORT, or their defaults. Raises LayoutError."""
    port_text = os.environ.get("TOWERLAB_PORT", "8080")
    if not port_text.isdecimal() or not 1024 <= int(port_text) <= 65000:
        raise LayoutError(f"TOWERLAB_PORT is {port_text!r}; give a number from 1024 to 65000")
    state = Path(os.environ.get("TOWERLAB_STATE") or REPOSITORY / ".towerlab").expanduser().resolve()
    if state.exists() and not state.is_dir():
        raise LayoutError(f"TOWERLAB_STATE is {state}, which is not a folder; name a folder")
    if len(str(state / "supervisor.sock")) > 100:
        raise LayoutError(
            f"TOWERLAB_STATE is {state}: too long a path for a control socket; choose one under 85 characters"
        )
    return Layout(state=state, port=int(port_text), log=os.environ.get("TOWERLAB_LOG", "json"))
